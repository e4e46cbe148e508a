"""A child process that kills itself, as ``kill -9`` would, in the middle of its nth write to the disk."""

from __future__ import annotations

import signal
import subprocess
import sys
from pathlib import Path

import pytest

__all__ = ["can_kill", "run_until_write"]

can_kill = pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="no kill -9 on this system")

_WATCH = """
import os, signal, sys
sys.path.insert(0, sys.argv[1])
stop = int(sys.argv[2])
calls = 0
real = {name: getattr(os, name) for name in ("write", "replace", "fsync")}

def watch(name):
    def call(*args, **more):
        global calls
        calls += 1
        if calls == stop:
            if name == "write":
                real["write"](args[0], args[1][: len(args[1]) // 2])  # half of it reaches the file
            os.kill(os.getpid(), signal.SIGKILL)
        return real[name](*args, **more)
    return call

for name in real:
    setattr(os, name, watch(name))
sys.argv[:] = sys.argv[2:]
"""


def run_until_write(code: str, stop: int, *arguments: str) -> int:
    """Run Python code (``sys.argv[1:]`` are the arguments) that is killed in its ``stop``-th write, replace or fsync.

    With 0 it runs to its end; the number of such calls comes back.
    """
    script = f"{_WATCH}\n{code}\nprint(calls)"
    words = [sys.executable, "-c", script, str(Path(__file__).parent), str(stop), *arguments]
    done = subprocess.run(words, capture_output=True, text=True)
    assert done.returncode == (0 if stop == 0 else -signal.SIGKILL), done.stderr
    return int(done.stdout or 0)
