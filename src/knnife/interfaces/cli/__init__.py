"""The command line: `knnife add | search | …`, one file a command, or a group of small ones.

app.py finds a command and turns every error into one line; tool_command.py makes one for a tool of another package;
shared.py holds what commands share; cells.py writes a row on a line, output.py rows as JSON, plain lines or a table;
table.py is what only a terminal sees, progress.py the bar; writers.py writes the files of an export.
"""

from __future__ import annotations

import _thread
import signal
import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sys import UnraisableHookArgs


def main() -> None:
    """The command `knnife`. Ctrl-C ends it in one line wherever it is, while it is still being imported too."""
    sys.unraisablehook = _unraised
    try:
        from knnife.interfaces.cli.app import run  # not before it is asked for: it imports click

        code = run(sys.argv[1:])
    except KeyboardInterrupt:  # where `run` has not begun, or is about to end
        sys.stderr.write("knnife: stopped\n")
        code = 130
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # what is left is to tidy up
    sys.exit(code)


def _unraised(args: UnraisableHookArgs) -> None:
    """Ctrl-C in the middle of what cannot raise, as when a module's lock is given back, comes again right after."""
    if issubclass(args.exc_type, KeyboardInterrupt):
        _thread.start_new_thread(_thread.interrupt_main, ())  # from here it would come at once, and be lost again
    else:
        sys.__unraisablehook__(args)
