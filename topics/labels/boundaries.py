"""The boundary decisions that bind when dumps are cut: a label folder in, what holds in each dump out.

Label files are mostly topic decisions, which cutting has no use for. So only lines that spell ``"boundary"`` are
parsed, and those that take decisions back: a folder without any costs as much as reading its bytes.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from pathlib import Path

from topics.errors import LabelError
from topics.labels.matching import settle_boundaries
from topics.labels.store import OnProblem, find_label_files, read_decisions

__all__ = ["PROJECT_LABELS", "Decided", "digest_decided", "read_boundaries", "read_project_boundaries"]

Decided = Mapping[str, Mapping[int, bool]]  # dump digest to offset to whether a piece starts there

PROJECT_LABELS = Path("labels")  # below the working directory, as models/ is

_remembered: tuple[object, Decided] = (None, {})


def read_boundaries(folder: Path, on_problem: OnProblem | None = None) -> Decided:
    """What the label files of a folder decide of each dump; offsets in the order in which they were decided.

    A boundary decision that cannot be used goes to ``on_problem`` and is left out; without ``on_problem`` it is
    raised, as a folder that is not there is in any case.
    """
    if not folder.is_dir():
        raise LabelError(f"{folder}: no such label folder. Check the path, or leave --labels out.")
    return settle_boundaries(read_decisions([folder], on_problem=on_problem, holding=(b'"boundary"', b'"undo"')))


def read_project_boundaries() -> Decided:
    """The decisions in ``labels/`` here, where there is one; files are read again only after they changed."""
    global _remembered
    if not PROJECT_LABELS.is_dir():
        return {}
    found = [(file, file.stat()) for file in find_label_files(PROJECT_LABELS.absolute())]
    stamp = [(file, facts.st_mtime_ns, facts.st_size) for file, facts in found]
    if stamp != _remembered[0]:
        _remembered = (stamp, read_boundaries(PROJECT_LABELS))
    return _remembered[1]


def digest_decided(decided: Decided) -> str | None:
    """SHA-256 of what binds, for the manifest of a run; ``None`` where nothing does."""
    if not decided:
        return None
    lines = (f"{dump} {at} {int(starts)}\n" for dump in sorted(decided) for at, starts in decided[dump].items())
    return hashlib.sha256("".join(lines).encode()).hexdigest()
