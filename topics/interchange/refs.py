"""The reference that a row carries through other tools: which segment it is, and what was said of it when it left.

One string without white space, so that it survives CSV cells, metadata that must be text, and tools that flatten what
they are given: ``topics:1:<dump digest>:<start>:<end>:<segment digest>:<kind>:<topic>:<also>:<name>``. Topics are
joined by commas, ``-`` is none, the name of the dump is percent-encoded and holds no colon. Where the topic is a
model's and a label said something of the piece by then, ``:<kind>:<topic>:<also>`` of the label follow.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote, unquote

from topics.records import KINDS, Kind

__all__ = ["REF", "Ref", "State", "parse_ref"]

REF = "topics_ref"  # the name of the field
_DIGEST = "[0-9a-f]{64}"
_SPELLED = re.compile(
    rf"topics:1:(?P<dump>{_DIGEST}):(?P<start>\d+):(?P<end>\d+):(?P<segment>{_DIGEST}):(?P<kind>[a-z]+)"
    r":(?P<topic>[^:,\s]+):(?P<also>[^:\s]+):(?P<name>[^:\s]*)"
    r"(?::(?P<label_kind>[a-z]+):(?P<label_topic>[^:,\s]+):(?P<label_also>[^:\s]+))?"
)
_NONE = "-"


@dataclass(frozen=True, slots=True)
class State:
    """What is said of a piece."""

    topic: str | None
    also: tuple[str, ...]
    kind: Kind

    def __str__(self) -> str:
        if self.kind == "boilerplate":
            return "boilerplate"
        also = f" (also {', '.join(self.also)})" if self.also else ""
        return (self.topic or "no topic") + also


@dataclass(frozen=True, slots=True)
class Ref:
    """A segment by digests and place, with the topic, secondary topics and kind it had when it was written out.

    ``label`` is what the labels said of it by then, where the topic is a model's; ``None``: nothing that is known.
    """

    dump: str
    start: int
    end: int
    segment: str
    kind: Kind
    topic: str | None
    also: tuple[str, ...] = ()
    name: str = ""
    label: State | None = None

    def __str__(self) -> str:
        name = quote(self.name, safe="/", errors="surrogatepass")
        place = f"{self.dump}:{self.start}:{self.end}:{self.segment}"
        label = f":{_spell(self.label.kind, self.label.topic, self.label.also)}" if self.label is not None else ""
        return f"topics:1:{place}:{_spell(self.kind, self.topic, self.also)}:{name}{label}"


def parse_ref(text: object) -> Ref | None:
    """The reference that a string spells; ``None`` for anything else.

    >>> parse_ref("row 7") is None
    True
    """
    match = _SPELLED.fullmatch(text.strip()) if isinstance(text, str) else None
    if match is None or match["kind"] not in KINDS or match["label_kind"] not in (*KINDS, None):
        return None
    said = _read_state(match["kind"], match["topic"], match["also"])
    label = None
    if match["label_kind"] is not None:
        label = _read_state(match["label_kind"], match["label_topic"], match["label_also"])
    return Ref(
        match["dump"],
        int(match["start"]),
        int(match["end"]),
        match["segment"],
        said.kind,
        said.topic,
        said.also,
        unquote(match["name"], errors="surrogatepass"),
        label,
    )


def _spell(kind: Kind, topic: str | None, also: tuple[str, ...]) -> str:
    return f"{kind}:{topic or _NONE}:{','.join(also) or _NONE}"


def _read_state(kind: Any, topic: str, also: str) -> State:
    return State(None if topic == _NONE else topic, () if also == _NONE else tuple(also.split(",")), kind)
