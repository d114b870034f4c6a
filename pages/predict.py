"""Predict: type a sentence; every task of the chosen run answers while you type."""

from pages._prediction import ask_and_answer, choose_model
from pages._ui import page_head

page_head("Predict", "Type a sentence. Every task answers at once, while you type.")
asked = choose_model()
if asked:
    ask_and_answer(asked)
