"""Pieces as lines, each line with what it is, and dumps joined from them with their true starts known."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from topics.segmentation.training.corpora import BODY, FURNITURE, TITLE, Page

__all__ = ["MixedDump", "Origin", "Piece", "excerpt", "join_pieces", "role_of"]


@dataclass(frozen=True, slots=True)
class Origin:
    """Where a piece was taken from: its outlet, and what tells its article or page from the others of that outlet."""

    outlet: str
    article: str


@dataclass(frozen=True, slots=True)
class MixedDump:
    """A text and where its pieces start.

    ``starts`` are offsets of headline, kicker or standfirst, else byline or lead caption, else first body paragraph;
    the first is 0. ``leads`` holds, for each piece, the offset of its first body paragraph; ``tails`` where its
    trailing furniture begins, or else the next piece. ``lines`` are the offsets of all lines, ``roles`` what each of
    them is. ``origins`` holds what is known of where each piece is from.
    """

    text: str
    starts: tuple[int, ...]
    leads: tuple[int, ...]
    tails: tuple[int, ...]
    lines: tuple[int, ...] = ()
    roles: tuple[int, ...] = ()
    origins: tuple[Origin | None, ...] = ()


@dataclass(slots=True)
class Piece:
    """The lines of one published piece and what each is; ``start`` is the line that it starts at, those above it being
    the page's."""

    lines: list[str]
    roles: list[int]
    start: int = 0
    origin: Origin | None = None

    @property
    def lead(self) -> int:
        """The first body line, or the start of a piece that has none."""
        bodies = (i for i in range(self.start, len(self.roles)) if self.roles[i] not in (FURNITURE, TITLE))
        return next(bodies, self.start)

    @property
    def tail(self) -> int:
        """The line behind the last one that is not furniture."""
        return next((i + 1 for i in reversed(range(len(self.roles))) if self.roles[i] != FURNITURE), len(self.roles))


# what articles of the corpora still hold of their pages
_LEFT_OVER: Final = re.compile(
    r"(?:advertisement|story continues|article continues|related(?: stories)?:|read more|read also|also read|"
    r"click (?:here|to|the)|sign up|subscribe|watch(?: the video)?:|more:|see also|see more|follow .{3,40} on (?:"
    r"twitter|facebook)|scroll (?:down )?(?:for|to)|continue reading|share this|recommended stories|list of \d|"
    r"image (?:copyright|caption|source|credit)|media caption|cover image|enlarge this image|(?:toggle|hide) caption|"
    r"getty images|photo ?:|photograph:|photo by|image:|copyright|©|all rights reserved|(?:last )?updated (?:at|on) |"
    r"updated? ?:|listen ?·|urgent:|vote now|hear(?: more)? (?:the|this)|newsletter|download the|get the .{2,30}(?:"
    r"brief|newsletter|app)|choose your country|leave this field|"
    r"this (?:story|article|report) (?:was|contains|is part))|"
    r".{0,80}\b(?:toggle caption|do you approve or disapprove)\b",
    re.IGNORECASE,
)
_LEFT_OVER_WORDS: Final = 25


def role_of(line: str) -> int:
    """A body line, unless it is plainly a remnant of the page."""
    return FURNITURE if _LEFT_OVER.match(line) and line.count(" ") < _LEFT_OVER_WORDS else BODY


def excerpt(page: Page, chosen: Sequence[int]) -> Piece:
    """Some lines of a page; the piece starts at the headline, else at the first body line."""
    at = next((k for k, i in enumerate(chosen) if i >= page.start), 0)
    origin = Origin(page.outlet, page.lines[page.start])
    return Piece([page.lines[i] for i in chosen], [page.labels[i] for i in chosen], at, origin)


def join_pieces(
    pieces: Sequence[Piece], joint: str, between: str | None = None, is_flat: Sequence[bool] | None = None
) -> MixedDump:
    """``joint`` parts the lines of a piece unless it is flat, ``between`` (else ``joint``) parts the pieces."""
    parts: list[str] = []
    lines: list[int] = []
    roles: list[int] = []
    starts: list[int] = []
    leads: list[int] = []
    tails: list[int] = []
    at = 0
    for k, piece in enumerate(pieces):
        inner = " " if is_flat is not None and is_flat[k] else joint
        offsets = []
        for i, line in enumerate(piece.lines):
            offsets.append(at)
            end = inner if i + 1 < len(piece.lines) else joint if between is None else between
            parts += (line, end)
            at += len(line) + len(end)
        starts.append(offsets[piece.start] if starts else 0)
        leads.append(offsets[piece.lead])
        tails.append(offsets[piece.tail] if piece.tail < len(offsets) else at)
        lines += offsets
        roles += piece.roles
    origins = tuple(piece.origin for piece in pieces)
    return MixedDump("".join(parts), tuple(starts), tuple(leads), tuple(tails), tuple(lines), tuple(roles), origins)
