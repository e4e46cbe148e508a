"""How long the review page takes on a large run: made up, indexed, opened, stepped through.

    python benchmarks/review.py [SEGMENTS]

Prints a table: the index, the first page of a run that is still being indexed and of one that is, and the 50 and 95 %
marks of a step (a decision on the disk, and the next page made) in several views. Nothing is kept.
"""

from __future__ import annotations

import json
import random
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from topics.errors import BundleError
from topics.records import Prediction, Segment, dump_digest, to_row
from topics.review.deeds import Deed
from topics.review.index import build_index, index_path
from topics.review.launch import open_desk
from topics.review.server import Pages
from topics.review.sources import open_source
from topics.review.views import View

A_DUMP = 1_000  # segments
TOPICS = ("sport", "business", "world", "health", "culture", "climate")


def main() -> None:
    n = int(sys.argv[1]) if len(sys.argv) > 1 else 1_000_000
    with tempfile.TemporaryDirectory() as scratch:
        place = Path(scratch)
        rows: list[tuple[str, float]] = []

        def clock(name: str, began: float) -> None:
            rows.append((name, time.perf_counter() - began))
            print(f"{name:52} {rows[-1][1]:9.3f} s", flush=True)

        began = time.perf_counter()
        write_file(place / "run.jsonl", n)
        size = (place / "run.jsonl").stat().st_size / 1e6
        print(f"{n:,} segments, {size:,.0f} MB, written in {time.perf_counter() - began:.0f} s")
        began = time.perf_counter()
        with open_desk(place / "run.jsonl", place / "labels", "ada", no_model) as desk:
            Pages(desk, "x").answer(View(), desk.first_undecided(View()))
            clock("first page, nothing indexed yet", began)
        source = open_source(place / "run.jsonl")
        began = time.perf_counter()
        build_index(source, index_path(source))
        clock("index", began)
        print(f"index on disk: {index_path(source).stat().st_size / 1e6:,.0f} MB")
        began = time.perf_counter()
        with open_desk(place / "run.jsonl", place / "labels", "ada", no_model) as desk:
            pages = Pages(desk, "x")
            pages.answer(View(), desk.first_undecided(View()))
            clock("first page, indexed", began)
            for name, view in {
                "queue": View(),
                "reading order": View(sort="reading"),
                "one topic, scores 50 to 90, least sure first": View(topic="sport", low=50, high=90, sort="unsure"),
                "a word that one in a thousand holds": View(search="lighthouse"),
                "a word that all hold, undecided": View(search="harbour", state="undecided"),
            }.items():
                time_steps(desk, pages, name, view)


def time_steps(desk: Any, pages: Pages, name: str, view: View, n_steps: int = 40) -> None:
    began = time.perf_counter()
    ref = desk.first_undecided(view)
    pages.answer(view, ref)
    print(f"{name + ', chosen':52} {time.perf_counter() - began:9.3f} s", flush=True)
    took = []
    for _ in range(n_steps):
        ref = desk.first_undecided(view)
        if ref is None:
            break
        key = desk.roster.key(ref)
        began = time.perf_counter()
        pages.decide(Deed("confirm", keys=(key,)), view, key)
        took.append(time.perf_counter() - began)
    took.sort()
    print(
        f"{name + ', a step: 50 %, 95 %':52} {took[len(took) // 2]:9.3f} s {took[int(len(took) * 0.95)]:9.3f} s",
        flush=True,
    )


def no_model() -> Any:
    raise BundleError("none")


def write_file(path: Path, n: int) -> None:
    with path.open("w", encoding="utf-8") as file:
        for row in make_rows(n):
            file.write(json.dumps(row, ensure_ascii=False) + "\n")


def make_rows(n: int) -> Iterator[Any]:
    """Segments of some 900 characters of made-up words, a thousand a dump."""
    chance = random.Random(0)
    words = [
        f"{a}{b}{c}"
        for a in ("ba", "de", "ko", "li", "mu")
        for b in ("ra", "nto", "sse", "vi")
        for c in ("l", "n", "ck", "")
    ]
    for dump in range(0, n, A_DUMP):
        texts = []
        for number in range(dump, min(dump + A_DUMP, n)):
            told = " ".join(chance.choices(words, k=140))
            rare = "lighthouse " if number % 1000 == 7 else ""
            texts.append(f"Notice {number}\nThe harbour office says: {rare}{told}.\n")
        digest = dump_digest("".join(texts))
        at = 0
        for index, text in enumerate(texts):
            first = 0.3 + 0.7 * chance.random()
            topic, other = chance.sample(TOPICS, 2)
            segment = Segment(
                f"dump {dump}.txt", digest, index, at, at + len(text), 1 + 2 * index, 2 + 2 * index, "article",
                text.partition("\n")[0], None, None, 0.9, (), "en", text,
            )  # fmt: skip
            guesses = ((topic, round(first, 3)), (other, round((1 - first) / 2, 3)))
            yield to_row(segment, Prediction(topic, round(first, 3), (), False, guesses, "made-up@1"))
            at += len(text)


if __name__ == "__main__":
    main()
