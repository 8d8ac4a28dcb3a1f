"""Faces: finding them in a picture, bringing them upright, and what of them is learned without a model."""
