"""Pictures by what they look like from afar, to find copies that were saved again, resized, cropped or captioned.

Nothing is learned and no model is needed: a vector is what `_pictures/cells.py` sees in a picture. It says little of
what is shown; for "the same object or scene" there are other encoders.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

import numpy as np

from knnife.encoders._pictures import cells
from knnife.geometry import Vectors, as_vectors
from knnife.things.pixels import each_picture

LEAST: Final = 2 * cells.SIDE  # pixels of the shorter side that are decoded: twice what is looked at


class CopyEncoder:
    """A near-duplicate descriptor of pictures: 578 components, compared by the cosine.

    It keeps close what is the same picture with other compression, size, brightness or colours, with a caption, with a
    tenth cropped away, or turned by a few degrees; with `variants` also what is mirrored or turned by quarters.
    """

    name = "copies"
    dim = cells.DIM
    kind = "image"
    metric = "cosine"
    cheap = True
    fingerprint = "copies-1"

    def encode(self, values: Sequence[Any]) -> Vectors:
        """The vectors of pictures, paths or bytes: float32 `(n, 578)` of length 1.

        Raises BadPictures, naming all that cannot be read, and MissingPackage where Pillow is not installed.
        """
        found = each_picture(values, cells.described, least=LEAST) if len(values) else []
        return np.array(found, np.float32).reshape(-1, self.dim)

    def variants(self, vectors: Vectors) -> Vectors:
        """The vectors that the same pictures would have if they were turned and mirrored: `(8, n, 578)`.

        0: as they are. 1, 2, 3: turned counter-clockwise by 90, 180, 270 degrees. 4 to 7: the same after they were
        mirrored left to right. Nothing is decoded: the components are put into another order.

        Raises BadInput where these are no vectors of this encoder.
        """
        return np.ascontiguousarray(np.moveaxis(as_vectors(vectors, self.dim)[:, cells.VARIANTS], 1, 0))
