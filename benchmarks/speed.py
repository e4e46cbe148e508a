"""How long a user waits: start, a whole run on the real dumps, and throughput beside scikit-learn's.

    python benchmarks/speed.py [SHARED] [--model MODEL]

Times of whole processes are medians of five after one that is not counted. Throughput is a ratio to
scikit-learn's TF-IDF and logistic regression scoring the same text in the same run, so that it can be compared
between machines. docs/benchmarks.md defines every figure.
"""

from __future__ import annotations

import argparse
import gzip
import json
import subprocess
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from statistics import median
from time import perf_counter
from typing import Any

from shared import ROOT, describe_run, new_parser, print_table, read_text_dumps, run_script, say

from topics.bundle import Model, load_model
from topics.errors import TopicsError
from topics.labels.importing import read_record_gold
from topics.pipeline import classify_dump
from topics.records import Dump

N_RUNS = 5
SLICE_CHARACTERS = 400_000  # of text that one round scores; the next round has other text
ARTICLES_A_DUMP = 12


def main(options: argparse.Namespace) -> None:
    """Print the times of processes, then throughput."""
    print(", ".join(f"{key} {value}" for key, value in describe_run().items()))
    report_processes(options.shared / "seeds", options.model)
    report_throughput(options.shared, load_model(options.model))


# Whole processes


def report_processes(seeds: Path, model: str | None) -> None:
    """Wall time of the command line, from the start of the process to its end."""
    topics = _find_command()
    named = ["--model", model] if model else []
    commands = {
        "python, nothing done": [sys.executable, "-c", "pass"],
        "topics --help": [*topics, "--help"],
        "topics classify, one word": [*topics, "classify", "-", "--format", "jsonl", *named],
        "topics classify, real dumps": [*topics, "classify", str(seeds), "--format", "jsonl", *named],
    }
    rows = []
    for name, command in commands.items():
        say(f"timing {name}")
        times = time_process(command)
        rows.append([name, f"{1e3 * median(times):.0f}", f"{1e3 * min(times):.0f}", f"{1e3 * max(times):.0f}"])
    print_table(
        f"Milliseconds from start to end of a process, {N_RUNS} runs", ["process", "median", "least", "most"], rows
    )


def time_process(command: Sequence[str]) -> list[float]:
    """Seconds of each of the counted runs; what the command prints is thrown away."""
    times = []
    for _ in range(N_RUNS + 1):
        at = perf_counter()
        done = subprocess.run(command, cwd=ROOT, input=b"word\n", capture_output=True)
        times.append(perf_counter() - at)
        if done.returncode:
            said = done.stderr.decode(errors="replace").strip().split("\n")[-1]
            raise TopicsError(f"{' '.join(command)}: exit code {done.returncode} ({said}). Run it by itself.")
    return times[1:]


def _find_command() -> list[str]:
    """The installed command, where it stands beside this Python; else the module."""
    installed = Path(sys.executable).with_name("topics")
    return [str(installed)] if installed.is_file() else [sys.executable, "-m", "topics"]


# Throughput


def report_throughput(shared: Path, model: Model) -> None:
    """Ours from raw text to rows, theirs from the same text to probabilities alone."""
    say("fitting scikit-learn")
    score = fit_sklearn(shared)
    seeds = read_text_dumps(shared / "seeds")
    slices = read_slices(shared / "data" / "bbc2004.jsonl.gz", N_RUNS + 1)
    rows = []
    for name, rounds in {
        "real dumps, the same each round": [seeds] * (N_RUNS + 1),
        "mixed dumps, others each round": slices,
    }.items():
        say(f"throughput: {name}")
        timed = [time_both(dumps, model, score) for dumps in rounds][1:]
        n_bytes = [sum(len(dump.text.encode()) for dump in dumps) for dumps in rounds][1:]
        ours = median(n / a for n, (a, _) in zip(n_bytes, timed, strict=True))
        theirs = median(n / b for n, (_, b) in zip(n_bytes, timed, strict=True))
        ratio = median(b / a for a, b in timed)
        rows.append([name, f"{median(n_bytes):,.0f}", f"{ours / 1e6:.3f}", f"{theirs / 1e6:.3f}", f"{ratio:.3f}"])
    print_table(
        f"Throughput on one core, MB/s, medians of {N_RUNS} rounds after one",
        ["text", "bytes a round", "topics, raw text to rows", "scikit-learn, segments to scores", "ratio"],
        rows,
        "Ours cuts, strips furniture and tags; scikit-learn only scores the segments that ours has cut.",
    )


def time_both(dumps: Sequence[Dump], model: Model, score: Callable[[list[str]], Any]) -> tuple[float, float]:
    """Seconds of ours and of theirs on the same text, one after the other."""
    at = perf_counter()
    rows = [row for dump in dumps for row in classify_dump(dump, model, decided={})]
    between = perf_counter()
    score([row["text"] for row in rows])  # segments tile the dumps: all bytes are in them
    return between - at, perf_counter() - between


def fit_sklearn(shared: Path) -> Callable[[list[str]], Any]:
    """TF-IDF of words and pairs and logistic regression, with their defaults, from the labelled news."""
    from sklearn.feature_extraction.text import TfidfVectorizer
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline

    pieces = read_record_gold(shared / "gold/news_2025-05-21.tsv", shared / "data/news_2025-05-21.jsonl.gz")
    labelled = [piece for piece in pieces if piece.topic is not None]
    pipeline = make_pipeline(TfidfVectorizer(ngram_range=(1, 2)), LogisticRegression())
    pipeline.fit([piece.dump.text for piece in labelled], [piece.topic for piece in labelled])
    predict_proba: Callable[[list[str]], Any] = pipeline.predict_proba
    return predict_proba


def read_slices(path: Path, n_slices: int) -> list[list[Dump]]:
    """Dumps of a dozen articles each, a paragraph a line, in slices of about equal length and other text each."""
    with gzip.open(path, "rt", encoding="utf-8") as lines:
        texts = [record["text"] for record in map(json.loads, lines)]
    slices: list[list[Dump]] = [[]]
    n_characters = 0
    for k in range(0, len(texts), ARTICLES_A_DUMP):
        if n_characters >= SLICE_CHARACTERS:
            if len(slices) == n_slices:
                break
            slices.append([])
            n_characters = 0
        dump = Dump(f"mixed-{k}", "\n".join(texts[k : k + ARTICLES_A_DUMP]))
        slices[-1].append(dump)
        n_characters += len(dump.text)
    return slices


if __name__ == "__main__":
    parser = new_parser(str(__doc__))
    parser.add_argument("--model", help="model folder or name (default: the model named default)")
    run_script(main, parser.parse_args())
