"""The engine of the multi-task learning laboratory; it works without the browser too.

Layers, higher imports lower and never the reverse:
cli > analysis | predict > runs > training > balancing | models > data > config > errors.
"""

import os

__version__ = "0.1.0"

# Torch's threads wait for each other many times in every step. By default they wait spinning, and
# as soon as another program wants one of the cores a step takes many times as long (measured with a
# BiLSTM on two cores: 0.4 instead of 30 steps a second). Small encoders train on one thread; where
# several are used, they wait without spinning. The setting is read when torch is loaded.
os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
