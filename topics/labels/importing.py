"""Gold in, label files out: decisions on known pieces, written stand-off, and the terms that training needs.

Gold comes in two shapes: whole articles with their topics in a table, and dumps whose pieces are given by
line numbers. Both become :class:`GoldPiece`; :func:`import_gold` writes them without a word of their text,
the same bytes for the same gold.
"""

from __future__ import annotations

import csv
import gzip
import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import Any

from topics.classification.analyzer import count_terms
from topics.errors import LabelError
from topics.labels.decisions import TopicDecision
from topics.labels.repeats import drop_sentences, find_repeated_sentences
from topics.labels.signatures import sign_text
from topics.labels.standoff import SegmentTerms, keep_common_terms, terms_path, write_terms
from topics.labels.store import write_decisions
from topics.records import Dump, Kind, Span, dump_digest, text_digest

__all__ = ["GoldPiece", "count_gold", "import_gold", "read_line_gold", "read_record_gold"]

NO_TOPIC = "other"


@dataclass(frozen=True, slots=True)
class GoldPiece:
    """A piece that a person has judged. ``body`` is the text to count: without headline and furniture."""

    dump: Dump
    start: int
    end: int
    kind: Kind
    topic: str | None
    also: tuple[str, ...]
    title: str | None
    body: str
    confidence: str | None = None
    furniture: tuple[Span, ...] | None = None
    source: str | None = None
    published: str | None = None


def import_gold(
    pieces: Sequence[GoldPiece], path: Path, *, by: str, at: str, beside: Sequence[SegmentTerms] = ()
) -> list[SegmentTerms]:
    """Write the label file ``path`` and its term file; gives back all counts of all pieces.

    A term is kept that three segments of ``pieces`` and ``beside`` have (:func:`keep_common_terms`). ``by``
    and ``at`` go into every decision. Neither titles nor text are written.
    """
    decisions = [_to_decision(piece, by, at) for piece in pieces]
    counted = count_gold(pieces)
    write_decisions(path, decisions)
    write_terms(terms_path(path), keep_common_terms(counted, beside))
    return counted


def count_gold(pieces: Sequence[GoldPiece]) -> list[SegmentTerms]:
    """All terms of each piece, before any is left out; what repeats across titled pieces is not counted."""
    titled = ((piece.title, piece.body) for piece in pieces if piece.title)
    repeated = find_repeated_sentences(titled)
    return [
        SegmentTerms(
            text_digest(piece.dump.text[piece.start : piece.end]),
            count_terms(piece.title, drop_sentences(piece.body, repeated)),
            sign_text(piece.body),
        )
        for piece in pieces
    ]


def read_record_gold(table: Path, records: Path) -> list[GoldPiece]:
    """Articles by id: a table of judgements, and JSONL records (id, title, text; source and date where they are known).

    The table has id, topic, secondary topics by commas, and confidence, between tabs. Every record is a dump
    by itself and one piece. The topic ``other`` means that none fits. Order is the table's.
    """
    by_id = {record["id"]: record for record in _read_jsonl(records, ("id", "title", "text"))}
    pieces = []
    with table.open(encoding="utf-8", newline="") as file:
        for number, row in enumerate(csv.reader(file, delimiter="\t", quoting=csv.QUOTE_NONE), 1):
            if len(row) != 4 or row[0] not in by_id:
                raise LabelError(f"{table}:{number}: not a judgement of a record in {records}. Mend the line.")
            key, topic, also, confidence = row
            record = by_id[key]
            dump = Dump(name=key, text=record["text"], title=record["title"])
            pieces.append(
                GoldPiece(
                    dump=dump,
                    start=0,
                    end=len(dump.text),
                    kind="article",
                    topic=None if topic == NO_TOPIC else topic,
                    also=tuple(slug for slug in also.split(",") if slug),
                    title=dump.title,
                    body=dump.text,
                    confidence=confidence,
                    source=record.get("source") or None,
                    published=_read_day(record.get("date")),
                )
            )
    return pieces


def read_line_gold(gold: Path, dumps: Path, furniture: Path) -> list[GoldPiece]:
    """Pieces by 1-based line numbers, in the order of the file.

    ``gold`` is JSONL (dump, start_line, title_line, kind, topic, also), ``dumps`` the folder of the texts,
    and ``furniture`` JSON from dump name to furniture lines. The pieces of a dump tile it: each runs from the
    start of its first line to the start of the next piece's.
    """
    furniture_lines = json.loads(furniture.read_text(encoding="utf-8"))
    by_dump: dict[str, list[dict[str, Any]]] = {}
    for row in _read_jsonl(gold, ("dump", "start_line", "title_line", "kind", "topic", "also")):
        by_dump.setdefault(row["dump"], []).append(row)
    pieces = []
    for name, rows in by_dump.items():
        dump = Dump(name=name, text=_read_text(dumps / name))
        lines = _line_spans(dump.text)  # lines[n - 1] is line n
        numbers = [row["start_line"] for row in rows]
        if numbers != sorted(set(numbers)) or not 1 <= numbers[0] <= numbers[-1] <= len(lines):
            raise LabelError(f"{gold}: pieces of {name} are out of order or outside its {len(lines)} lines. Mend them.")
        starts = [0, *(lines[number - 1][0] for number in numbers[1:]), len(dump.text)]
        skipped = {lines[number - 1] for number in furniture_lines.get(name, ())}
        for row, start, end in zip(rows, starts, starts[1:], strict=False):
            pieces.append(_cut_piece(dump, row, (start, end), lines, skipped))
    return pieces


def _read_day(text: str | None) -> str | None:
    """The ISO day of an ISO or an RFC 2822 date."""
    for read in (datetime.fromisoformat, parsedate_to_datetime):
        try:
            return read(text or "").date().isoformat()
        except ValueError:
            continue
    return None


def _read_text(path: Path) -> str:
    """The dump as decoded: no line end is changed, so offsets and digests are those of the file."""
    try:
        return path.read_bytes().decode()
    except OSError as error:
        raise LabelError(f"{path}: cannot be read ({error.strerror}). Check the path.") from error
    except UnicodeDecodeError:
        raise LabelError(f"{path}: not UTF-8. Save it as UTF-8.") from None


def _cut_piece(dump: Dump, row: dict[str, Any], span: Span, lines: Sequence[Span], skipped: set[Span]) -> GoldPiece:
    inside = [line for line in lines if span[0] <= line[0] < span[1]]
    title_line = lines[row["title_line"] - 1] if row["title_line"] else None
    kept = [line for line in inside if line not in skipped and line != title_line]
    return GoldPiece(
        dump=dump,
        start=span[0],
        end=span[1],
        kind=row["kind"],
        topic=row["topic"],
        also=tuple(row["also"]),
        title=dump.text[slice(*title_line)].strip() if title_line else None,
        body="\n".join(dump.text[slice(*line)].strip() for line in kept),
        furniture=tuple(line for line in inside if line in skipped),
    )


def _to_decision(piece: GoldPiece, by: str, at: str) -> TopicDecision:
    return TopicDecision(
        dump=dump_digest(piece.dump.text),
        start=piece.start,
        end=piece.end,
        segment=text_digest(piece.dump.text[piece.start : piece.end]),
        topic=piece.topic,
        also=piece.also,
        kind=piece.kind,
        by=by,
        at=at,
        name=piece.dump.name,
        source=piece.source,
        published=piece.published,
        confidence=piece.confidence,
        furniture=piece.furniture,
    )


def _line_spans(text: str) -> list[Span]:
    """Start and end of every physical line, its line end left out."""
    spans = []
    at = 0
    for line in text.split("\n"):
        spans.append((at, at + len(line)))
        at += len(line) + 1
    return spans


def _read_jsonl(path: Path, keys: Sequence[str]) -> list[dict[str, Any]]:
    """The objects of a JSONL file, gzipped or not; each must have these keys."""
    rows = []
    try:
        content = gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes()
    except OSError as error:
        raise LabelError(f"{path}: cannot be read ({error.strerror or error}). Check the path.") from error
    for number, line in enumerate(content.splitlines(), 1):
        try:
            row = json.loads(line)
        except (ValueError, RecursionError):
            row = None
        if not isinstance(row, dict) or not row.keys() >= set(keys):
            raise LabelError(f"{path}:{number}: not an object with {', '.join(keys)}. Mend the line.")
        rows.append(row)
    return rows
