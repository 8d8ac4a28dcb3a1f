"""The command line: `knnife add | search | …`, one file a command, or a group of small ones.

app.py finds a command and turns every error into one line; tool_command.py makes one for a tool of another package;
shared.py holds what commands share; cells.py writes a row on a line, output.py rows as JSON, plain lines or a table;
table.py is what only a terminal sees, progress.py the bar; writers.py writes the files of an export.
"""

from __future__ import annotations

import sys


def main() -> None:
    """The command `knnife`."""
    from knnife.interfaces.cli.app import run  # not before it is asked for: it imports click

    sys.exit(run(sys.argv[1:]))
