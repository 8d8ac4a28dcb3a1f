r"""Names of files that are no UTF-8, as text: `caf\xe9.jpg`, with a backslash for each byte that means nothing.

Python carries such bytes as half characters, which no text can hold: neither an id, nor a message, nor a line on a
terminal. Escaped, a name can be stored and shown, and still leads to its file.
"""

from __future__ import annotations

import os
import re
from typing import Final

_ESCAPED: Final = re.compile(r"\\x([89a-f][0-9a-f])")


def escaped(name: str) -> str:
    """A name as Python has it from the system, as text."""
    return name if name.isascii() else os.fsencode(name).decode("utf-8", "backslashreplace")


def real(name: str) -> str:
    """The name under which a file lies that is called so: the same, but for an escaped one that is not there."""
    if "\\x" not in name or os.path.lexists(name):
        return name
    meant = _ESCAPED.sub(lambda found: chr(0xDC00 + int(found[1], 16)), name)
    return meant if os.path.lexists(meant) else name
