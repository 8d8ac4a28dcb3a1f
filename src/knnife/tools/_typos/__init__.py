"""The parts of typos."""
