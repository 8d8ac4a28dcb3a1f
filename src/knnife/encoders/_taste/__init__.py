"""The parts of `Taste`: one method of learning from interactions a file."""
