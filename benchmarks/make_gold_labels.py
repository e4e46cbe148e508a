"""Write the stand-off label files that ship with the project from the hand-labelled corpora.

    python benchmarks/make_gold_labels.py SHARED [LABELS]

SHARED holds ``gold/``, ``data/`` and ``seeds/`` with the published text; LABELS is ``labels/`` unless given.
No text is written, only digests, offsets, topics, and counts of terms that three segments or more have. The
same corpora give the same bytes.
"""

from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path

from topics.labels.importing import import_gold, read_line_gold, read_record_gold
from topics.labels.taxonomy import load_taxonomy

BY = "gold"
AT = "2026-01-31T00:00:00Z"
# the feeds of the news set by the outlet that has them; a feed's name begins with one of these
OUTLETS = {
    "allafrica": "allAfrica",
    "arutz": "Arutz Sheva",
    "bbc": "BBC",
    "cbc": "CBC",
    "cnbc": "CNBC",
    "dw": "DW",
    "egyptian-independant": "Egypt Independent",
    "egyptian-streets": "Egyptian Streets",
    "fox": "Fox News",
    "induk": "The Independent",
    "jpost": "The Jerusalem Post",
    "lemonde": "Le Monde",
    "mainichi": "The Mainichi",
    "mehr": "Mehr News",
    "nyt": "The New York Times",
    "tasnim": "Tasnim News",
    "tass": "TASS",
}


def main(shared: Path, labels: Path) -> None:
    """Import both sets; terms of the small one are kept by their counts over both."""
    taxonomy = load_taxonomy(labels / "taxonomy.toml")
    news = [
        replace(piece, source=next((OUTLETS[feed] for feed in OUTLETS if (piece.source or "").startswith(feed)), None))
        for piece in read_record_gold(shared / "gold/news_2025-05-21.tsv", shared / "data/news_2025-05-21.jsonl.gz")
    ]
    seeds = read_line_gold(shared / "gold/seeds.jsonl", shared / "seeds", shared / "gold/seeds_furniture_lines.json")
    for piece in (*news, *seeds):
        for slug in (piece.topic, *piece.also):
            fault = slug is not None and taxonomy.find_fault(slug)
            if fault:
                raise SystemExit(f"{piece.dump.name}: {fault}")
    counted = import_gold(news, labels / "news-2025-05-21.jsonl", by=BY, at=AT)
    import_gold(seeds, labels / "seeds-2026-01.jsonl", by=BY, at=AT, beside=counted)
    print(f"{len(news)} articles and {len(seeds)} segments written to {labels}")


if __name__ == "__main__":
    if len(sys.argv) not in (2, 3):
        raise SystemExit(__doc__)
    main(Path(sys.argv[1]), Path(sys.argv[2] if len(sys.argv) == 3 else "labels"))
