"""`knnife verify`: do pictures show the same, and by which points?"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

import knnife
from knnife.interfaces.cli import output, shared
from knnife.interfaces.cli.progress import progress_bar
from knnife.output_kinds import PAGE

if TYPE_CHECKING:
    from knnife.tools.verify import Verified

COLUMNS = {
    "id": "candidate",
    "same": "same",
    "copy": "copy",
    "evidence": "evidence",
    "points": "points",
    "agreement": "alike",
}
EXAMPLES = """
knnife verify photos/beach.jpg photos/copies/beach-small.jpg
knnife verify photos/beach.jpg photos --show points.html
knnife verify photos/lake.jpg photos/copies/lake-mirrored.jpg --mirrored --json
"""


@shared.json_command(EXAMPLES)
@click.argument("picture", type=shared.FILE, metavar="PICTURE")
@click.argument("candidates", type=shared.valid_text, nargs=-1, required=True, metavar="CANDIDATE...")
@click.option("--mirrored", is_flag=True, help="Those that show it as in a mirror, too.")
@click.option("-k", type=click.IntRange(min=1), help="Nearest things of a space to compare; 20 by default.")
@shared.output_option("--show", kind=PAGE, metavar="FILE.html", help="A page with lines between the points that agree.")
@click.option("--only-same", is_flag=True, help="Leave out those that show something else.")
def command(
    picture: str, candidates: tuple[str, ...], mirrored: bool, k: int | None, show: str | None, only_same: bool,
    as_json: bool,
) -> None:  # fmt: skip
    """Which pictures show the same object or scene?

    CANDIDATEs are pictures, folders, patterns or archives of them, or one space. A copy is one picture made from
    the other: cropped, resized, darker. Evidence of 3 says that one of a thousand (10^3) other pictures would agree
    as well by chance.
    """
    with progress_bar(f"comparing {picture}") as report:
        found = _verified(picture, candidates, {"mirrored": mirrored, "progress": report}, k)
    shown = found.show(show) if show else 0
    rows = (row for row in found.rows() if row["same"] or not only_same)
    output.write_rows(rows, COLUMNS, as_json)
    if show and not as_json:
        output.note(f"{shown:,} of {len(found):,} show the same; see {show}")


def _verified(picture: str, candidates: tuple[str, ...], options: dict[str, Any], k: int | None) -> Verified:
    spaces = [name for name in candidates if shared.is_space(name)]
    if spaces and len(candidates) > 1:
        raise click.UsageError(f"{spaces[0]} is a space, and stands alone; got {len(candidates)} candidates")
    if not spaces:
        if k is not None:
            raise click.UsageError("-k says how many of the nearest in a space are compared, and there is none")
        things = [thing for name in candidates for thing in knnife.read(name, pictures=True)]
        return knnife.verify(picture, things, **options)
    with shared.open_to_ask(spaces[0]) as space:
        return knnife.verify(picture, space, k=k or 20, **options)
