"""The compiled part of knnife. All else stands in pyproject.toml.

One file of C against Python's stable interface, so that one wheel per platform serves every Python from 3.11 on
(tagged cp311-abi3). It is optional: without a compiler the installation goes through, and the plain way serves.
"""

from __future__ import annotations

import sys
import sysconfig

from setuptools import Extension, setup

OLDEST = (3, 11)
STABLE = not sysconfig.get_config_var("Py_GIL_DISABLED")  # Python without the GIL has no stable interface yet
CAREFUL = ["-O3", "-ffp-contract=off"]  # no fused products: every processor gives the same bits

kernels = Extension(
    "knnife._kernels",
    ["src/knnife/_kernels.c"],
    define_macros=[("Py_LIMITED_API", f"0x{OLDEST[0]:02X}{OLDEST[1]:02X}0000")] if STABLE else [],
    extra_compile_args=["/O2", "/fp:precise"] if sys.platform == "win32" else CAREFUL,
    py_limited_api=STABLE,
    optional=True,
)
tag = {"bdist_wheel": {"py_limited_api": "cp{}{}".format(*OLDEST)}} if STABLE else {}

setup(ext_modules=[kernels], options=tag)
