"""The product as users run it: real processes, real servers, real files."""
