"""Rows to the files that trainers read."""
