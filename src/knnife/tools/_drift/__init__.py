"""The parts of `drift` and of `DriftMonitor`."""
