"""Boundaries on dumps of five styles, on Choi's data set and on whole dumps, beside three published methods.

    python benchmarks/segmentation.py [SHARED] [--model MODEL] [--dumps 60] [--peer-dumps 24] [--part test]
        [--json FILE] [--no-peers]

The five styles are mixed from articles of outlets that training never sees. All methods get the same
paragraphs of the same dumps and none is told how many pieces there are. docs/benchmarks.md defines every
figure.
"""

from __future__ import annotations

import argparse
import gzip
import json
from bisect import bisect_right
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import accumulate
from operator import attrgetter
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from peers import segment_c99, segment_texttiling, segment_utiyama_isahara
from reader import READER, read_starts
from shared import ROOT, describe_run, new_parser, print_table, read_text_dumps, run_script, say
from stages import STAGES, compare_speed, segment_nltk_texttiling, time_stages

from topics.bundle import load_model
from topics.evaluation import (
    BoundaryScores,
    Calibration,
    ReliabilityBin,
    bootstrap_interval,
    compare_boundaries,
    read_gold,
    sum_scores,
)
from topics.evaluation.boundaries import match_ranges
from topics.records import Paragraph
from topics.segmentation import SegmentationModel
from topics.segmentation.training.corpora import read_corpora
from topics.segmentation.training.measure import find_starts, locate_starts, score_dump
from topics.segmentation.training.pieces import MixedDump, Origin
from topics.segmentation.training.styles import STYLES, build_dumps
from topics.writers.atomic import write_text

Peer = Callable[[list[str]], list[int]]
Scores = dict[str, list[BoundaryScores]]  # by method, one for each dump

OURS = "topics"
PEERS: Mapping[str, Peer] = {
    "TextTiling (nltk)": segment_texttiling,
    "C99": segment_c99,
    "Utiyama-Isahara": segment_utiyama_isahara,
}
FIGURES = {  # property of BoundaryScores -> column
    "f1": "F1",
    "f1_lenient": "F1 in the lead",
    "pk": "Pk",
    "window_diff": "WindowDiff",
    "similarity": "B",
}
LEAST_CANDIDATE = 0.05
N_BINS = 15
N_TIMED = 1  # dumps of each style that TextTiling as nltk has it is timed on: it is quadratic


def main(options: argparse.Namespace) -> None:
    """Print all tables, and write the same figures as JSON where that was asked for."""
    model = load_model(options.model)
    peers = {} if options.no_peers else PEERS
    about = describe_run()
    print(f"Model {model.id}, part {options.part}, {options.dumps} dumps of each style")
    print(", ".join(f"{key} {value}" for key, value in about.items()))
    results: dict[str, Any] = {"model": model.id, "part": options.part, "n_dumps": options.dumps, **about}

    say("reading corpora")
    corpora = read_corpora(options.shared / "data").part(options.part)
    by_style: dict[str, Scores] = {}
    cuts: dict[str, list[Cut]] = {}
    timed: list[list[str]] = []
    for style in STYLES:
        say(f"{style}: {options.dumps} dumps")
        cuts[style] = cut_all(build_dumps(corpora, style, options.dumps), model.segmentation)
        by_style[style] = score_all(cuts[style], peers, options.peer_dumps)
        timed.append([cut.dump.text for cut in cuts[style][: options.peer_dumps]])
    results["styles"] = report_styles(by_style)
    results["origins"] = report_origins({style: score_origins(of_style) for style, of_style in cuts.items()})
    results["read"] = report_reader({style: score_reader(of_style) for style, of_style in cuts.items()})
    results["calibration"] = report_calibration(cuts, model.segmentation)

    say(f"Choi's data set: {options.choi} files")
    choi = read_choi(options.shared / "data" / "choi.jsonl.gz", options.choi)
    by_set = {name: score_all(cut_all(dumps, model.segmentation), peers) for name, dumps in choi.items()}
    results["choi"] = report_choi(by_set)

    seeds, held_out = options.shared / "gold" / "seeds.jsonl", ROOT / "tests" / "quality" / "held_out.jsonl"
    results["seeds"] = report_dumps("Real dumps", options.shared / "seeds", seeds, model.segmentation, peers)
    results["own"] = report_dumps("Own dumps, held out", ROOT / "seeds", held_out, model.segmentation, peers)
    results["speed"] = report_speed(model.segmentation, timed, with_peer=bool(peers))
    if options.json is not None:
        write_text(options.json, json.dumps(results, indent=1) + "\n")


# The five styles


@dataclass(frozen=True, slots=True)
class Cut:
    """A dump, its paragraphs, and which of them ours starts a piece at."""

    dump: MixedDump
    paragraphs: list[Paragraph]
    starts: list[int]


def cut_all(dumps: Iterable[MixedDump], model: SegmentationModel) -> list[Cut]:
    """Every dump as ours cuts it."""
    return [Cut(dump, *find_starts(dump.text, model)) for dump in dumps]


def score_all(cuts: Sequence[Cut], peers: Mapping[str, Peer], n_for_peers: int | None = None) -> Scores:
    """Ours on every dump, the peers, which are slow, on every one of the first ``n_for_peers``."""
    scores: Scores = {OURS: [score_dump(cut.dump, cut.paragraphs, cut.starts) for cut in cuts]}
    for name, segment in peers.items():
        scores[name] = [
            score_dump(cut.dump, cut.paragraphs, segment([cut.dump.text[p.start : p.end] for p in cut.paragraphs]))
            for cut in cuts[:n_for_peers]
        ]
    return scores


def score_origins(cuts: Iterable[Cut]) -> dict[Origin, BoundaryScores]:
    """Ours in the lead, by article or page: whether its start was found, and what false starts stand in it."""
    scores: dict[Origin, BoundaryScores] = {}

    def count(origin: Origin | None, **counts: int) -> None:
        if origin is not None:
            scores[origin] = scores.get(origin, BoundaryScores()) + BoundaryScores(**counts)

    for cut in cuts:
        gold, ranges = locate_starts(cut.dump, cut.paragraphs)
        pieces = dict(
            zip(gold, zip(cut.dump.origins, ranges, strict=True), strict=True)
        )  # of two at one place the last
        count(pieces.pop(0)[0])  # a dump's first piece starts anyway
        found = [start for start in cut.starts if start]
        taken = match_ranges([accepted for _, accepted in pieces.values()], found)
        for (origin, _), start in zip(pieces.values(), taken, strict=True):
            hit = int(start is not None)
            count(origin, n_true=1, n_found=hit, n_hits_lenient=hit)
        for start in set(found) - set(taken):
            count(cut.dump.origins[bisect_right(gold, start) - 1], n_found=1)
    return scores


def report_origins(by_origin: Mapping[str, Mapping[Origin, BoundaryScores]]) -> dict[str, Any]:
    """How far F1 in the lead would move with other articles, and with other outlets."""
    figures: dict[str, Any] = {}
    for style, scores in by_origin.items():
        outlets: dict[str, BoundaryScores] = {}
        for origin, counted in scores.items():
            outlets[origin.outlet] = outlets.get(origin.outlet, BoundaryScores()) + counted
        f1 = attrgetter("f1_lenient")
        figures[style] = {
            "f1_lenient": sum_scores(list(scores.values())).f1_lenient,
            "n_articles": len(scores),
            "articles": bootstrap_interval(list(scores.values()), f1),
            "n_outlets": len(outlets),
            "outlets": bootstrap_interval(list(outlets.values()), f1),
        }
    print_table(
        "F1 in the lead, with 95% intervals over articles and pages, and over outlets",
        ["style", "F1 in the lead", "articles or pages", "over these", "outlets", "over these"],
        [
            [style, f"{f['f1_lenient']:.3f}"]
            + [
                cell
                for key in ("articles", "outlets")
                for cell in (str(f[f"n_{key}"]), "[{:.3f}, {:.3f}]".format(*f[key]))
            ]
            for style, f in figures.items()
        ],
    )
    return figures


def score_reader(cuts: Iterable[Cut]) -> Scores:
    """The reader and ours on the dumps that were read."""
    scores: Scores = {READER: [], OURS: []}
    for cut in cuts:
        read = read_starts(cut.dump.text)
        if read is not None:
            begins = [paragraph.start for paragraph in cut.paragraphs]
            starts = [bisect_right(begins, at) - 1 for at in read]
            scores[READER].append(score_dump(cut.dump, cut.paragraphs, starts))
            scores[OURS].append(score_dump(cut.dump, cut.paragraphs, cut.starts))
    return scores


def report_reader(read: Mapping[str, Scores]) -> dict[str, Any]:
    """F1 in the lead on what was read, by style; nothing where nothing was."""
    wholes = {
        style: {name: sum_scores(of_dumps) for name, of_dumps in scores.items()}
        for style, scores in read.items()
        if scores[READER]
    }
    if wholes:
        print_table(
            "A careful reader, and ours on the same dumps",
            ["style", "dumps", "boundaries", "reader: F1", "in the lead", "topics: F1", "in the lead"],
            [
                [style, str(len(read[style][READER])), str(whole[READER].n_true)]
                + [f"{figure:.3f}" for s in whole.values() for figure in (s.f1, s.f1_lenient)]
                for style, whole in wholes.items()
            ],
        )
    return {style: {name: s.to_dict() for name, s in whole.items()} for style, whole in wholes.items()}


def report_styles(by_style: Mapping[str, Scores]) -> dict[str, Any]:
    """Ours with intervals, then one table a figure with every method in it."""
    rows = []
    figures: dict[str, Any] = {}
    for style, scores in by_style.items():
        whole = sum_scores(scores[OURS])
        intervals = {key: bootstrap_interval(scores[OURS], attrgetter(key)) for key in FIGURES}
        cells = [f"{getattr(whole, key):.3f} [{low:.3f}, {high:.3f}]" for key, (low, high) in intervals.items()]
        rows.append([style, str(whole.n_true), *cells])
        figures[style] = {name: sum_scores(of_dumps).to_dict() for name, of_dumps in scores.items()}
        figures[style][OURS]["intervals"] = intervals
    print_table("Boundaries by style, with 95% intervals over dumps", ["style", "boundaries", *FIGURES.values()], rows)
    methods = list(next(iter(by_style.values())))
    n_common = min(len(of_dumps) for scores in by_style.values() for of_dumps in scores.values())
    for key in ("f1", "f1_lenient", "pk") if len(methods) > 1 else ():
        rows = [
            [name, *(f"{getattr(sum_scores(scores[name][:n_common]), key):.3f}" for scores in by_style.values())]
            for name in methods
        ]
        title = f"{FIGURES[key]}, all methods on the same dumps, {n_common} of each style"
        print_table(title, ["method", *by_style], rows)
    return figures


def report_calibration(cuts: Mapping[str, Sequence[Cut]], model: SegmentationModel) -> dict[str, dict[str, float]]:
    """How honest the probabilities of a start are, by style and over all: ECE of the candidates, Brier skill of all."""
    figures = {}
    probabilities: dict[str, list[float]] = {style: [] for style in STYLES}
    truths: dict[str, list[float]] = {style: [] for style in STYLES}
    for style in STYLES:
        for cut in cuts[style]:
            true = {*locate_starts(cut.dump, cut.paragraphs)[0]}
            probabilities[style] += model.score(cut.dump.text).probabilities[1:].tolist()
            truths[style] += [float(i in true) for i in range(1, len(cut.paragraphs))]
    for name in (*STYLES, "all"):
        chosen = STYLES if name == "all" else (name,)
        p = np.array([value for style in chosen for value in probabilities[style]])
        y = np.array([value for style in chosen for value in truths[style]])
        candidates = p > LEAST_CANDIDATE
        calibration = _calibrate(p[candidates], y[candidates])
        figures[name] = {
            "candidates": calibration.n,
            "ece": calibration.ece,
            "ece_by_chance": calibration.ece_by_chance,
            "brier_skill": float(1.0 - ((p - y) ** 2).mean() / (y.mean() * (1.0 - y.mean()))),
        }
    print_table(
        f"Calibration of the probability of a start; candidates are those above {LEAST_CANDIDATE}",
        ["style", "candidates", "ECE", "of honest probabilities, by chance", "Brier skill"],
        [
            [name, str(f["candidates"]), f"{f['ece']:.3f}", f"{f['ece_by_chance']:.3f}", f"{f['brier_skill']:.3f}"]
            for name, f in figures.items()
        ],
    )
    return figures


def _calibrate(p: NDArray[np.float64], y: NDArray[np.float64]) -> Calibration:
    """Probabilities and what came of them, in bins."""
    bins = (p * N_BINS).astype(int).clip(0, N_BINS - 1)
    n, right, told = (np.bincount(bins, weights=each, minlength=N_BINS) for each in (np.ones_like(p), y, p))
    return Calibration(
        tuple(
            ReliabilityBin(k / N_BINS, (k + 1) / N_BINS, int(n[k]), int(right[k]), float(told[k]))
            for k in range(N_BINS)
        ),
        float(((p - y) ** 2).sum()),
    )


# Choi's data set


def read_choi(path: Path, n_files: int) -> dict[str, list[MixedDump]]:
    """About ``n_files`` files, the same number of each set, evenly spread over it; a line is a sentence."""
    by_set: dict[str, list[Mapping[str, Any]]] = {}
    with gzip.open(path, "rt", encoding="utf-8") as lines:
        for line in lines:
            record = json.loads(line)
            by_set.setdefault(record["category"], []).append(record)
    wanted = max(1, round(n_files / len(by_set)))
    chosen = {}
    for name in sorted(by_set, key=lambda name: [int(part) for part in name.split("-")]):
        records = by_set[name]
        n = min(wanted, len(records))
        chosen[name] = [_mix_choi(records[k * len(records) // n]) for k in range(n)]
    return chosen


def _mix_choi(record: Mapping[str, Any]) -> MixedDump:
    lines = record["text"].split("\n")
    offsets = [0, *accumulate(len(line) + 1 for line in lines)]
    firsts = [0, *accumulate(record["seg_lengths"])]
    starts = tuple(offsets[line] for line in firsts[:-1])
    return MixedDump(record["text"], starts, starts, tuple(offsets[line] for line in firsts[1:]))


def report_choi(by_set: Mapping[str, Scores]) -> dict[str, Any]:
    """Pk by set, then Pk and F1 over all files."""
    whole = {name: sum_scores([s for scores in by_set.values() for s in scores[name]]) for name in _methods(by_set)}
    rows = [
        [
            name,
            *(f"{sum_scores(scores[name]).pk:.3f}" for scores in by_set.values()),
            f"{total.pk:.3f}",
            f"{total.f1:.3f}",
        ]
        for name, total in whole.items()
    ]
    n_files = sum(len(scores[OURS]) for scores in by_set.values())
    print_table(
        f"Choi's data set, {n_files} files",
        ["method", *(f"Pk {name}" for name in by_set), "Pk", "F1"],
        rows,
        "Ours has learned from news alone. It is given the lines as the files have them, a tokenised sentence each.",
    )
    return {
        name: {"all": total.to_dict(), **{key: sum_scores(scores[name]).to_dict() for key, scores in by_set.items()}}
        for name, total in whole.items()
    }


def _methods(groups: Mapping[str, Scores]) -> list[str]:
    return list(next(iter(groups.values())))


# Whole dumps with gold


def report_dumps(title: str, texts: Path, gold: Path, model: SegmentationModel, peers: Mapping[str, Peer]) -> Any:
    """Counts over the dumps that the gold speaks of, every method on the same paragraphs."""
    dumps = {dump.name: dump for dump in read_text_dumps(texts)}
    known = read_gold(gold, dumps.values())
    scores: Scores = {name: [] for name in (OURS, *peers)}
    for name, true in known.items():
        text = dumps[name].text
        paragraphs, starts = find_starts(text, model)
        lines = [text[p.start : p.end] for p in paragraphs]
        found = {OURS: starts, **{peer: segment(lines) for peer, segment in peers.items()}}
        for method, indices in found.items():
            rows = [{"start": paragraphs[i].start} for i in sorted({0, *indices})]
            scores[method].append(compare_boundaries(true, text, rows, model.punkt))
    totals = {name: sum_scores(of_dumps) for name, of_dumps in scores.items()}
    print_table(
        f"{title}: {len(known)}, with {totals[OURS].n_true} interior boundaries",
        ["method", "found", "found in the lead", "missed", "false", "F1", "F1 in the lead"],
        [
            [
                name,
                str(s.n_hits),
                str(s.n_hits_lenient),
                str(s.n_true - s.n_hits),
                str(s.n_found - s.n_hits),
                f"{s.f1:.3f}",
                f"{s.f1_lenient:.3f}",
            ]
            for name, s in totals.items()
        ],
    )
    return {name: s.to_dict() for name, s in totals.items()}


# Speed


def report_speed(model: SegmentationModel, texts: Sequence[Sequence[str]], *, with_peer: bool) -> dict[str, Any]:
    """Microseconds a paragraph by stage; and how many times TextTiling's speed ours is."""
    say("timing")
    seconds, n_paragraphs = time_stages(model, [text for of_style in texts for text in of_style])
    each = {stage: 1e6 * seconds[stage] / n_paragraphs for stage in STAGES}
    spelled = ", ".join(f"{stage} {spent:.1f}" for stage, spent in each.items())
    print(f"\nMicroseconds a paragraph ({n_paragraphs:,} paragraphs): {spelled}; in all {sum(each.values()):.1f}")
    figures: dict[str, Any] = {"n_paragraphs": n_paragraphs, "microseconds_by_stage": each}
    if with_peer:
        every = [text for of_style in texts for text in of_style]
        few = [text for of_style in texts for text in of_style[:N_TIMED]]
        rows = []
        for name, chosen, peer in (
            ("TextTiling, blocks compared in arrays", every, segment_texttiling),
            ("TextTiling as nltk has it", few, segment_nltk_texttiling),
        ):
            say(f"timing {name}")
            ours, theirs, ratio = compare_speed(model, chosen, peer)
            rows.append([name, str(len(chosen)), f"{ours / 1e6:.3f}", f"{theirs / 1e6:.4f}", f"{ratio:.1f}"])
            figures[name] = {"n_dumps": len(chosen), "ours": ours, "theirs": theirs, "ratio": ratio}
        print_table(
            "Million characters a second, one core, median of three rounds",
            ["peer", "dumps", OURS, "peer's", "ratio"],
            rows,
        )
    return figures


if __name__ == "__main__":
    parser = new_parser(str(__doc__))
    parser.add_argument("--model", help="model folder or name (default: the model named default)")
    parser.add_argument("--dumps", type=int, default=60, help="dumps of each style (60)")
    parser.add_argument("--peer-dumps", type=int, default=24, help="of these, how many the slow peers get too (24)")
    parser.add_argument("--part", choices=("train", "dev", "test"), default="test", help="outlets to mix from (test)")
    parser.add_argument("--choi", type=int, default=60, help="files of Choi's data set (60)")
    parser.add_argument("--json", type=Path, help="write the figures to this file too")
    parser.add_argument("--no-peers", action="store_true", help="only our own model")
    run_script(main, parser.parse_args())
