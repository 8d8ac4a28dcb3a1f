"""The parts of distilling.py."""
