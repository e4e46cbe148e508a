"""From raw dumps to topics: the real dumps, and those of our own sample dumps that nothing is trained on.

    python benchmarks/endtoend.py [SHARED] [--model MODEL] [--leave-out seeds-2026-01]

The shipped model has learned topics from labels on the real dumps; with ``--leave-out`` a topic model is first
trained without them, into a temporary folder, with the boundaries and word vectors of the model given.
docs/benchmarks.md defines every figure.
"""

from __future__ import annotations

import argparse
import io
import tempfile
from bisect import bisect_right
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from shared import ROOT, describe_run, new_parser, print_table, read_text_dumps, run_script, say

from topics.bundle import Model, load_model
from topics.errors import TopicsError
from topics.evaluation import BoundaryScores, EvaluationReport, GoldDump, evaluate, read_gold
from topics.evaluation.ratios import share
from topics.pipeline import classify_dump
from topics.records import Dump
from topics.training import train

__all__ = ["count_right_lines"]

Row = Mapping[str, Any]
Column = dict[str, str]  # a figure's name -> what it is for one set of dumps

SEED_LABELS = "seeds-2026-01"  # the label file on the real dumps


def main(options: argparse.Namespace) -> None:
    """Train if asked to, measure on both sets, print one table."""
    with tempfile.TemporaryDirectory(prefix="topics-benchmark-") as folder:
        model = train_without(options.leave_out, options.model, Path(folder)) if options.leave_out else None
        model = model or load_model(options.model)
        sets = {
            "real dumps": (options.shared / "seeds", options.shared / "gold" / "seeds.jsonl"),
            "own, held out": (ROOT / "seeds", ROOT / "tests" / "quality" / "held_out.jsonl"),
        }
        columns = {name: measure_set(read_text_dumps(texts), gold, model) for name, (texts, gold) in sets.items()}
    learned = sorted(Path(name).stem for name in model.manifest.get("labels", {}))
    print(f"Model {model.id}, topics from {', '.join(learned) or 'no label files'}")
    print(", ".join(f"{key} {value}" for key, value in describe_run().items()))
    names = list(next(iter(columns.values())))
    print_table(
        "From raw text to topics",
        ["figure", *columns],
        [[name, *(column[name] for column in columns.values())] for name in names],
        f"The topics of the real dumps were learned from: {SEED_LABELS} is among the labels."
        if SEED_LABELS in learned
        else "",
    )


def train_without(leave_out: Sequence[str], base: str | None, folder: Path) -> Model:
    """The topic model of all label files but these; boundaries and word vectors are those of ``base``."""
    for name in leave_out:
        if not (ROOT / "labels" / f"{name}.jsonl").is_file():
            raise TopicsError(f'labels: no file "{name}.jsonl" to leave out. Give its name without the suffix.')
    say(f"training topics without {', '.join(leave_out)}")
    report = train(ROOT / "labels", folder / "model", base=base, leave_out=leave_out, on_progress=say)
    for problem in report.problems:
        say(problem)
    return load_model(folder / "model")


def measure_set(dumps: Sequence[Dump], gold: Path, model: Model) -> Column:
    """All figures of one set of dumps."""
    report = evaluate(dumps, gold, model, decided={})
    by_name = {dump.name: dump for dump in dumps}
    n_lines = n_right = 0
    for name, true in read_gold(gold, dumps).items():
        counted = count_right_lines(true, by_name[name].text, classify_dump(by_name[name], model, decided={}))
        n_lines, n_right = n_lines + counted[0], n_right + counted[1]
    return {
        "dumps": str(report.n_dumps),
        **_spell_boundaries(report.boundaries),
        "lines, topic right": _spell_share(n_right, n_lines),
        **_spell_topics(report),
    }


def count_right_lines(gold: GoldDump, text: str, rows: Sequence[Row]) -> tuple[int, int]:
    """Non-blank physical lines inside the gold, and how many of them stand under a right topic.

    Right is the primary topic or a secondary one of the gold segment that the line begins in; where that has
    no topic, none is right.
    """
    gold_starts = [segment.start for segment in gold.segments]
    row_starts = [row["start"] for row in rows]
    n_lines = n_right = at = 0
    for line in io.StringIO(text, newline=""):  # as it stands: no line end is changed
        offset = at + len(line) - len(line.lstrip())
        at += len(line)
        i, j = bisect_right(gold_starts, offset) - 1, bisect_right(row_starts, offset) - 1
        if not line.strip() or i < 0 or offset >= gold.segments[i].end:
            continue
        segment = gold.segments[i]
        shown = rows[j]["topic"] if j >= 0 and offset < rows[j]["end"] else None
        n_lines += 1
        n_right += shown is None if segment.topic is None else shown in (segment.topic, *segment.also)
    return n_lines, n_right


def _spell_boundaries(scores: BoundaryScores | None) -> Column:
    if scores is None:  # the gold leaves text out
        return dict.fromkeys(("interior boundaries", "found", "false", "boundary F1", "boundary F1 in the lead"), "")
    return {
        "interior boundaries": str(scores.n_true),
        "found": str(scores.n_hits),
        "false": str(scores.n_found - scores.n_hits),
        "boundary F1": f"{scores.f1:.3f}",
        "boundary F1 in the lead": f"{scores.f1_lenient:.3f}",
    }


def _spell_topics(report: EvaluationReport) -> Column:
    topics, whole = report.topics, report.end_to_end
    column = {}
    if topics is not None:
        scores = topics.shown
        column["true segments, primary topic right"] = _spell_share(scores.n_right, scores.n)
        column["true segments, primary or secondary"] = _spell_share(scores.n_right + scores.n_secondary, scores.n)
        column["true segments, macro-F1"] = f"{scores.macro_f1:.3f}"
        column["true segments, ECE"] = f"{scores.calibration.ece:.3f}"
    if whole is not None:
        column["text, primary topic right"] = f"{whole.body_share:.3f}"
        column["text, primary or secondary"] = f"{whole.body_share_with_secondary:.3f}"
        column["text, macro-F1"] = f"{whole.macro_f1:.3f}"
        column["predicted segments, ECE"] = f"{whole.ece:.3f}"
    return column


def _spell_share(part: int, whole: int) -> str:
    return f"{part} of {whole} ({share(part, whole, empty=0.0):.3f})"


if __name__ == "__main__":
    parser = new_parser(str(__doc__))
    parser.add_argument("--model", help="model folder or name (default: the model named default)")
    parser.add_argument(
        "--leave-out", action="append", default=[], metavar="LABELS", help="train first, without this label file"
    )
    run_script(main, parser.parse_args())
