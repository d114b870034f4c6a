"""The engine of the multi-task learning laboratory; it works without the browser too.

Layers, higher imports lower and never the reverse:
cli > analysis | predict > runs > training > balancing | models > data > config > errors.
"""

__version__ = "0.1.0"
