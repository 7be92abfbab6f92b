"""The edge: the only importer of dagster."""
