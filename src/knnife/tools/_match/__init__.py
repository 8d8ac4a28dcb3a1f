"""The parts of match."""
