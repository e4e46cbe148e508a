"""doccano, document classification: JSONL with ``text`` and ``label``, a list.

doccano keeps every other top-level field as metadata and gives it back, ``topics_ref`` among them; it adds ``id`` and
``Comments``, and older versions say ``labels``. It sorts the labels, so their order means nothing: the topic that was
the primary one stays it while it is among them. An example without labels may be finished or never seen; doccano
does not say which, so it is taken as never seen.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from topics.errors import LabelError
from topics.interchange.formats.records import as_line, as_topics, read_records
from topics.interchange.refs import REF, parse_ref
from topics.interchange.rows import Answer, Item

NEEDS_TEXT = True
PERSONAL = False  # whether a labelled row is a person's act even where it says what was suggested


def write(items: Iterable[Item], slugs: Sequence[str]) -> Iterator[bytes]:
    for item in items:
        yield as_line(
            {"text": item.text or "", "label": list(item.topics), REF: str(item.ref), "title": item.title or ""}
        )


def read(path: Path) -> Iterator[Answer]:
    for place, row in read_records(path):
        found = row.get("label", row.get("labels", row.get("categories", row.get("cats"))))
        text = row.get("text", row.get("data"))
        if not isinstance(text, str):
            raise LabelError(f'{place}: no "text". Export the project as JSONL.')
        topics = as_topics(found, place)
        yield Answer(
            place, "labelled" if topics else "unanswered", topics, False, parse_ref(row.get(REF)), text,
            title=row.get("title") or None,
        )  # fmt: skip
