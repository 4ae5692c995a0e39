"""`make soak`: every failpoint, every time it is come by, killed and broken; power cuts; many at once. Prints counts.

The parts are pytest's, with ``--soak``: nothing is sampled then.
"""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

if __name__ == "__main__":
    sys.exit(pytest.main(["--soak", "-q", str(Path(__file__).parent), *sys.argv[1:]]))
