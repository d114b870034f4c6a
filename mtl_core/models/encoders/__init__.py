"""Encoders trained from scratch: an embedding and a row of blocks. One file each.

To add one: a config class in `config/encoder.py`, a file here, a line in `models/sources.py`.
"""

from .average import AverageEncoder
from .bilstm import BiLSTMEncoder
from .cnn import CNNEncoder
from .transformer import TransformerEncoder

__all__ = ["AverageEncoder", "BiLSTMEncoder", "CNNEncoder", "TransformerEncoder"]
