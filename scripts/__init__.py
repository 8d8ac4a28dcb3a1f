"""How the models that ship are made. Run from the root of the repository: python -m scripts.distill."""
