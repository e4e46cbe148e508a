"""Write the stand-off label files of one round of hand labels on the corpora, and their counts of terms.

    python benchmarks/make_hand_labels.py SHARED TABLE BY AT [LABELS]

SHARED holds ``data/`` with the published text. TABLE names, a line each and between tabs, the label file, the id of
a record, kind, topic (``other`` where none fits), secondary topics by commas, confidence, outlet and day; the last
three may be empty. BY and AT say who judged and when. Every record is a dump by itself and one piece. Of a page
whose lines are labelled the piece goes from the first headline or body line to the last body line, its furniture
lines given as such; of any other page (``lines_*``) all is the piece, and lines of 40 characters or more are counted.

Terms are kept by their counts over all label files in LABELS (``labels/`` unless given) and all files written now.
A record that is labelled already is refused: a second opinion is another matter.
"""

from __future__ import annotations

import csv
import gzip
import json
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from topics.labels.importing import GoldPiece, count_gold, import_gold
from topics.labels.standoff import SegmentTerms, read_terms, terms_path
from topics.labels.store import find_label_files, read_decisions
from topics.labels.taxonomy import load_taxonomy
from topics.records import Dump, text_digest

NO_TOPIC = "other"
BODY, HEADLINE = 1, 2
SHORTEST_LINE = 40  # of a page whose lines nobody has labelled: menus are shorter, paragraphs hardly ever
_SITE = re.compile(r"\s[|–-]\s[^|–-]*$")  # what a page's title says after the headline
COLUMNS = ("file", "id", "kind", "topic", "also", "confidence", "source", "published")


def main(shared: Path, table: Path, by: str, at: str, labels: Path) -> None:
    """Read the table, find its records, and write each label file whole."""
    taxonomy = load_taxonomy(labels / "taxonomy.toml")
    with table.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file, COLUMNS, delimiter="\t", quoting=csv.QUOTE_NONE))
    wanted = {row["id"] for row in rows}
    records = {record["id"]: record for record in read_records(shared / "data") if record["id"] in wanted}
    by_file: dict[str, list[GoldPiece]] = {}
    for row in rows:
        by_file.setdefault(row["file"], []).append(to_piece(row, records[row["id"]]))
    others = [path for path in find_label_files(labels) if path.stem not in by_file]
    labelled = {entry.decision.segment: entry.place for entry in read_decisions(others).topics}
    for piece in (piece for pieces in by_file.values() for piece in pieces):
        for slug in (piece.topic, *piece.also):
            fault = slug is not None and taxonomy.find_fault(slug)
            if fault:
                raise SystemExit(f"{piece.dump.name}: {fault}")
        segment = text_digest(piece.dump.text[piece.start : piece.end])
        if segment in labelled:
            raise SystemExit(f"{piece.dump.name}: labelled already, {labelled[segment]}. Take it out of the table.")
    beside = [row for path in others if terms_path(path).exists() for row in read_terms(terms_path(path))]
    counted: dict[str, list[SegmentTerms]] = {name: count_gold(pieces) for name, pieces in by_file.items()}
    for name, pieces in by_file.items():
        around = [row for other, terms in counted.items() if other != name for row in terms]
        import_gold(pieces, labels / f"{name}.jsonl", by=by, at=at, beside=[*beside, *around])
        print(f"{len(pieces)} labels written to {labels / name}.jsonl")


def read_records(folder: Path) -> Iterator[dict[str, Any]]:
    """The records of all corpora in a folder."""
    for path in sorted(folder.glob("*.jsonl.gz")):
        with gzip.open(path, "rt", encoding="utf-8") as file:
            yield from ({**json.loads(line), "page": path.name.startswith("lines_")} for line in file)


def to_piece(row: dict[str, str], record: dict[str, Any]) -> GoldPiece:
    """One judged record as a piece."""
    lines = record.get("lines")
    if lines is None:
        dump = Dump(name=row["id"], text=record["text"], title=record["title"])
        start, end, title, body, furniture = 0, len(dump.text), dump.title, dump.text, None
        if record["page"]:
            title = _SITE.sub("", record["title"])
            body = "\n".join(line for line in dump.text.split("\n") if len(line) >= SHORTEST_LINE)
    else:
        dump = Dump(name=row["id"], text="\n".join(lines), title=record["title"])
        start, end, title, body, furniture = cut_page(lines, record["labels"])
        title = title or _SITE.sub("", record["title"])
    return GoldPiece(
        dump=dump,
        start=start,
        end=end,
        kind=row["kind"],  # type: ignore[arg-type]  # checked when the decision is written
        topic=None if row["topic"] == NO_TOPIC else row["topic"],
        also=tuple(slug for slug in row["also"].split(",") if slug),
        title=title,
        body=body,
        confidence=row["confidence"] or None,
        furniture=furniture,
        source=row["source"] or None,
        published=row["published"] or None,
    )


def cut_page(lines: list[str], labels: list[int]) -> tuple[int, int, str | None, str, tuple[tuple[int, int], ...]]:
    """Start and end of the piece on a page of lines, its headline, its body, and the furniture lines between."""
    starts = [0]
    for line in lines:
        starts.append(starts[-1] + len(line) + 1)
    kept = [n for n, label in enumerate(labels) if label in (BODY, HEADLINE)]
    first, last = kept[0], max(n for n, label in enumerate(labels) if label == BODY)
    title = next((lines[n] for n in kept if labels[n] == HEADLINE), None)
    body = "\n".join(lines[n] for n in kept if labels[n] == BODY)
    between = (n for n in range(first, last + 1) if labels[n] not in (BODY, HEADLINE) and lines[n])
    return (
        starts[first],
        starts[last] + len(lines[last]),
        title,
        body,
        tuple((starts[n], starts[n] + len(lines[n])) for n in between),
    )


if __name__ == "__main__":
    if len(sys.argv) not in (5, 6):
        raise SystemExit(__doc__)
    main(
        Path(sys.argv[1]),
        Path(sys.argv[2]),
        sys.argv[3],
        sys.argv[4],
        Path(sys.argv[5] if len(sys.argv) == 6 else "labels"),
    )
