"""Dumps that hold articles twice, cut with and without a look for copies.

    python benchmarks/copies.py [SHARED] [--model MODEL] [--dumps 60] [--part test] [--seed 7]

The dumps are those of ``benchmarks/segmentation.py``; a quarter of their pieces, drawn by the seed, stand in them
again (or three, or six times), or all of them, or lines of a house stand below each. F1 in the lead counts the starts
of the copies too.
"""

from __future__ import annotations

import argparse
import random
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, fields
from typing import Final

import numpy as np
from shared import describe_run, new_parser, print_table, run_script, say

from topics.bundle import load_model
from topics.evaluation import sum_scores
from topics.paragraphs import Punkt, split_paragraphs
from topics.segmentation import SegmentationModel
from topics.segmentation.analysis import Analysis
from topics.segmentation.model import Seen
from topics.segmentation.training.corpora import read_corpora
from topics.segmentation.training.measure import find_starts, score_dump
from topics.segmentation.training.pieces import MixedDump
from topics.segmentation.training.styles import STYLES, build_dumps

SHARE: Final = 0.25  # of the pieces
LEAST: Final = 6  # paragraphs of a piece that is cut or edited
CORRECTION: Final = (
    "Correction: an earlier version of this report gave the wrong age for the man who was flown to hospital."
)
FOOT: Final = (
    "Please keep to the subject, be civil, and remember that a person will read what you write before anyone else can.",
    "We remove remarks that abuse others or that give away where somebody lives, and close the page after three days.",
    "You need an account to take part. Signing up takes a minute and costs nothing, and we never sell your address.",
)


class Blind(SegmentationModel):
    """The same model, which takes a copy for any other text."""

    def score_stretch(self, analysis: Analysis, *, is_first: bool) -> Seen:
        """All paragraphs as they stand."""
        return Seen(self._score(analysis), None, np.zeros(len(analysis)))


@dataclass(frozen=True, slots=True)
class Part:
    """A piece's text, and in it the first body paragraph and the trailing furniture."""

    text: str
    lead: int
    tail: int


Change = Callable[[Part, random.Random, Punkt], Part]


def take_apart(dump: MixedDump) -> list[Part]:
    """The pieces of a dump."""
    ends = [*dump.starts[1:], len(dump.text)]
    places = zip(dump.starts, ends, dump.leads, dump.tails, strict=True)
    return [Part(dump.text[start:end], lead - start, min(tail, end) - start) for start, end, lead, tail in places]


def put_together(parts: Sequence[Part]) -> MixedDump:
    """A dump of these pieces, one after another."""
    starts = np.cumsum([0, *(len(part.text) for part in parts)])[:-1].tolist()
    return MixedDump(
        "".join(part.text for part in parts),
        tuple(starts),
        tuple(start + part.lead for start, part in zip(starts, parts, strict=True)),
        tuple(start + part.tail for start, part in zip(starts, parts, strict=True)),
    )


def repeat(
    dump: MixedDump,
    rng: random.Random,
    punkt: Punkt,
    change: Change | None = None,
    *,
    at_once: bool = False,
    times: int = 1,
) -> MixedDump:
    """Some pieces so many ``times`` more, anywhere behind their first place or right behind it, and changed."""
    parts = take_apart(dump)
    n = len(parts) - 1  # nothing parts the last piece from what would follow
    for k in sorted(rng.sample(range(n), min(n, max(1, round(SHARE * len(parts))))), reverse=True):
        copy = parts[k] if change is None else change(parts[k], rng, punkt)
        for _ in range(times):
            parts.insert(k + 1 if at_once else rng.randrange(k + 1, len(parts) + 1), copy)
    return put_together(parts)


def cut_short(part: Part, rng: random.Random, punkt: Punkt) -> Part:
    """Its first six paragraphs of ten."""
    lines, gap = _lines_of(part, punkt)
    return part if len(lines) < LEAST else _join(part, lines[: len(lines) * 6 // 10], gap)


def edit(part: Part, rng: random.Random, punkt: Punkt) -> Part:
    """One paragraph of six left out, none of the first two."""
    lines, gap = _lines_of(part, punkt)
    if len(lines) < LEAST:
        return part
    gone = rng.sample(range(2, len(lines) - 1), len(lines) // 6)
    return _join(part, [line for i, line in enumerate(lines) if i not in gone], gap)


def correct(part: Part, rng: random.Random, punkt: Punkt) -> Part:
    """Its last paragraph changed."""
    lines, gap = _lines_of(part, punkt)
    return _join(part, [*lines[:-1], CORRECTION], gap) if len(lines) > 1 else part


def add_foot(part: Part) -> Part:
    """What a house repeats, below it."""
    text = part.text.rstrip()
    joint = next((joint for joint in ("\n\n", "\n") if joint in text), " ")
    return Part(joint.join((text, *FOOT)) + part.text[len(text) :], part.lead, min(part.tail, len(text)))


def _lines_of(part: Part, punkt: Punkt) -> tuple[list[str], str]:
    """Its paragraphs with what stands behind them, and what stands behind the last."""
    begins = [paragraph.start for paragraph in split_paragraphs(part.text, punkt)]
    end = len(part.text.rstrip())
    places = zip([0, *begins[1:]], [*begins[1:], end], strict=True)
    return [part.text[start:stop] for start, stop in places], part.text[end:]


def _join(part: Part, lines: Sequence[str], gap: str) -> Part:
    text = "".join(lines).rstrip()
    return Part(text + gap, min(part.lead, len(text) - 1), len(text + gap))


WAYS: Final[Mapping[str, Callable[[MixedDump, random.Random, Punkt], MixedDump]]] = {
    "as they are": lambda dump, rng, punkt: dump,
    "pieces again, later": repeat,
    "pieces again, at once": lambda dump, rng, punkt: repeat(dump, rng, punkt, at_once=True),
    "twice more, later": lambda dump, rng, punkt: repeat(dump, rng, punkt, times=2),
    "twice more, at once": lambda dump, rng, punkt: repeat(dump, rng, punkt, at_once=True, times=2),
    "five times more, later": lambda dump, rng, punkt: repeat(dump, rng, punkt, times=5),
    "again and cut short": lambda dump, rng, punkt: repeat(dump, rng, punkt, cut_short),
    "again and edited": lambda dump, rng, punkt: repeat(dump, rng, punkt, edit),
    "the whole dump again": lambda dump, rng, punkt: put_together(take_apart(dump) * 2),
    "again, last lines changed": lambda dump, rng, punkt: put_together(
        [*take_apart(dump), *(correct(part, rng, punkt) for part in take_apart(dump))]
    ),
    "a foot below each piece": lambda dump, rng, punkt: put_together([add_foot(part) for part in take_apart(dump)]),
}


def main(options: argparse.Namespace) -> None:
    """Print the table."""
    model = load_model(options.model)
    ours = model.segmentation
    blind = Blind(**{field.name: getattr(ours, field.name) for field in fields(ours)})
    print(f"Model {model.id}, part {options.part}, {options.dumps} dumps of each style")
    print(", ".join(f"{key} {value}" for key, value in describe_run().items()))
    say("reading corpora")
    corpora = read_corpora(options.shared / "data").part(options.part)
    dumps = {style: list(build_dumps(corpora, style, options.dumps)) for style in STYLES}
    rows = []
    for way, make in WAYS.items():
        say(way)
        found: dict[str, list[float]] = {"blind": [], "ours": []}
        for style in STYLES:
            rng = random.Random(options.seed)
            made = [make(dump, rng, ours.punkt) for dump in dumps[style]]
            for name, one in (("blind", blind), ("ours", ours)):
                scores = [score_dump(dump, *find_starts(dump.text, one)) for dump in made]
                found[name].append(sum_scores(scores).f1_lenient)
        cells = [f"{b:.3f} {o:.3f}" for b, o in zip(*found.values(), strict=True)]
        rows.append([way, *cells, *(f"{np.mean(each):.3f}" for each in found.values())])
    print_table(
        "F1 in the lead, copies taken for any other text and then looked for",
        ["dumps", *STYLES, "mean, blind", "mean, topics"],
        rows,
    )


if __name__ == "__main__":
    parser = new_parser(str(__doc__))
    parser.add_argument("--model", help="model folder or name (default: the model named default)")
    parser.add_argument("--dumps", type=int, default=60, help="dumps of each style (60)")
    parser.add_argument("--part", choices=("train", "dev", "test"), default="test", help="outlets to mix from (test)")
    parser.add_argument("--seed", type=int, default=7, help="which pieces stand twice, and where (7)")
    run_script(main, parser.parse_args())
