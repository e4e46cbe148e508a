"""Code in a process whose linear algebra has so many threads."""

from __future__ import annotations

import os
import subprocess
import sys


def with_threads(n: int, code: str) -> str:
    """What the code prints."""
    given = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), str(n))
    done = subprocess.run(
        [sys.executable, "-c", code], env={**os.environ, **given}, capture_output=True, text=True, check=True
    )
    return done.stdout
