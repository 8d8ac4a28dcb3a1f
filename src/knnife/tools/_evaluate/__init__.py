"""What `evaluate` is made of: labels are read and trials planned, candidates go through them, a verdict is drawn."""
