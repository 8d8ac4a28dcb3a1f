"""The parts of tools/duplicates.py."""
