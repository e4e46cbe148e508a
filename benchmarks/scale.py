"""How fast, how far: scoring, segmentation, whole runs, growth, workers, clusters, memory and start, each against a
peer.

    python benchmarks/scale.py [SHARED] [--only scoring,segmentation,endtoend,growth,jobs,clusters,memory,start]
                               [--megabytes N] [--memory-megabytes N] [--model MODEL]

Each table is printed in one run, ours and the peer in turn, and gives ratios: medians of the rounds' own. Work in this
process is timed by its CPU seconds, which other work on the machine lengthens less than wall time; processes by wall
time. The load average before each table says how busy the machine was. docs/performance.md defines every figure.
"""

from __future__ import annotations

import argparse
import gzip
import json
import os
import resource
import subprocess
import sys
import tempfile
import warnings
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import islice
from pathlib import Path
from statistics import median
from time import perf_counter, process_time
from typing import Any

from shared import ROOT, describe_run, new_parser, print_table, run_script, say

from topics.bundle import Model, load_model
from topics.errors import TopicsError

DOCUMENT = 2_500  # characters: scoring's texts
MOST_TEXTS = 4_000  # of these: 10 MB, more than any cache holds
LINED = 3_000
DUMPS_OF_STYLE = 40
PARTS = ("scoring", "segmentation", "endtoend", "growth", "jobs", "clusters", "memory", "start")
N_ROUNDS = 5


def main(options: argparse.Namespace) -> None:
    """Print the tables that were asked for."""
    print(", ".join(f"{key} {value}" for key, value in describe_run().items()))
    model = load_model(options.model)
    data = options.shared / "data"
    lined = list(islice(read_articles(data / "articles_allsides.jsonl.gz"), LINED))
    articles = Articles(lined, list(read_articles(data / "news_2025-05-21.jsonl.gz")))
    with tempfile.TemporaryDirectory() as scratch:
        for part in options.only.split(","):
            if part not in PARTS:
                raise SystemExit(f"unknown part {part!r}: {', '.join(PARTS)}")
            say(part)
            print(f"\nload average {os.getloadavg()[0]:.1f} on {os.cpu_count()} processors")
            globals()[f"report_{part}"](model, articles, Path(scratch), options)


@dataclass(frozen=True)
class Articles:
    """Texts with a line a paragraph, and texts without line breaks."""

    lined: list[str]
    flat: list[str]

    @property
    def mixed(self) -> list[str]:
        """As many of both in turn as there are of the fewer."""
        return [text for pair in zip(self.lined, self.flat, strict=False) for text in pair]


def read_articles(path: Path) -> Iterator[str]:
    """Texts of whole articles."""
    with gzip.open(path, "rt", encoding="utf-8") as lines:
        for line in lines:
            yield json.loads(line)["text"]


def in_turn(calls: dict[str, Callable[[], Any]], clock: Callable[[], float] = process_time) -> dict[str, list[float]]:
    """Seconds of each call in each round, after one that is not counted."""
    spent: dict[str, list[float]] = {name: [] for name in calls}
    for number in range(N_ROUNDS + 1):
        for name, call in calls.items():
            at = clock()
            call()
            if number:
                spent[name].append(clock() - at)
    return spent


def against(spent: dict[str, list[float]], ours: str, theirs: str) -> float:
    """How many times as fast ours is: the median of the rounds' ratios."""
    return median(b / a for a, b in zip(spent[ours], spent[theirs], strict=True))


# Scoring


def report_scoring(model: Model, articles: Articles, scratch: Path, options: argparse.Namespace) -> None:
    """Lists of texts to probabilities: ours, scikit-learn with the same terms, its default pipeline, fastText."""
    import numpy as np
    from sklearn.feature_extraction.text import TfidfVectorizer
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline

    from topics.classification.analyzer import count_terms
    from topics.classification.scoring import Scorer

    whole = [*articles.flat, *articles.lined]
    texts = [text[k : k + DOCUMENT] for text in whole for k in range(0, len(text) - DOCUMENT + 1, DOCUMENT)][
        :MOST_TEXTS
    ]
    n_bytes = sum(len(text.encode()) for text in texts)
    n_topics = len(model.topics.slugs)
    scores, _ = model.topics.scorer.score([(None, text) for text in texts])
    slugs = [model.topics.slugs[k] for k in scores[:, :n_topics].argmax(axis=1)]
    plain = make_pipeline(TfidfVectorizer(ngram_range=(1, 2)), LogisticRegression(max_iter=20))
    same = make_pipeline(
        TfidfVectorizer(analyzer=lambda text: list(expand(count_terms(None, text).body)), sublinear_tf=True, min_df=2),
        LogisticRegression(max_iter=20),
    )
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # twenty steps are enough for a peer that is only timed
        for pipeline in (plain, same):
            pipeline.fit(texts, slugs)
    vectorizer, layer = same[0], same[1]
    scorer = Scorer(
        vectorizer.get_feature_names_out().tolist(),
        vectorizer.idf_,
        layer.coef_.T.astype(np.float32),
        layer.intercept_,
        1,
    )
    pieces = [(None, text) for text in texts]

    def ours() -> Any:
        z = scorer.score(pieces)[0]
        e = np.exp(z - z.max(axis=1, keepdims=True))
        return e / e.sum(axis=1, keepdims=True)

    layer.coef_ = layer.coef_.astype(np.float32).astype(np.float64)
    expected = same.predict_proba(texts)
    error = float(np.abs(ours() - expected).max())
    changed = int((ours().argmax(1) != expected.argmax(1)).sum())
    calls: dict[str, Callable[[], Any]] = {
        "topics": ours,
        "scikit-learn, same terms": lambda: same.predict_proba(texts),
        "scikit-learn, its defaults": lambda: plain.predict_proba(texts),
    }
    calls |= fasttext_call(texts, slugs, scratch)
    spent = in_turn(calls)
    print_table(
        f"Scoring {len(texts):,} texts of {DOCUMENT:,} characters, {len(layer.classes_)} topics, one core",
        ["", "MB/s", "topics is faster by"],
        [
            [name, f"{n_bytes / median(s) / 1e6:.1f}", f"{against(spent, 'topics', name):.1f}"]
            for name, s in spent.items()
        ],
        "Greatest difference of a probability from scikit-learn's on the same terms: "
        f"{error:.1e}; labels changed: {changed}.",
    )


def expand(counts: Any) -> Iterator[str]:
    for term, n in counts.items():
        for _ in range(n):
            yield term


def fasttext_call(texts: Sequence[str], slugs: Sequence[str], scratch: Path) -> dict[str, Callable[[], Any]]:
    """fastText's own predict, where it is installed."""
    try:
        import fasttext
    except ImportError:
        say("fastText is not installed (pip install fasttext): left out")
        return {}
    lines = [" ".join(text.split()) for text in texts]
    path = scratch / "fasttext.txt"
    path.write_text("\n".join(f"__label__{s} {line}" for s, line in zip(slugs, lines, strict=True)), "utf-8")
    trained = fasttext.train_supervised(str(path), wordNgrams=2, epoch=3, thread=1, verbose=0)
    return {"fastText": lambda: trained.predict(lines)}


# Segmentation


def report_segmentation(model: Model, articles: Articles, scratch: Path, options: argparse.Namespace) -> None:
    """Dumps of 20 KB: ours from raw text to segments, TextTiling and Utiyama-Isahara from paragraphs to starts."""
    from peers import segment_utiyama_isahara
    from stages import segment_nltk_texttiling

    from topics.paragraphs import split_paragraphs
    from topics.records import Dump
    from topics.segmentation import segment_dump

    dumps = cut_dumps(articles.mixed, 20_000)[:6]
    n = sum(map(len, dumps))
    paragraphs = [[text[p.start : p.end] for p in split_paragraphs(text, model.segmentation.punkt)] for text in dumps]
    spent = in_turn(
        {
            "topics": lambda: [segment_dump(Dump("", text), model.segmentation) for text in dumps],
            "Utiyama-Isahara": lambda: [segment_utiyama_isahara(each) for each in paragraphs],
            "TextTiling (nltk)": lambda: [segment_nltk_texttiling(each) for each in paragraphs],
        }
    )
    print_table(
        "Segmentation of dumps of 20 KB, one core",
        ["", "million characters/s", "topics is faster by"],
        [[name, f"{n / median(s) / 1e6:.3f}", f"{against(spent, 'topics', name):.1f}"] for name, s in spent.items()],
    )


def cut_dumps(articles: Sequence[str], n_characters: int) -> list[str]:
    """Articles one after another, in dumps of about that size."""
    dumps, held = [], ""
    for text in articles:
        held += text.strip() + "\n\n"
        if len(held) >= n_characters:
            dumps.append(held)
            held = ""
    return dumps


# Whole runs


def report_endtoend(model: Model, articles: Articles, scratch: Path, options: argparse.Namespace) -> None:
    """Ours from raw text to JSONL against scikit-learn's classification alone of the same bytes."""
    from speed import fit_sklearn

    from topics.records import Dump

    score = fit_sklearn(options.shared)
    sorts = {
        "a line a paragraph": cut_dumps(articles.lined, 40_000)[:40],
        "no line breaks": cut_dumps(articles.flat, 40_000)[:40],
        **_build_styles(options.shared),
    }
    for name, texts in sorts.items():
        _time_endtoend(model, name, [Dump(f"{k}", text) for k, text in enumerate(texts)], score)


def _build_styles(shared: Path) -> dict[str, list[str]]:
    """Dumps of each style of ``segmentation.py``, about as many bytes of each, by themselves and all together."""
    from topics.segmentation.training.corpora import read_corpora
    from topics.segmentation.training.styles import STYLES, build_dumps

    corpora = read_corpora(shared / "data").part("test")
    built = {style: [dump.text for dump in build_dumps(corpora, style, DUMPS_OF_STYLE)] for style in STYLES}
    n_characters = min(sum(map(len, texts)) for texts in built.values())
    styles = {f"style {style}": _take(texts, n_characters) for style, texts in built.items()}
    return {"the five styles": [text for texts in styles.values() for text in texts], **styles}


def _take(texts: Sequence[str], n_characters: int) -> list[str]:
    """The first texts that have together so many characters, the last one cut."""
    taken = []
    for text in texts:
        if n_characters > 0:
            taken.append(text[:n_characters])
            n_characters -= len(text)
    return taken


def _time_endtoend(model: Model, style: str, dumps: Sequence[Any], score: Callable[[list[str]], Any]) -> None:
    from topics.pipeline import classify_dump
    from topics.writers.jsonl import encode_row

    n_bytes = sum(len(dump.text.encode()) for dump in dumps)
    texts = [row["text"] for dump in dumps for row in classify_dump(dump, model, decided={})]
    spent = in_turn(
        {
            "topics, raw text to JSONL": lambda: [
                encode_row(row) for dump in dumps for row in classify_dump(dump, model, decided={})
            ],
            "scikit-learn, segments to scores": lambda: score(texts),
        }
    )
    print_table(
        f"End to end, one core: {style}",
        ["", "MB/s", "topics is faster by"],
        [
            [name, f"{n_bytes / median(s) / 1e6:.2f}", f"{against(spent, 'topics, raw text to JSONL', name):.2f}"]
            for name, s in spent.items()
        ],
    )
    report_stages(model, dumps, n_bytes)


def report_stages(model: Model, dumps: Sequence[Any], n_bytes: int) -> None:
    """Where the time of a row goes."""
    from stages import time_stages

    from topics.pipeline import classify, segment
    from topics.records import to_row
    from topics.writers.jsonl import encode_row

    seconds, _ = time_stages(model.segmentation, [dump.text for dump in dumps])
    found = [segment(dump, model, decided={}) for dump in dumps]
    predicted = [classify(segments, model) for segments in found]
    pairs = [pair for s, p in zip(found, predicted, strict=True) for pair in zip(s, p, strict=True)]
    rows = [to_row(s, p) for s, p in pairs]
    spent = in_turn(
        {
            "segmentation, all of it": lambda: [segment(dump, model, decided={}) for dump in dumps],
            "classification": lambda: [classify(segments, model) for segments in found],
            "records": lambda: [to_row(s, p) for s, p in pairs],
            "JSON": lambda: [encode_row(row) for row in rows],
        }
    )
    table = [[f"of it {name}", f"{1e9 * s / n_bytes:.1f}"] for name, s in seconds.items()]
    whole = [[name, f"{1e9 * median(s) / n_bytes:.1f}"] for name, s in spent.items()]
    print_table("Where it goes: nanoseconds a byte", ["stage", "ns"], [whole[0], *table, *whole[1:]])


# Growth, workers, clusters


def write_dumps(folder: Path, articles: Sequence[str], megabytes: float) -> Path:
    """A folder of dumps of about 100 KB each; no two have the same text."""
    folder.mkdir(parents=True, exist_ok=True)
    dumps, n, k = cut_dumps(articles, 100_000), 0, 0
    while n < megabytes * 1e6:
        text = f"Wire number {k}\n\n{dumps[k % len(dumps)]}"
        (folder / f"{k:06}.txt").write_text(text, "utf-8")
        n += len(text.encode())
        k += 1
    return folder


def run_topics(*words: str | Path) -> tuple[float, float]:
    """Wall seconds of a command, and the peak memory in MB of the largest process so far."""
    command = [sys.executable, "-m", "topics", *map(str, words)]
    with tempfile.TemporaryFile() as said:  # a pipe stays open as long as any process of the command's has it
        at = perf_counter()
        done = subprocess.run(command, cwd=ROOT, stdout=subprocess.DEVNULL, stderr=said)
        seconds = perf_counter() - at
        if done.returncode:
            said.seek(0)
            raise TopicsError(f"{' '.join(command)}: {said.read().decode(errors='replace').strip()}")
    return seconds, resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024


def report_growth(model: Model, articles: Articles, scratch: Path, options: argparse.Namespace) -> None:
    """A run of ten times as much."""
    table, size = [], 1.0
    while size <= options.megabytes:
        dumps = write_dumps(scratch / f"grow{size:g}", articles.mixed, size)
        seconds, peak = run_topics("classify", dumps, "--output", scratch / f"growrun{size:g}")
        again, _ = run_topics("classify", dumps, "--output", scratch / f"growrun{size:g}")
        table.append([f"{size:g}", f"{seconds:.1f}", f"{size / seconds:.2f}", f"{peak:.0f}", f"{again:.1f}"])
        size *= 10
    print_table(
        "Growth: one process, a folder of dumps to a run",
        ["MB", "seconds", "MB/s", "peak MB", "again, nothing new, s"],
        table,
        "Peak is of the largest process since the beginning.",
    )


def report_jobs(model: Model, articles: Articles, scratch: Path, options: argparse.Namespace) -> None:
    """One process and two."""
    dumps = write_dumps(scratch / "jobs", articles.mixed, options.megabytes)
    seconds: dict[int, list[float]] = {1: [], 2: []}
    for number in range(3):
        for jobs, spent in seconds.items():
            place = scratch / f"j{jobs}{number}"
            spent.append(run_topics("classify", dumps, "--output", place, "--jobs", str(jobs))[0])
    ratio = median(a / b for a, b in zip(seconds[1], seconds[2], strict=True))
    print_table(
        f"Workers: {options.megabytes:g} MB, wall time, median of three rounds",
        ["jobs", "seconds", "faster by"],
        [["1", f"{median(seconds[1]):.1f}", "1.00"], ["2", f"{median(seconds[2]):.1f}", f"{ratio:.2f}"]],
    )


def report_clusters(model: Model, articles: Articles, scratch: Path, options: argparse.Namespace) -> None:
    """Two workers of joblib, Dask and Ray on the same dumps."""
    dumps = write_dumps(scratch / "jobs", articles.mixed, options.megabytes)
    options_of = {"joblib, two jobs": ["--jobs", "2"]}
    with two_dask_workers(scratch) as dask, two_ray_processors() as ray:
        if dask:
            options_of["Dask, two workers"] = ["--backend", "dask", "--scheduler", dask]
        if ray:
            options_of["Ray, two processors"] = ["--backend", "ray", "--address", ray]
        for more in options_of.values():  # workers load the model, and are not counted with it
            run_topics("classify", ROOT / "seeds", "--output", scratch / "warm" / more[1].partition(":")[0], *more)
        seconds: dict[str, list[float]] = {name: [] for name in options_of}
        for number in range(3):
            for name, more in options_of.items():
                place = scratch / "clusters" / f"{name[:3]}{number}"
                seconds[name].append(run_topics("classify", dumps, "--output", place, *more)[0])
    base = seconds["joblib, two jobs"]
    print_table(
        f"Clusters on this machine: {options.megabytes:g} MB, wall time, median of three rounds",
        ["", "seconds", "speed against joblib"],
        [
            [name, f"{median(s):.1f}", f"{median(a / b for a, b in zip(base, s, strict=True)):.2f}"]
            for name, s in seconds.items()
        ],
    )


class two_dask_workers:
    """A scheduler and two worker processes; enters to its address, or ``None`` without Dask."""

    def __init__(self, scratch: Path) -> None:
        self._scratch = scratch

    def __enter__(self) -> str | None:
        try:
            from distributed import LocalCluster
        except ImportError:
            self._cluster: Any = None
            return None
        self._cluster = LocalCluster(
            n_workers=2, threads_per_worker=1, dashboard_address=None, local_directory=str(self._scratch)
        )
        return str(self._cluster.scheduler_address)

    def __exit__(self, *_: object) -> None:
        if self._cluster is not None:
            self._cluster.close()


class two_ray_processors:
    """A Ray head with two processors; enters to its address, or ``None`` without Ray."""

    def __enter__(self) -> str | None:
        try:
            import ray
        except ImportError:
            self._ray: Any = None
            return None
        self._ray = ray
        context: Any = ray.init(num_cpus=2, include_dashboard=False, log_to_driver=False, object_store_memory=10**8)
        return str(context.address_info["gcs_address"])

    def __exit__(self, *_: object) -> None:
        if self._ray is not None:
            self._ray.shutdown()


# Memory, start


def report_memory(model: Model, articles: Articles, scratch: Path, options: argparse.Namespace) -> None:
    """One dump, small and large, in a process of its own."""
    table, sizes = [], [1.0, options.memory_megabytes / 4, options.memory_megabytes]
    texts = articles.mixed
    for size in sizes:
        path = scratch / f"one{size:g}.txt"
        with path.open("w", encoding="utf-8") as file:
            k = n = 0
            while n < size * 1e6:
                text = f"Wire number {k}\n\n{texts[k % len(texts)].strip()}\n\n"
                file.write(text)
                n += len(text.encode())
                k += 1
        code = (
            "import sys, subprocess, resource; subprocess.run(sys.argv[1:], check=True, capture_output=True); "
            "print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024)"
        )
        words = [sys.executable, "-m", "topics", "classify", str(path), "--output", str(scratch / f"mem{size:g}")]
        at = perf_counter()
        watched = [sys.executable, "-c", code, *words]
        done = subprocess.run(watched, cwd=ROOT, check=True, capture_output=True, text=True)
        table.append([f"{size:g}", f"{float(done.stdout):.0f}", f"{perf_counter() - at:.0f}"])
        path.unlink()
    print_table("Memory: a single dump, one process", ["MB of text", "peak MB", "seconds"], table)


def report_start(model: Model, articles: Articles, scratch: Path, options: argparse.Namespace) -> None:
    """From the start of a process to its end."""
    dump = sorted((options.shared / "seeds").glob("*.txt"))[1]
    commands = {
        "python, nothing done": [sys.executable, "-c", "pass"],
        "topics --help": [sys.executable, "-m", "topics", "--help"],
        "topics classify, one seed dump": [sys.executable, "-m", "topics", "classify", str(dump), "--format", "jsonl"],
    }

    def start(command: Sequence[str]) -> None:
        subprocess.run(command, cwd=ROOT, check=True, capture_output=True)

    calls: dict[str, Callable[[], Any]] = {name: partial(start, command) for name, command in commands.items()}
    wall, cpu = in_turn(calls, perf_counter), in_turn(calls, children_cpu)
    print_table(
        "Start: milliseconds from start to end of a process",
        ["", "wall", "CPU"],
        [[name, f"{1e3 * median(wall[name]):.0f}", f"{1e3 * median(cpu[name]):.0f}"] for name in commands],
    )


def children_cpu() -> float:
    """CPU seconds of all processes that were waited for."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


if __name__ == "__main__":
    parser = new_parser(str(__doc__))
    parser.add_argument("--only", default=",".join(PARTS), help=f"tables to print: {','.join(PARTS)}")
    parser.add_argument("--megabytes", type=float, default=200.0, help="of dumps for growth, jobs and clusters (200)")
    parser.add_argument("--memory-megabytes", type=float, default=2000.0, help="of the largest single dump (2000)")
    parser.add_argument("--model", help="model folder or name (default: the model named default)")
    run_script(main, parser.parse_args())
