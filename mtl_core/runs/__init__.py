"""Runs as folders, and the background process that trains them."""
