"""The parts of tools/evaluate_recommend.py."""
