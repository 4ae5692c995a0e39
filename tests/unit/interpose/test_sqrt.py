"""Square roots: a library's own vmsSqrt is replaced where the control says so, and only there."""

from __future__ import annotations

import subprocess

import pytest
from programs import Owned

WRONG = """
void vmsSqrt(int n, const float *a, float *r, long mode) { while (n--) r[n] = -1; }
void vmdSqrt(int n, const double *a, double *r, long mode) { while (n--) r[n] = -1; }
void roots(const float *a, float *r, const double *b, double *s) { vmsSqrt(3, a, r, 0); vmdSqrt(3, b, s, 0); }
"""
PROGRAM = """
import ctypes, sys
library = ctypes.CDLL(sys.argv[1])
single, double = (ctypes.c_float * 3)(4, 2, 0.25), (ctypes.c_double * 3)(4, 2, 0.25)
library.roots(single, single, double, double)
print(list(double), list(single))
"""


@pytest.mark.parametrize(
    ("exact", "told"),
    [
        (True, "[2.0, 1.4142135623730951, 0.5] [2.0, 1.4142135381698608, 0.5]\n"),
        (False, "[-1.0, -1.0, -1.0] [-1.0, -1.0, -1.0]\n"),
    ],
)
def test_square_roots(owned: Owned, exact: bool, told: str):
    source, library = owned.folder / "wrong.c", owned.folder / "wrong.so"
    source.write_text(WRONG)
    subprocess.run(["cc", "-shared", "-fPIC", "-o", library, source], check=True)
    if exact:
        owned.variables["ORCHESTRATOR_SQRT"] = "exact"
    assert owned.record(*owned.python(PROGRAM), str(library)).out == told
