"""What the benchmark scripts share: where the corpora stand, dumps read from a folder, tables, the machine.

Tables are Markdown, so that they can be put into docs/ as they are printed. Figures go to stdout, progress to
stderr.
"""

from __future__ import annotations

import argparse
import os
import platform
import sys
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path

from topics.errors import TopicsError
from topics.records import Dump

# for scripts that import NumPy after this: idle threads of its products wait in a loop, and their time would count
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
# commands are timed as they start where they are installed: with their modules compiled, and not each time anew
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)

__all__ = ["ROOT", "describe_run", "new_parser", "print_table", "read_text_dumps", "run_script", "say"]

ROOT = Path(__file__).resolve().parent.parent


def new_parser(text: str) -> argparse.ArgumentParser:
    """A parser with the argument that most scripts have: the folder with ``data/``, ``seeds/`` and ``gold/``."""
    parser = argparse.ArgumentParser(description=text.split("\n")[0])
    parser.add_argument(
        "shared", nargs="?", type=Path, default=ROOT.parent / "shared", help="folder of the corpora (../shared)"
    )
    return parser


def run_script(main: Callable[[argparse.Namespace], None], arguments: argparse.Namespace) -> None:
    """Call ``main``, matrix products on one thread as the command line has them; what a user can mend becomes one line
    on stderr and exit code 1."""
    from threadpoolctl import threadpool_limits

    try:
        if "shared" in arguments and not arguments.shared.is_dir():
            raise TopicsError(f"{arguments.shared}: no such folder. Name the one that holds data/, seeds/ and gold/.")
        with threadpool_limits(limits=1):
            main(arguments)
    except TopicsError as error:
        raise SystemExit(str(error)) from None


def read_text_dumps(folder: Path) -> list[Dump]:
    """The dumps of a folder, in order of name, as the command line reads them."""
    from topics.reading import read_dumps

    return list(read_dumps([str(folder)]))


def print_table(title: str, headers: Sequence[str], rows: Sequence[Sequence[str]], note: str = "") -> None:
    """One Markdown table under its title; all columns but the first are set to the right."""
    cells = [list(headers), *map(list, rows)]
    widths = [max(len(row[column]) for row in cells) for column in range(len(headers))]

    def line(row: Sequence[str]) -> str:
        padded = (
            cell.rjust(width) if column else cell.ljust(width)
            for column, (cell, width) in enumerate(zip(row, widths, strict=True))
        )
        return f"| {' | '.join(padded)} |"

    rule = [":" + "-" * max(2, w - 1) if not k else "-" * max(2, w - 1) + ":" for k, w in enumerate(widths)]
    print(f"\n{title}\n", line(headers), f"|{'|'.join(f' {r} ' for r in rule)}|", sep="\n")
    for row in rows:
        print(line(row))
    if note:
        print(f"\n{note}")
    sys.stdout.flush()


def describe_run() -> dict[str, str | int]:
    """The machine, the versions and the day: without them a time means nothing."""
    import numpy as np

    return {
        "date": f"{datetime.now(UTC):%Y-%m-%d}",
        "python": platform.python_version(),
        "numpy": np.__version__,
        "system": f"{platform.system()} {platform.machine()}",
        "processor": _read_processor(),
        "cpus": os.cpu_count() or 0,
    }


def say(message: str) -> None:
    """Progress, for whoever waits."""
    print(message, file=sys.stderr, flush=True)


def _read_processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text("utf-8").splitlines()
    except OSError:
        return platform.processor() or "unknown"
    return next((line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")), "unknown")
