"""Second readings: who read a segment again, without knowing what was said of it, and what that person said.

They stand in ``second/`` below the label folder, in the same lines as first readings. Label files are looked for in
the folder alone and not below it, so nothing learns from them or is bound by them.
"""

from __future__ import annotations

from pathlib import Path

from topics.labels.entries import find_label_files

__all__ = ["SECOND", "find_second_files"]

SECOND = "second"


def find_second_files(labels: Path) -> list[Path]:
    """The files of second readings of a label folder, by name."""
    return find_label_files(labels / SECOND)
