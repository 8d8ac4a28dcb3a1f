"""Parts of `knnife.encoders.adapted`: examples of what belongs together, and learning from them."""
