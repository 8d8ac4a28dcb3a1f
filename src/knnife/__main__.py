"""`python -m knnife`: the command line."""

from knnife.interfaces.cli import main

main()
