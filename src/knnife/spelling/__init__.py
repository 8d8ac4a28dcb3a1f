"""What a misspelled word was meant to be: candidates from the words that are right, ranked by how people misspell."""
