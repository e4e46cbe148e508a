"""What a person's corrections do for unseen dumps of the same outlet, and what they cost elsewhere.

    python benchmarks/refine.py [SHARED] [--model MODEL] [--part test] [--seeds 2] [--dumps 24] [--json FILE]

An outlet's articles are dealt into halves, and each half is mixed into dumps: plain paragraphs, and pages that all have
the outlet's furniture. Dumps of the first half are reviewed by a person who is simulated: in the order of the text,
whatever the model has wrong is corrected and what it doubts is confirmed, until so many decisions are made. The model
is refined by these decisions, by the whole articles of the first half, or by both, each time from the start, and
measured on dumps of the second half, and on the five styles mixed from all other outlets.
"""

from __future__ import annotations

import argparse
import json
import random
import zlib
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import chain
from operator import attrgetter
from pathlib import Path
from time import perf_counter
from typing import Any, Final

from joblib import Parallel, delayed
from shared import describe_run, new_parser, print_table, run_script, say
from threadpoolctl import threadpool_limits

from topics.bundle import load_model
from topics.errors import TopicsError
from topics.evaluation import BoundaryScores, bootstrap_interval, sum_scores
from topics.records import Dump, dump_digest
from topics.segmentation import SegmentationModel
from topics.segmentation.decode import decode_starts
from topics.segmentation.furniture import assign_roles
from topics.segmentation.training.corpora import NOTHING, Corpora, Part, read_corpora
from topics.segmentation.training.houses import draw_house, dress
from topics.segmentation.training.measure import find_starts, score_dump
from topics.segmentation.training.mixing import Mixer, Neighbours, Style
from topics.segmentation.training.pieces import MixedDump, Piece, join_pieces
from topics.segmentation.training.prose import load_prose
from topics.segmentation.training.refine import refine
from topics.segmentation.training.styles import STYLES, build_dumps
from topics.writers.atomic import write_text

MANNERS: Final = ("lines", "pages")
MIN_ARTICLES: Final = 60  # of an outlet that is taken
DOUBT: Final = (0.2, 0.8)  # between these probabilities a reviewer is asked
NO_OUTLETS: Final = ("guest writer",)  # what the sources call pieces from anywhere
WAYS: Final = ("decisions", "articles", "both")  # what is learned from
MOST_REVIEWED: Final = 60  # dumps that a person goes through at most
_NEIGHBOURS: Final[tuple[Neighbours, ...]] = ("random", "category", "nearest")


@dataclass(frozen=True, slots=True)
class Outlet:
    """One outlet's articles in two halves, and everything else of its part."""

    name: str
    first: Corpora
    second: Corpora
    others: Corpora


def list_outlets(corpora: Corpora) -> list[Outlet]:
    """The outlets that have enough articles, the largest first."""
    sizes = Counter(article.outlet for article in corpora.articles)
    outlets = []
    for name, size in sorted(sizes.items(), key=lambda entry: (-entry[1], entry[0])):
        if size < MIN_ARTICLES or name.startswith(NO_OUTLETS):
            continue
        own = [a for a in corpora.articles if a.outlet == name]
        halves = [[a for a in own if zlib.crc32(a.paragraphs[0].encode()) % 2 == half] for half in (0, 1)]
        others = replace(
            corpora,
            articles=tuple(a for a in corpora.articles if a.outlet != name),
            flats=tuple(a for a in corpora.flats if a.outlet != name),
            pages=tuple(p for p in corpora.pages if p.outlet != name),
        )
        first, second = (replace(NOTHING, articles=tuple(half)) for half in halves)
        outlets.append(Outlet(name, first, second, others))
    return outlets


def mix(corpora: Corpora, manner: str, outlet: str, n_dumps: int, seed: str) -> Iterator[MixedDump]:
    """Dumps of one outlet: paragraphs a line without headlines, or pages that all have the outlet's furniture."""
    mixer = Mixer(corpora)
    house = draw_house(random.Random(f"house of {outlet}"))
    rng = random.Random(f"{manner}:{outlet}:{seed}")
    for k in range(n_dumps):
        neighbours = _NEIGHBOURS[k % len(_NEIGHBOURS)]
        if manner == "lines":
            yield mixer.render(rng, Style(rng.randint(7, 14), neighbours, blurbs=0.1))
            continue
        pieces = []
        for article in mixer.draw_articles(rng, rng.randint(5, 10), neighbours):
            others = mixer.draw_others(rng)
            page = dress(rng, house, article.title or None, article.paragraphs[:30], others)
            pieces.append(Piece(list(page.lines), list(page.roles), page.start))
        yield join_pieces(pieces, "\n")


def review(model: SegmentationModel, dumps: Sequence[MixedDump], n_decisions: int) -> dict[str, dict[int, bool]]:
    """What a person decides who goes through the dumps in order and knows where pieces start."""
    decided: dict[str, dict[int, bool]] = {}
    n_left = n_decisions
    for dump in dumps:
        scored = model.score(dump.text)
        found = set(decode_starts(scored.probabilities, assign_roles(scored).body, scored.threshold).tolist())
        true = set(dump.starts)
        own: dict[int, bool] = {}
        for i, paragraph in enumerate(scored.paragraphs):
            starts = paragraph.start in true
            doubtful = DOUBT[0] < scored.probabilities[i] < DOUBT[1]
            if i and n_left and ((i in found) != starts or doubtful):
                own[paragraph.start] = starts
                n_left -= 1
        if own:
            decided[dump_digest(dump.text)] = own
    return decided


def score_dumps(model: SegmentationModel, dumps: Sequence[MixedDump]) -> list[BoundaryScores]:
    """The model on each dump."""
    return [score_dump(dump, *find_starts(dump.text, model)) for dump in dumps]


# One outlet


@dataclass(frozen=True, slots=True)
class Change:
    """The scores of a dump before and after, or their sums."""

    before: BoundaryScores
    after: BoundaryScores

    def __add__(self, other: Change) -> Change:
        return Change(self.before + other.before, self.after + other.after)

    @property
    def gain(self) -> float:
        """Of F1, after less before."""
        return self.after.f1 - self.before.f1


@dataclass(frozen=True, slots=True)
class Trial:
    """One outlet, one seed, one way of learning: what changed for its dumps, by manner, and elsewhere, by style."""

    outlet: str
    way: str
    at_home: Mapping[str, Sequence[Change]]
    elsewhere: Mapping[str, Sequence[Change]]
    n_decisions: int
    n_articles: int
    seconds: float


def try_outlet(model: SegmentationModel, outlet: Outlet, seed: int, n_dumps: int, n_decisions: int) -> list[Trial]:
    """Learn in every way from the first half of an outlet; measure on the second, and on the others."""
    with threadpool_limits(limits=1):
        sources = (mix(outlet.first, manner, outlet.name, MOST_REVIEWED // 2, f"review {seed}") for manner in MANNERS)
        reviewed = list(chain.from_iterable(zip(*sources, strict=True)))
        decided = review(model, reviewed, n_decisions)
        dumps = [Dump("", dump.text) for dump in reviewed if dump_digest(dump.text) in decided]
        at_home = {m: list(mix(outlet.second, m, outlet.name, n_dumps, f"measure {seed}")) for m in MANNERS}
        elsewhere = {style: list(build_dumps(outlet.others, style, n_dumps, seed)) for style in STYLES}
        before = {name: score_dumps(model, some) for name, some in (at_home | elsewhere).items()}
        trials = []
        for way in WAYS:
            began = perf_counter()
            refined = refine(
                model,
                [] if way == "articles" else dumps,
                {} if way == "articles" else decided,
                None if way == "decisions" else outlet.first,
                prose=load_prose(),
                seed=seed,
            ).model
            seconds = perf_counter() - began
            changes = {
                name: [Change(*pair) for pair in zip(before[name], score_dumps(refined, some), strict=True)]
                for name, some in (at_home | elsewhere).items()
            }
            trials.append(
                Trial(
                    outlet.name,
                    way,
                    {manner: changes[manner] for manner in MANNERS},
                    {style: changes[style] for style in STYLES},
                    0 if way == "articles" else sum(map(len, decided.values())),
                    0 if way == "decisions" else len(outlet.first.articles),
                    seconds,
                )
            )
    return trials


# All of them


def main(options: argparse.Namespace) -> None:
    """Print both tables, and write the same figures as JSON where that was asked for."""
    model = load_model(options.model)
    about = describe_run()
    print(f"Model {model.id}, part {options.part}, {options.decisions} decisions, {options.seeds} seeds")
    print(", ".join(f"{key} {value}" for key, value in about.items()))
    results = measure(model.segmentation, options)
    if options.json is not None:
        write_text(options.json, json.dumps({"model": model.id, **about, **results}, indent=1) + "\n")


def measure(model: SegmentationModel, options: argparse.Namespace) -> dict[str, Any]:
    """All outlets and seeds, as tables and as plain numbers."""
    say("reading corpora")
    part: Part = options.part
    outlets = list_outlets(read_corpora(options.shared / "data").part(part))[: options.outlets]
    if not outlets:
        raise TopicsError(f"{options.shared}: no {part} outlet with {MIN_ARTICLES} articles. Name another folder.")
    work = [(outlet, seed) for seed in range(options.seeds) for outlet in outlets]
    trials: list[Trial] = []
    calls = (delayed(try_outlet)(model, o, seed, options.dumps, options.decisions) for o, seed in work)
    for done in Parallel(n_jobs=options.jobs, return_as="generator")(calls):
        trials += done
        say(f"{done[0].outlet}: " + ", ".join(f"{trial.way} {trial.seconds:.0f} s" for trial in done))
    return {"at_home": report_at_home(outlets, trials), "elsewhere": report_elsewhere(trials)}


def report_at_home(outlets: Sequence[Outlet], trials: Sequence[Trial]) -> list[dict[str, Any]]:
    """F1 on unseen dumps of the outlet before, and what each way of learning adds to it."""
    rows, figures = [], []
    for name in (*(outlet.name for outlet in outlets), "all"):
        for manner in MANNERS:
            cells = []
            for way in WAYS:
                own = [t for t in trials if t.way == way and name in (t.outlet, "all")]
                cell, numbers = _spell([change for trial in own for change in trial.at_home[manner]])
                cells.append(cell)
                figures.append({"outlet": name, "manner": manner, "way": way, **numbers})
            rows.append([name, manner, f"{figures[-1]['before']:.3f}", *cells])
    n_articles = {t.outlet: t.n_articles for t in trials if t.n_articles}
    print_table(
        "Unseen dumps of the same outlet: F1 before, and what is gained, with 95% intervals over dumps",
        ["outlet", "dumps", "before", *WAYS],
        rows,
        "Articles: " + ", ".join(f"{name} {n}" for name, n in n_articles.items()) + ". Decisions: "
        f"{min(t.n_decisions for t in trials if t.n_decisions)} or more.",
    )
    return figures


def report_elsewhere(trials: Sequence[Trial]) -> list[dict[str, Any]]:
    """The same on the five styles, from all outlets but the one that was learned from."""
    rows, figures = [], []
    for style in (*STYLES, "all"):
        cells = []
        for way in WAYS:
            styles = STYLES if style == "all" else (style,)
            changes = [c for t in trials if t.way == way for name in styles for c in t.elsewhere[name]]
            cell, numbers = _spell(changes)
            cells.append(cell)
            figures.append({"style": style, "way": way, **numbers})
        rows.append([style, f"{figures[-1]['before']:.3f}", *cells])
    print_table("The five styles, from all other outlets: F1 before, and the change", ["style", "before", *WAYS], rows)
    return figures


def _spell(changes: Sequence[Change]) -> tuple[str, dict[str, Any]]:
    whole = sum_scores(changes)
    low, high = bootstrap_interval(changes, attrgetter("gain"))
    cell = f"{whole.gain:+.3f} [{low:+.3f}, {high:+.3f}]"
    return cell, {"before": whole.before.f1, "after": whole.after.f1, "gain": whole.gain, "interval": (low, high)}


if __name__ == "__main__":
    parser = new_parser(str(__doc__))
    parser.add_argument("--model", help="model folder or name (default: the model named default)")
    parser.add_argument("--part", choices=("train", "dev", "test"), default="test", help="outlets to take (test)")
    parser.add_argument("--outlets", type=int, default=5, help="how many, the largest first (5)")
    parser.add_argument("--seeds", type=int, default=2, help="times that each is tried (2)")
    parser.add_argument("--dumps", type=int, default=24, help="dumps of each manner and style to measure on (24)")
    parser.add_argument("--decisions", type=int, default=100, help="decisions that the person makes (100)")
    parser.add_argument("--jobs", type=int, default=2, help="processes (2)")
    parser.add_argument("--json", type=Path, help="write the figures to this file too")
    run_script(main, parser.parse_args())
