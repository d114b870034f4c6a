"""The engine behind the sample corpora; the languages themselves are the text files in en/ and zh/.

A grammar is words with their tags, named lists ("symbols") to choose from, and templates. How to
write one is told in `reading.py` (files) and `syntax.py` (what a template may contain).
"""
