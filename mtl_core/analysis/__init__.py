"""Runs become tidy tables, tables become figures. Torch-free: the pages live on it."""
