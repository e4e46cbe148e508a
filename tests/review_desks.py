"""Runs to review, desks over them, and a server in a thread: what the review tests share."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import uvicorn
from sample_rows import Piece, harbour, make_rows
from sample_runs import Given, part_of

from topics.bundle import Model
from topics.errors import BundleError
from topics.labels.decisions import Decision, from_json
from topics.review.desk import Desk
from topics.review.launch import Address, open_desk
from topics.review.server import make_app
from topics.runs import writing as runs
from topics.runs.units import Unit

TAXONOMY = "\n".join(
    f'[[topic]]\nslug = "{slug}"\nname = "{name}"\ndescription = "All about {slug}."\n'
    for slug, name in {
        "business": "Business", "sport": "Sport", "culture": "Culture", "world": "World", "health": "Health",
        "climate": "Climate", "iran": "Iran", "gaza": "Gaza", "sudan": "Sudan", "crime-justice": "Crime and justice",
    }.items()
)  # fmt: skip

LIGHTHOUSE = [
    "Keeper leaves the lamp",
    "Sixty years of nights ended on Friday.",
    "The lamp turns by itself now.",
    "Council raises berth fees",
    "Boat owners will pay a tenth more from May.",
    "~Share this page",
    "Two of them spoke against it.",
]
GUESSES = (("business", 0.5), ("world", 0.2), ("culture", 0.1), ("sport", 0.06), ("health", 0.04))

Rows = Sequence[Mapping[str, Any]]


def coast_rows() -> list[Rows]:
    """Three dumps: one with every kind of piece, one piece that is really two, and twelve short ones."""
    joined = make_rows(
        "lighthouse.txt", Piece(LIGHTHOUSE, topic="business", score=0.5, title=LIGHTHOUSE[0], guesses=GUESSES)
    )
    short = make_rows(
        "notices.txt",
        *(
            Piece(
                [f"Notice {n} of the harbour office", f"Ferry number {n} sails at {n} tonight."],
                topic=("sport", "business", "world")[n % 3],
                score=0.3 + n / 20,
                title=f"Notice {n} of the harbour office",
                guesses=((("sport", "business", "world")[n % 3], 0.3 + n / 20), ("culture", 0.25)),
            )
            for n in range(1, 13)
        ),
    )
    return [harbour(), joined, short]


def write_run(folder: Path, dumps: Iterable[Rows], format: str = "jsonl", **options: Any) -> Path:
    """A run folder that holds these rows, each list a dump, some dumps a shard."""
    parts = [part_of(rows) for rows in dumps]
    units = [Unit(tuple(parts[k : k + 250])) for k in range(0, len(parts), 250)]
    runs.write_run(folder, units, Given(options), model="tiny@1", options=options, format=format)
    return folder


def write_labels(folder: Path) -> Path:
    """A label folder with a taxonomy and no labels."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "taxonomy.toml").write_text(TAXONOMY)
    return folder


def no_model() -> Model:
    raise BundleError("no model for this test.")


def lines_of(labels: Path) -> list[Decision]:
    """Every line of every label file, in order, taken back or not."""
    found = []
    for file in sorted(labels.glob("*.jsonl")):
        for line in file.read_text("utf-8").split("\n")[:-1]:
            json.loads(line)
            found.append(from_json(line))
    return found


@contextmanager
def coast_desk(place: Path, by: str = "ada", **options: Any) -> Iterator[Desk]:
    """A desk over the coast's run, without a model."""
    run, labels = place / "run", place / "labels"
    if not run.exists():
        write_run(run, coast_rows())
        write_labels(labels)
    with open_desk(run, labels, by, no_model, **options) as desk:
        desk.start_loading()
        desk.model(wait=True)
        yield desk


@dataclass
class Served:
    """A page that is up."""

    url: str
    desk: Desk
    labels: Path
    address: Address


@contextmanager
def served(
    run: Path, labels: Path, by: str = "ada", load: Any = no_model, train: Any = None, **options: Any
) -> Iterator[Served]:
    """A server for a run in a thread of its own."""
    with Address() as address, open_desk(run, labels, by, load, **options) as desk:
        desk.start_loading()
        config = uvicorn.Config(
            make_app(desk, address.token, address.hosts, train), log_level="critical", lifespan="off", ws="none"
        )
        server = uvicorn.Server(config)
        address.socket.listen(128)
        thread = threading.Thread(target=server.run, kwargs={"sockets": [address.socket]})
        thread.start()
        while not server.started:
            time.sleep(0.005)
        try:
            yield Served(address.url, desk, labels, address)
        finally:
            server.should_exit = server.force_exit = True
            thread.join()
