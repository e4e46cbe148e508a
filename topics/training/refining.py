"""Boundaries of a base model, refined by boundary decisions and whole articles, each time from the first model."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from topics.errors import LabelError, TopicsError
from topics.examples import texts_by_dump
from topics.records import Dump

if TYPE_CHECKING:
    from topics.bundle import Model
    from topics.labels.store import Decisions
    from topics.segmentation import SegmentationModel
    from topics.segmentation.training.corpora import Corpora
    from topics.segmentation.training.refine import Refined

__all__ = ["count_absent", "refine_base", "refine_boundaries", "spell_refined"]

Say = Callable[[str], None]


def refine_base(
    loaded: Model,
    dumps: Sequence[Dump],
    boundaries: Mapping[str, Mapping[int, bool]],
    articles: Path | None,
    say: Say,
) -> tuple[SegmentationModel, dict[str, Any], list[str]]:
    """A model's boundaries, refined where there is anything to refine them by, what the manifest says of them, and a
    line for each decision that fits no paragraph."""
    about = dict(loaded.manifest.get("segmentation", {}))
    decided = {digest: boundaries[digest] for digest in texts_by_dump(dumps) if digest in boundaries}
    if not decided and articles is None:
        return loaded.segmentation, about, []
    first = _first_of(loaded, say)
    problems: list[str] = []
    whole = _read_articles(articles)
    refined = _refine_first(first, dumps, decided, whole, lambda problem: problems.append(str(problem)), say)
    if not refined.n_decisions and whole is None:
        return loaded.segmentation, about, problems
    about = dict(first.manifest.get("segmentation", {}))
    about["refined"] = {
        "base": first.id,
        "decisions": refined.n_decisions,
        "dumps": refined.n_dumps,
        "articles": 0 if whole is None else len(whole.articles) + len(whole.flats),
    }
    return refined.model, about, problems


def refine_boundaries(
    loaded: Model, dumps: Sequence[Dump], decided: Mapping[str, Mapping[int, bool]], articles: Path | None
) -> SegmentationModel:
    """The boundaries that :func:`train` would have learned from these decisions alone."""
    first = _first_of(loaded, lambda message: None)
    whole = _read_articles(articles)
    return _refine_first(first, dumps, decided, whole, lambda problem: None, lambda message: None).model


def _read_articles(articles: Path | None) -> Corpora | None:
    from topics.segmentation.training.corpora import read_corpora

    whole = None if articles is None else read_corpora(articles)
    if whole is not None and not (whole.articles or whole.flats):
        raise TopicsError(f"{articles}: no whole articles. Give JSONL with title and text, a paragraph a line.")
    return whole


def _refine_first(
    first: Model,
    dumps: Sequence[Dump],
    decided: Mapping[str, Mapping[int, bool]],
    whole: Corpora | None,
    on_problem: Callable[[LabelError], None],
    say: Say,
) -> Refined:
    from topics.segmentation.training.prose import load_prose
    from topics.segmentation.training.refine import refine

    return refine(
        first.segmentation,
        dumps,
        decided,
        whole,
        prose=load_prose(),
        on_problem=on_problem,
        on_progress=say,
    )


def _first_of(loaded: Model, say: Say) -> Model:
    """The model that a refined one began from, where it is still to be found: learning begins there each time, so that
    nothing adds up from one training to the next."""
    from topics.bundle import load_model
    from topics.shelf import find_versions

    base = loaded.manifest.get("segmentation", {}).get("refined", {}).get("base")
    if base is None:
        return loaded
    version = base.rpartition("@")[2]
    found = next((info for info in find_versions() if info.version == version), None)
    if found is None:
        say(f"{base}, which {loaded.name} was refined from, is not at hand: going on from {loaded.name}")
        return loaded
    return load_model(found.path)


def count_absent(decisions: Decisions, texts: Mapping[str, str]) -> list[str]:
    """A line for each dump that is not at hand and has boundary decisions, which taught nothing."""
    absent = Counter(entry.decision.name for entry in decisions.boundaries if entry.decision.dump not in texts)
    return [
        f"{name}: {n} boundary decision{'s' if n > 1 else ''} without the dump. Give it with --dumps."
        for name, n in sorted(absent.items())
    ]


def spell_refined(refined: Mapping[str, Any]) -> str:
    n_decisions, n_articles = refined["decisions"], refined["articles"]
    return f"{n_decisions:,} decision{'s' * (n_decisions != 1)} and {n_articles:,} article{'s' * (n_articles != 1)}"
