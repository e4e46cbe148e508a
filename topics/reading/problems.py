"""What is said of an input that cannot be read.

A :class:`Problem` is data for the caller: where, a reason to count by, and the whole line to print.
Inside the package an :class:`Unreadable` is raised without a place; whoever knows the place turns it
into a problem, so decoders and decompressors need not know which file or record they are looking at.
"""

from __future__ import annotations

from dataclasses import dataclass

from topics.errors import DumpError

__all__ = ["DumpChanged", "Problem", "Unreadable", "printable"]


@dataclass(frozen=True, slots=True)
class Problem:
    """An input or a record that gave no dump.

    ``where`` is the path as given (``path:line`` in JSONL, ``path#record`` in other containers).
    ``reason`` is one of missing, no_permission, unreadable, no_readable_files, empty, binary, undecodable,
    corrupt, too_large, bad_json, no_text_field, unknown_format, own_output, results, changed. ``message`` is one
    line: what, where, the next move.
    """

    where: str
    reason: str
    message: str


class Unreadable(Exception):
    """A problem that has no place yet."""

    def __init__(self, reason: str, said: str) -> None:
        super().__init__(said)
        self.reason = reason
        self.said = said

    def at(self, where: str) -> Problem:
        """This problem, at its place."""
        where = printable(where)
        return Problem(where, self.reason, f"{where}: {printable(self.said)}")


class DumpChanged(DumpError):
    """A long text that is another, or gone, when it is read for the second time."""

    def __init__(self, where: str) -> None:
        said = "changed or went away while it was read. Read it again when nobody writes to it."
        self.problem = Unreadable("changed", said).at(where)
        super().__init__(self.problem.message)


def printable(text: str) -> str:
    """The text on one line and fit to be encoded: line breaks, control characters and the like are escaped."""
    if text.isprintable():
        return text
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode("ascii") for c in text)
