"""Measurements: each file is one command that prints a table; none belongs to the default tests."""
