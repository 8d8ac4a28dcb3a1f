"""The store in memory: dictionaries and plain NumPy. Slow and obvious, it is the oracle of the others."""
