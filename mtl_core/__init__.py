"""The engine of the multi-task learning laboratory; it works without the browser too.

Layers, higher imports lower and never the reverse:
cli > analysis | predict > runs > training > balancing | models > data > config > errors.
"""

import os

__version__ = "0.1.0"

# Torch's threads wait for each other many times in every step. By default they wait spinning, and
# as soon as another program wants one of the cores a step takes fifty times as long (measured on
# two cores: 0.4 instead of 30 steps a second). The setting is read when torch is loaded.
os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
