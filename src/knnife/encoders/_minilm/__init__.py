"""A small BERT in whole numbers: its weights in one file, its network in C (`_minilm.c`) and in NumPy (`twin.py`)."""
