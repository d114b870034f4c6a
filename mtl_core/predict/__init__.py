"""A saved run and a typed text: the answer of every task.

from mtl_core.predict.answering import Answerer      in this process (loads torch)
from mtl_core.predict.service import Predictor       in a process of its own (torch-free here)
"""
