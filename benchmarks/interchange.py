"""Every interchange format, written from our own sample dumps and read by the tool it is for, where that is installed.

    python benchmarks/interchange.py

Prints a Markdown table: how many pieces went out, how many the tool itself read with the topics that were sent, and how
many came back from what the tool wrote. Tools that are not installed are named and passed over; none of them is needed
by topics (`pip install spacy fasttext-wheel argilla label-studio-sdk`). It prints no text.
"""

from __future__ import annotations

import importlib
import json
import sys
import tempfile
from collections.abc import Callable, Sequence
from importlib.metadata import packages_distributions
from importlib.metadata import version as version_of
from pathlib import Path
from typing import Any

from topics.interchange import Item, apply_answers, find_format, gather_labels
from topics.interchange.applying import Places, Rules
from topics.labels.store import read_decisions
from topics.labels.taxonomy import load_taxonomy
from topics.reading import read_dumps
from topics.records import segment_id

ROOT = Path(__file__).resolve().parent.parent
LABELS = [ROOT / "labels" / "samples.jsonl", ROOT / "tests" / "quality" / "held_out.jsonl"]
# What a tool is asked: the file we wrote and a file to write back; gives the topics that it read, a set a piece.
Ask = Callable[[Path, Path], list[frozenset[str]]]


def ask_spacy(ours: Path, theirs: Path) -> list[frozenset[str]]:
    """As training examples, through a DocBin on disk."""
    import spacy
    from spacy.tokens import DocBin
    from spacy.training import Example

    nlp = spacy.blank("en")
    rows = [json.loads(line) for line in ours.read_text("utf-8").splitlines()]
    docs = [Example.from_dict(nlp.make_doc(row["text"]), {"cats": row["cats"]}).reference for row in rows]
    DocBin(docs=docs, store_user_data=True).to_disk(theirs.with_suffix(".spacy"))
    found = list(DocBin().from_disk(theirs.with_suffix(".spacy")).get_docs(nlp.vocab))
    lines = [json.dumps({**row, "text": doc.text, "cats": doc.cats}) for row, doc in zip(rows, found, strict=True)]
    theirs.write_text("\n".join(lines), "utf-8")
    return [frozenset(name for name, value in doc.cats.items() if value >= 0.5) for doc in found]


def ask_fasttext(ours: Path, theirs: Path) -> list[frozenset[str]]:
    """Trained on the file; its own line reader says which labels stand in each line."""
    import fasttext

    model = fasttext.train_supervised(str(ours), epoch=1, verbose=0, thread=1)
    lines = ours.read_text("utf-8").splitlines()
    theirs.write_text("\n".join(lines), "utf-8")
    return [frozenset(label.removeprefix("__label__") for label in model.get_line(line)[1]) for line in lines]


def ask_argilla(ours: Path, theirs: Path) -> list[frozenset[str]]:
    """Records by its own reader, and written again by its own writer."""
    from argilla.records._io import GenericIO, JsonIO

    records = JsonIO._records_from_json(ours)
    theirs.write_text(json.dumps(GenericIO.to_list(records, flatten=True), default=str), "utf-8")
    return [frozenset(topic for response in record.responses for topic in response.value) for record in records]


def ask_label_studio(ours: Path, theirs: Path) -> list[frozenset[str]]:
    """Tasks and annotations, checked against the labelling configuration of docs/interchange.md."""
    from label_studio_sdk.label_interface import LabelInterface

    choices = "".join(f'<Choice value="{slug}"/>' for slug in load_taxonomy().slugs)
    interface = LabelInterface(
        '<View><Text name="text" value="$text"/><Choices name="topic" toName="text" choice="multiple">'
        f"{choices}</Choices></View>"
    )
    tasks = json.loads(ours.read_text("utf-8"))
    found = []
    for task in tasks:
        [annotation] = task["annotations"]
        is_valid = interface.validate_task({"data": task["data"]}) and interface.validate_annotation(annotation)
        said = (topic for region in annotation["result"] for topic in region["value"]["choices"])
        found.append(frozenset(said) if is_valid else frozenset({"refused"}))
    theirs.write_text(json.dumps(tasks), "utf-8")
    return found


PEERS: dict[str, tuple[str, Ask]] = {
    "spacy": ("spacy", ask_spacy),
    "fasttext": ("fasttext", ask_fasttext),
    "argilla": ("argilla", ask_argilla),
    "label-studio": ("label_studio_sdk", ask_label_studio),
}


def gather() -> list[Item]:
    """Our own sample dumps, with their labels: pieces with topics and text."""
    decisions = read_decisions(LABELS, load_taxonomy())
    return [item for item in gather_labels(decisions, read_dumps(str(ROOT / "seeds"))) if item.text and item.topics]


def try_peer(name: str, ask: Ask, items: Sequence[Item], folder: Path) -> tuple[int, int]:
    """How many pieces the tool read right, and how many came back right from what it wrote."""
    format = find_format(name)
    taxonomy = load_taxonomy()
    ours, theirs = folder / "ours", folder / "theirs"
    ours.write_bytes(b"".join(format.write(items, taxonomy.slugs)))
    read = ask(ours, theirs)
    n_read = sum(frozenset(item.topics) == topics for item, topics in zip(items, read, strict=True))
    places = Places.of((segment_id(i.ref.dump, i.ref.start, i.ref.end), i.ref) for i in items)
    rules = Rules("benchmark", "2026-01-01T00:00:00Z", confirm=True)
    applied = apply_answers(format.read(theirs), taxonomy, {}, places, rules)
    back = {change.decision.segment: (change.decision.topic, *change.decision.also) for change in applied.changes}
    return n_read, sum(back.get(item.ref.segment) == item.topics for item in items)


def find_version(module: Any) -> str:
    """The version that the installed distribution of a module says it is."""
    found = packages_distributions().get(module.__name__, [])
    return version_of(found[0]) if found else "?"


def main() -> int:
    items = gather()
    print("| format | tool | version | pieces out | read with their topics | back as they were |")
    print("|---|---|---|---|---|---|")
    for name, (module, ask) in PEERS.items():
        try:
            peer: Any = importlib.import_module(module)
        except ImportError as error:
            print(f"{name}: not tried, {error}", file=sys.stderr)
            continue
        version = find_version(peer)
        with tempfile.TemporaryDirectory() as folder:
            n_read, n_back = try_peer(name, ask, items, Path(folder))
        print(f"| {name} | {module} | {version} | {len(items)} | {n_read} | {n_back} |")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
