"""Label Studio: a JSON array of tasks, with choices under ``predictions`` on the way out and ``annotations`` on the
way back.

The labelling configuration needs ``<Text name="text" value="$text"/>`` and ``<Choices name="topic" toName="text">``
with a choice for each topic (docs/interchange.md has one). The newest annotation that was not cancelled counts. Exports
show predictions as objects or as bare ids; neither is ever taken for a person's word. JSON-MIN is read as well.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from topics.errors import LabelError
from topics.interchange.formats.records import as_topics, read_records
from topics.interchange.refs import REF, parse_ref
from topics.interchange.rows import Answer, Item, Outcome

NEEDS_TEXT = True
PERSONAL = True  # whether a labelled row is a person's act even where it says what was suggested
CONTROL, OBJECT = "topic", "text"


def write(items: Iterable[Item], slugs: Sequence[str]) -> Iterator[bytes]:
    first = True
    for item in items:
        yield b"[\n" if first else b",\n"
        first = False
        yield json.dumps(_task(item), ensure_ascii=not _is_encodable(item)).encode()
    yield b"[]\n" if first else b"\n]\n"


def read(path: Path) -> Iterator[Answer]:
    for place, task in read_records(path):
        if "annotations" not in task and "completions" not in task and "data" not in task:
            yield _read_min(place, task)
            continue
        data = task.get("data")
        if not isinstance(data, dict):
            raise LabelError(f'{place}: no "data". Export the project as JSON or JSON-MIN.')
        outcome, topics, by, at = _newest(task.get("annotations", task.get("completions")) or [], place)
        yield Answer(
            place, outcome, topics, True, parse_ref(data.get(REF)), _text(data), by=by, at=at,
            title=data.get("title") or None,
        )  # fmt: skip


def _task(item: Item) -> dict[str, Any]:
    data = {"text": item.text or "", "title": item.title or "", REF: str(item.ref)}
    task: dict[str, Any] = {"data": data}
    if item.decided:
        task["annotations"] = [{"result": _result(item.topics), "was_cancelled": False, "ground_truth": False}]
    elif item.topics or item.guesses:
        said = item.topics or (item.guesses[0].topic,)
        score = item.guesses[0].score if item.guesses else None
        task["predictions"] = [{"model_version": item.model or "topics", "score": score, "result": _result(said)}]
    return task


def _result(topics: Sequence[str]) -> list[dict[str, Any]]:
    if not topics:
        return []
    value = {"choices": list(topics)}
    return [{"from_name": CONTROL, "to_name": OBJECT, "type": "choices", "value": value}]


def _newest(annotations: Any, place: str) -> tuple[Outcome, tuple[str, ...], str | None, str | None]:
    if not isinstance(annotations, list):
        raise LabelError(f"{place}: annotations are no list. Export the project as JSON.")
    whole = [each for each in annotations if isinstance(each, dict)]  # bare ids say nothing
    kept = [each for each in whole if not each.get("was_cancelled") and not each.get("skipped")]
    if not kept:
        return ("skipped" if whole else "unanswered"), (), None, None
    when = [str(each.get("updated_at") or each.get("created_at") or "") for each in kept]
    _, newest = max(enumerate(kept), key=lambda pair: (when[pair[0]], pair[0]))
    topics: list[str] = []
    for region in newest.get("result") or []:
        if isinstance(region, dict) and region.get("type", "choices") == "choices":
            topics += as_topics((region.get("value") or {}).get("choices"), place)
    by = _person(newest.get("completed_by"))
    at = newest.get("updated_at") or newest.get("created_at")
    return ("labelled" if topics else "none"), tuple(dict.fromkeys(topics)), by, at if isinstance(at, str) else None


def _person(value: Any) -> str | None:
    if isinstance(value, dict):
        value = value.get("email") or value.get("username") or value.get("id")
    return None if value in (None, "") else str(value)


def _read_min(place: str, row: Mapping[str, Any]) -> Answer:
    """JSON-MIN: the data's fields and, under the control's name, a choice or ``{"choices": [...]}``."""
    if OBJECT not in row:
        raise LabelError(f'{place}: no "{OBJECT}" and no "data". Export the project as JSON or JSON-MIN.')
    value = row.get(CONTROL, row.get("choice", row.get("sentiment")))
    topics = as_topics(value.get("choices") if isinstance(value, dict) else value, place)
    by, at = _person(row.get("annotator")), row.get("updated_at")
    outcome: Outcome = "labelled" if topics else "none" if "annotation_id" in row else "unanswered"
    return Answer(place, outcome, topics, True, parse_ref(row.get(REF)), _text(row), by=by, at=at)


def _text(data: Mapping[str, Any]) -> str | None:
    text = data.get(OBJECT)
    return text if isinstance(text, str) and text else None


def _is_encodable(item: Item) -> bool:
    try:
        f"{item.text}{item.title}".encode()
    except UnicodeEncodeError:
        return False
    return True
