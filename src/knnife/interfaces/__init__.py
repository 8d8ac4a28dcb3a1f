"""Ways to ask: the command line."""
