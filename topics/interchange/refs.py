"""The reference that a row carries through other tools: which segment it is, and what was said of it when it left.

One string without white space, so that it survives CSV cells, metadata that must be text, and tools that flatten what
they are given: ``topics:1:<dump digest>:<start>:<end>:<segment digest>:<kind>:<topic>:<also>:<name>``. Topics are
joined by commas, ``-`` is none, the name of the dump is percent-encoded and holds no colon.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from urllib.parse import quote, unquote

from topics.records import KINDS, Kind

__all__ = ["REF", "Ref", "parse_ref"]

REF = "topics_ref"  # the name of the field
_DIGEST = "[0-9a-f]{64}"
_SPELLED = re.compile(
    rf"topics:1:(?P<dump>{_DIGEST}):(?P<start>\d+):(?P<end>\d+):(?P<segment>{_DIGEST}):(?P<kind>[a-z]+)"
    r":(?P<topic>[^:,\s]+):(?P<also>[^:\s]+):(?P<name>[^:\s]*)"
)
_NONE = "-"


@dataclass(frozen=True, slots=True)
class Ref:
    """A segment by digests and place, with the topic, secondary topics and kind it had when it was written out."""

    dump: str
    start: int
    end: int
    segment: str
    kind: Kind
    topic: str | None
    also: tuple[str, ...] = ()
    name: str = ""

    def __str__(self) -> str:
        also = ",".join(self.also) or _NONE
        name = quote(self.name, safe="/", errors="surrogatepass")
        place = f"{self.dump}:{self.start}:{self.end}:{self.segment}"
        return f"topics:1:{place}:{self.kind}:{self.topic or _NONE}:{also}:{name}"


def parse_ref(text: object) -> Ref | None:
    """The reference that a string spells; ``None`` for anything else.

    >>> parse_ref("row 7") is None
    True
    """
    match = _SPELLED.fullmatch(text.strip()) if isinstance(text, str) else None
    if match is None or match["kind"] not in KINDS:
        return None
    kind: Kind = match["kind"]
    return Ref(
        match["dump"],
        int(match["start"]),
        int(match["end"]),
        match["segment"],
        kind,
        None if match["topic"] == _NONE else match["topic"],
        () if match["also"] == _NONE else tuple(match["also"].split(",")),
        unquote(match["name"], errors="surrogatepass"),
    )
