"""Prodigy, the choice interface and binary text classification: JSONL.

Out go ``text``, ``options`` (a topic each), and ``accept`` with what is said already; ``answer`` only where a person
said it. Back come ``accept`` and ``answer`` (accept, reject, ignore), or one ``label`` and an answer, as
``textcat.teach`` saves them. A rejected label says what the piece is not about, and that is no topic: it is counted and
not applied. Prodigy keeps fields that it does not know, ``topics_ref`` among them, and shows ``meta``.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

from topics.errors import LabelError
from topics.interchange.formats.records import as_line, as_topics, read_records
from topics.interchange.refs import REF, parse_ref
from topics.interchange.rows import Answer, Item, Outcome

NEEDS_TEXT = True
PERSONAL = True  # whether a labelled row is a person's act even where it says what was suggested


def write(items: Iterable[Item], slugs: Sequence[str]) -> Iterator[bytes]:
    options = [{"id": slug, "text": slug} for slug in slugs]
    for item in items:
        row: dict[str, Any] = {"text": item.text or "", "options": options, "accept": list(item.topics)}
        if item.decided:
            row["answer"] = "accept"
        elif item.guesses:
            row["score"] = item.guesses[0].score
        row["meta"] = {"title": item.title or "", "dump": item.ref.name}
        row[REF] = str(item.ref)
        yield as_line(row)


def read(path: Path) -> Iterator[Answer]:
    for place, row in read_records(path):
        if not isinstance(row.get("text"), str):
            raise LabelError(f'{place}: no "text". Write the dataset out with `prodigy db-out`.')
        outcome, topics = _judge(row, place)
        title = row.get("meta", {}).get("title") if isinstance(row.get("meta"), dict) else None
        at = row.get("_timestamp")
        yield Answer(
            place, outcome, topics, True, parse_ref(row.get(REF)), row["text"],
            by=row.get("_annotator_id") or None, at=_as_time(at), title=title or None,
        )  # fmt: skip


def _judge(row: Any, place: str) -> tuple[Outcome, tuple[str, ...]]:
    answer = row.get("answer")
    if answer not in (None, "accept", "reject", "ignore"):
        raise LabelError(f'{place}: answer "{answer}" is none of accept, reject, ignore.')
    if answer is None:
        return "unanswered", ()
    if answer == "ignore":
        return "skipped", ()
    if answer == "reject":
        return "rejected", ()
    if "accept" in row or "options" in row:
        topics = as_topics(row.get("accept"), place)
    elif isinstance(row.get("cats"), dict):
        topics = tuple(name for name, value in row["cats"].items() if value and float(value) >= 0.5)
    else:
        topics = as_topics(row.get("label"), place)
    return ("labelled" if topics else "none"), topics


def _as_time(seconds: Any) -> str | None:
    """A UNIX time as ISO 8601."""
    if isinstance(seconds, bool) or not isinstance(seconds, int | float):
        return None
    from datetime import UTC, datetime

    return datetime.fromtimestamp(int(seconds), UTC).isoformat().replace("+00:00", "Z")
