"""Batches to a data set: gathered, reviewed, split, written in the forms that trainers read, and told about."""
