"""Argilla 2: records as JSON, an array as ``records.to_json`` writes it and ``records.from_json`` reads it.

The dataset has a text field ``text`` and a multi-label question ``topic``; the record's ``id`` is ours, and
``topics_ref`` is metadata. What a model says goes out as a suggestion, what a person said as a submitted response. Read
are nested records and flat ones (``to_list(flatten=True)``: ``topic.responses``, ``topic.responses.status``); a
suggestion is never taken for an answer. Of several submitted responses the topic that most chose first holds; where
they are equal in number, the earlier one.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from topics.errors import LabelError
from topics.interchange.formats.records import as_topics, read_records
from topics.interchange.refs import REF, parse_ref
from topics.interchange.rows import Answer, Item, Outcome

NEEDS_TEXT = True
PERSONAL = True  # whether a labelled row is a person's act even where it says what was suggested
FIELD, QUESTION = "text", "topic"
ANYBODY = "00000000-0000-0000-0000-000000000000"  # a response needs a user, by UUID


def write(items: Iterable[Item], slugs: Sequence[str]) -> Iterator[bytes]:
    first = True
    for item in items:
        yield b"[\n" if first else b",\n"
        first = False
        yield json.dumps(_record(item)).encode()
    yield b"[]\n" if first else b"\n]\n"


def read(path: Path) -> Iterator[Answer]:
    for place, row in read_records(path):
        fields = row["fields"] if isinstance(row.get("fields"), dict) else row
        metadata = row["metadata"] if isinstance(row.get("metadata"), dict) else row
        if not isinstance(fields.get(FIELD), str):
            raise LabelError(f'{place}: no field "{FIELD}". Write the records out with to_json or to_list.')
        outcome, topics, by = _settle(_responses(row, place), place)
        yield Answer(
            place, outcome, topics, True, parse_ref(metadata.get(REF)), fields[FIELD], by=by,
            title=metadata.get("title") or None,
        )  # fmt: skip


def _record(item: Item) -> dict[str, Any]:
    record: dict[str, Any] = {
        "id": item.id,
        "fields": {FIELD: item.text or ""},
        "metadata": {REF: str(item.ref), "title": item.title or ""},
        "suggestions": {},
        "responses": {},
        "vectors": {},
        "status": "completed" if item.decided and item.topics else "pending",
    }
    if item.decided and item.topics:
        value = {"value": list(item.topics), "user_id": ANYBODY, "status": "submitted"}
        record["responses"] = {QUESTION: [value]}
    elif item.topics or item.guesses:
        said = item.topics or (item.guesses[0].topic,)
        score = [_score_of(item, topic) for topic in said]
        known = None if any(each is None for each in score) else score
        record["suggestions"] = {QUESTION: {"value": list(said), "score": known, "agent": item.model}}
    return record


def _score_of(item: Item, topic: str) -> float | None:
    return next((guess.score for guess in item.guesses if guess.topic == topic), None)


def _responses(row: Mapping[str, Any], place: str) -> list[tuple[Any, str | None, str | None]]:
    """Value, status and user of each response to the question, of nested and of flat records."""
    nested = row.get("responses")
    if isinstance(nested, dict):
        found = nested.get(QUESTION) or []
        if not isinstance(found, list) or not all(isinstance(each, dict) for each in found):
            raise LabelError(f'{place}: the responses to "{QUESTION}" are no list. Write the records out again.')
        return [(each.get("value"), each.get("status"), each.get("user_id")) for each in found]
    values = row.get(f"{QUESTION}.responses") or []
    users = row.get(f"{QUESTION}.responses.users") or [None] * len(values)
    states = row.get(f"{QUESTION}.responses.status") or [None] * len(values)
    if not all(isinstance(each, list) and len(each) == len(values) for each in (values, users, states)):
        raise LabelError(f'{place}: the columns of "{QUESTION}.responses" do not fit each other. Write them out again.')
    return list(zip(values, states, users, strict=True))


def _settle(
    responses: Sequence[tuple[Any, str | None, str | None]], place: str
) -> tuple[Outcome, tuple[str, ...], str | None]:
    submitted = [(as_topics(value, place), user) for value, status, user in responses if status in (None, "submitted")]
    if not submitted:
        discarded = any(status == "discarded" for _, status, _ in responses)
        return ("skipped" if discarded else "unanswered"), (), None
    firsts = Counter(topics[0] if topics else None for topics, _ in submitted)
    winner = max(firsts, key=lambda topic: firsts[topic])  # of equals the one that came first
    topics, user = next(pair for pair in submitted if (pair[0][0] if pair[0] else None) == winner)
    by = None if user in (None, ANYBODY) else str(user)
    return ("labelled" if topics else "none"), topics, by
