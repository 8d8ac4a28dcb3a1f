"""The parts of verify."""
