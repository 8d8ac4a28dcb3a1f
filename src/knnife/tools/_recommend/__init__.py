"""Parts of `knnife.recommend`."""
