"""The edge: everything that is Dagster. The core below never heard of it."""
