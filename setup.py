"""The compiled part of knnife. All else stands in pyproject.toml.

Four files of C against Python's stable interface, so that one wheel per platform serves every Python from 3.11 on
(tagged cp311-abi3). They are optional: without a compiler the installation goes through, and the plain way serves.
"""

from __future__ import annotations

import sys
import sysconfig

from setuptools import Extension, setup

OLDEST = (3, 11)
STABLE = not sysconfig.get_config_var("Py_GIL_DISABLED")  # Python without the GIL has no stable interface yet
WINDOWS = sys.platform == "win32"
CAREFUL = ["/O2", "/fp:precise"] if WINDOWS else ["-O3", "-ffp-contract=off"]  # every processor gives the same bits
FAST = ["/O2"] if WINDOWS else ["-O3", "-ffp-contract=fast", "-fno-math-errno", "-fno-trapping-math", "-Wno-psabi"]


def compiled(name: str, flags: list[str], *headers: str) -> Extension:
    """One file of C, with what it includes."""
    return Extension(
        f"knnife.{name}",
        [f"src/knnife/{name}.c"],
        depends=[f"src/knnife/{header}" for header in headers],
        define_macros=[("Py_LIMITED_API", f"0x{OLDEST[0]:02X}{OLDEST[1]:02X}0000")] if STABLE else [],
        extra_compile_args=flags,
        py_limited_api=STABLE,
        optional=True,
    )


MINILM = [f"_minilm_{part}.h" for part in ("layers", "plain", "avx2", "avx512", "neon")]
extensions = [
    compiled("_kernels", CAREFUL),
    compiled("_minilm", CAREFUL, *MINILM),
    compiled("_word2vec", FAST, "_word2vec_steps.h"),
    compiled("_taste", FAST),
]
tag = {"bdist_wheel": {"py_limited_api": "cp{}{}".format(*OLDEST)}} if STABLE else {}

setup(ext_modules=extensions, options=tag)
