"""The parts of tools/evaluate_words.py."""
