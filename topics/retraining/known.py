"""What a model learned from which label, so that it is never measured on what it knows.

A bundle says so itself (``learned.json``). One that does not, of an earlier version of ``topics``, names the SHA-256
of each label file it was trained on. Label files are only ever appended to, so the lines it was trained on are those at
the start of the file of that name whose digest this is. Where no such start is found the file was rewritten since;
then all that it says counts as known, which can only hide a gain and never make one up.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from topics.errors import LabelError
from topics.labels.decisions import BoundaryDecision, TopicDecision, from_json
from topics.labels.matching import settle_boundaries, settle_topics
from topics.labels.store import Decisions, Entry

if TYPE_CHECKING:
    from topics.bundle import Model

__all__ = ["Known", "KnownTopic", "find_known"]

KEY_DIGITS = 16  # of a digest, in learned.json


@dataclass(frozen=True, slots=True)
class KnownTopic:
    """What a model was told of one piece."""

    topic: str | None
    also: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Known:
    """Pieces and boundaries that a model was told about, by the first digits of segment and dump digests.

    ``n_pieces`` is how many it was trained on: more than are listed where some of its label files are not here.
    ``notes`` say what had to be assumed.
    """

    pieces: Mapping[str, KnownTopic]
    boundaries: Mapping[str, Mapping[int, bool]] = field(default_factory=dict)
    n_pieces: int = 0
    notes: tuple[str, ...] = ()

    def topic_of(self, segment: str) -> KnownTopic | None:
        """What it was told of a segment, by its digest; ``None`` where nothing."""
        return self.pieces.get(segment[:KEY_DIGITS])

    def boundaries_of(self, dump: str) -> Mapping[int, bool]:
        """What it was told of a dump's boundaries, by the dump's digest."""
        return self.boundaries.get(dump[:KEY_DIGITS], {})


def find_known(model: Model, files: Sequence[Path]) -> Known:
    """What a model was told, by its own word or by today's label files."""
    from topics.bundle import load_learned

    learned = load_learned(model)
    if learned is not None:
        return _from_bundle(learned)
    return _from_files(model.manifest, {file.name: file for file in files})


def _from_bundle(learned: Mapping[str, Any]) -> Known:
    pieces = {}
    for key, told in learned["pieces"].items():
        topic, *also = told.split(" ")
        pieces[key] = KnownTopic(None if topic == "-" else topic, tuple(also))
    boundaries = {
        key: {int(at): bool(starts) for at, starts in offsets.items()} for key, offsets in learned["boundaries"].items()
    }
    return Known(pieces, boundaries, len(pieces))


def _from_files(manifest: Mapping[str, Any], files: Mapping[str, Path]) -> Known:
    topics: list[Entry[TopicDecision]] = []
    boundaries: list[Entry[BoundaryDecision]] = []
    notes = []
    for name, digest in sorted(manifest.get("labels", {}).items()):
        if name not in files:
            notes.append(f"{name}, which it was trained on, is not here")
            continue
        content, exact = _find_start(files[name].read_bytes(), digest)
        if not exact:
            notes.append(f"{name} was rewritten since: all of it counts as known to the model in use")
        for number, line in enumerate(content.split(b"\n"), 1):
            try:
                decision = from_json(line.decode(), name) if line.strip() else None
            except (LabelError, UnicodeDecodeError):
                continue  # training reports it
            rank = len(topics) + len(boundaries)
            if isinstance(decision, TopicDecision):
                topics.append(Entry(decision, name, number, rank))
            elif isinstance(decision, BoundaryDecision):
                boundaries.append(Entry(decision, name, number, rank))
    told = {
        entry.decision.segment[:KEY_DIGITS]: KnownTopic(entry.decision.topic, entry.decision.also)
        for entry in settle_topics(topics)
        if entry.decision.kind != "boilerplate"
    }
    refined = "refined" in manifest.get("segmentation", {})
    settled = settle_boundaries(Decisions((), tuple(boundaries))) if refined else {}
    n_pieces = manifest.get("trained_on", {}).get("pieces", len(told))
    by_dump = {digest[:KEY_DIGITS]: offsets for digest, offsets in settled.items()}
    return Known(told, by_dump, n_pieces, tuple(notes))


def _find_start(content: bytes, digest: str) -> tuple[bytes, bool]:
    """The lines at the start of a file whose SHA-256 this is; all of it, and ``False``, where there are none."""
    running = hashlib.sha256()
    at = 0
    while True:
        if running.hexdigest() == digest:
            return content[:at], True
        if at == len(content):
            return content, False
        end = content.find(b"\n", at) + 1 or len(content)
        running.update(content[at:end])
        at = end
