"""Count the terms of all stand-off labels anew, after a change of the analyzer; needs the published text.

    python benchmarks/recount_terms.py SHARED [LABELS]

SHARED holds ``gold/``, ``data/`` and ``seeds/``. Every label file in LABELS (``labels/`` unless given) that has a term
file gets a new one; the decisions are not touched. What a source repeats in its records, labelled or not, is left
out. The same corpora give the same bytes. A label whose text is not there stops everything.
"""

from __future__ import annotations

import sys
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

from make_hand_labels import read_records, to_piece

from topics.classification.furniture import learn_furniture
from topics.labels.decisions import TopicDecision
from topics.labels.importing import GoldPiece, count_gold, read_line_gold
from topics.labels.standoff import SegmentTerms, keep_common_terms, terms_path, write_terms
from topics.labels.store import find_label_files, read_decisions
from topics.records import text_digest

SALT = b"recount"


def main(shared: Path, labels: Path) -> None:
    """Count every file, then write every file."""
    files = [path for path in find_label_files(labels) if terms_path(path).exists()]
    decided = {path: [entry.decision for entry in read_decisions([path]).topics] for path in files}
    wanted = {decision.name for decisions in decided.values() for decision in decisions}
    seeds = read_line_gold(shared / "gold/seeds.jsonl", shared / "seeds", shared / "gold/seeds_furniture_lines.json")
    given = {text_digest(piece.dump.text[piece.start : piece.end]): piece for piece in seeds}
    records = list(read_records(shared / "data"))
    by_name = {record["id"]: record for record in records if record["id"] in wanted}
    drop = learn_furniture(_list_texts(records), SALT).drop
    counted: dict[Path, list[SegmentTerms]] = {}
    for path in files:
        pieces = [
            given.get(decision.segment) or _to_piece(decision, by_name[decision.name]) for decision in decided[path]
        ]
        counted[path] = count_gold([replace(piece, body=drop(piece.body)) for piece in pieces])
    for path, rows in counted.items():
        beside = [row for other, found in counted.items() if other != path for row in found]
        write_terms(terms_path(path), keep_common_terms(rows, beside))
        print(f"{len(rows)} pieces counted for {path}")


def _list_texts(records: list[dict[str, Any]]) -> Iterator[tuple[str, str, str]]:
    """Source, title and text of each record; pages have no source that repeats."""
    for record in records:
        if not record["page"] and record.get("source"):
            yield record["source"], record.get("title") or "", record["text"]


def _to_piece(decision: TopicDecision, record: dict[str, Any]) -> GoldPiece:
    fields: defaultdict[str, str] = defaultdict(str, id=decision.name or "", kind=decision.kind, topic="other")
    piece = to_piece(fields, record)
    if text_digest(piece.dump.text[piece.start : piece.end]) != decision.segment:
        raise SystemExit(f"{decision.name}: not the text that was labelled. Get the corpora that the labels speak of.")
    return piece


if __name__ == "__main__":
    if len(sys.argv) not in (2, 3):
        raise SystemExit(__doc__)
    main(Path(sys.argv[1]), Path(sys.argv[2] if len(sys.argv) == 3 else "labels"))
