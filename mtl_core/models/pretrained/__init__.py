"""Pretrained encoders: published models by block.

To add a family: an adapter in `families.py` with a line in its table, and the family's name in
`config/model_files.py`.
"""
