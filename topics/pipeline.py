"""The two calls that everything else is made of: a dump to segments, segments to predictions."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from topics.bundle import Model, load_model
from topics.records import Dump, Prediction, Segment, to_row

if TYPE_CHECKING:
    from topics.classification.explain import Explanation

__all__ = ["classify", "classify_dump", "classify_dumps", "explain", "segment"]


@lru_cache(maxsize=1)
def _default_model() -> Model:
    return load_model()


def segment(
    dump: Dump | str, model: Model | None = None, *, threshold: float | None = None, whole: bool = False
) -> list[Segment]:
    """Cut a dump into its segments, in order; joined, their texts are the dump again.

    ``threshold`` asks for fewer (towards 1) or more (towards 0) segments than the model's own; ``whole`` takes
    the dump as one segment already. A plain string is a dump without a name.

    >>> import topics
    >>> [piece.kind for piece in topics.segment("Ferry fares rise\\n\\nThe harbour board raised fares on Monday.")]
    ['blurb']
    """
    from topics.segmentation import segment_dump, whole_dump

    if isinstance(dump, str):
        dump = Dump("", dump)
    weights = (model or _default_model()).segmentation
    return whole_dump(dump, weights) if whole else segment_dump(dump, weights, threshold=threshold)


def classify(segments: Sequence[Segment], model: Model | None = None) -> list[Prediction]:
    """Tag segments with topics: one prediction each, in order.

    >>> import topics
    >>> pieces = topics.segment("The striker scored twice and the club won the league cup final on penalties.")
    >>> topics.classify(pieces)[0].topic
    'sport'
    """
    from topics.classification.model import predict_segments

    model = model or _default_model()
    return predict_segments(segments, model.topics, model.id)


def explain(piece: Segment, model: Model | None = None, topic: str | None = None) -> Explanation:
    """The terms that decided for a topic (by default the likeliest), and those that spoke against it.

    >>> import topics
    >>> [piece] = topics.segment("The striker scored twice and the club won the league cup final on penalties.")
    >>> topics.explain(piece).topic
    'sport'
    """
    from topics.classification.explain import explain_segment

    return explain_segment(piece, (model or _default_model()).topics, topic)


def classify_dump(
    dump: Dump,
    model: Model,
    *,
    threshold: float | None = None,
    whole: bool = False,
    topics: bool = True,
    clean: bool = False,
) -> list[Mapping[str, Any]]:
    """A dump's segment records as plain rows; without ``topics`` those of ``topics segment``."""
    segments = segment(dump, model, threshold=threshold, whole=whole)
    if not topics:
        return [to_row(piece, clean=clean) for piece in segments]
    return [to_row(s, p, clean=clean) for s, p in zip(segments, classify(segments, model), strict=True)]


def classify_dumps(
    dumps: Iterable[Dump],
    model: Model,
    *,
    jobs: int = 1,
    threshold: float | None = None,
    whole: bool = False,
    topics: bool = True,
    clean: bool = False,
) -> Iterator[tuple[Dump, list[Mapping[str, Any]]]]:
    """Each dump with its rows, in the order given, whatever the number of ``jobs`` (processes)."""
    if jobs == 1:
        for dump in dumps:
            yield (
                dump,
                classify_dump(dump, model, threshold=threshold, whole=whole, topics=topics, clean=clean),
            )
        return
    from joblib import Parallel, delayed

    path = str(model.path.resolve())
    with _interrupts_ignored():
        Parallel(n_jobs=jobs)(delayed(_start_worker)(path) for _ in range(jobs))
    work = delayed(_classify_in_worker)
    calls = (work(dump, path, threshold, whole, topics, clean) for dump in dumps)
    yield from Parallel(n_jobs=jobs, return_as="generator", pre_dispatch="4 * n_jobs")(calls)


@contextmanager
def _interrupts_ignored() -> Iterator[None]:
    """Processes started in here never act on Ctrl-C, which a terminal sends to them too: this one will end them."""
    if threading.current_thread() is not threading.main_thread():  # where signals cannot be set
        yield
        return
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)


def _start_worker(path: str) -> None:
    _worker_model(path)


@lru_cache(maxsize=1)
def _worker_model(path: str) -> Model:
    return load_model(path)


def _classify_in_worker(
    dump: Dump, path: str, threshold: float | None, whole: bool, topics: bool, clean: bool
) -> tuple[Dump, list[Mapping[str, Any]]]:
    model = _worker_model(path)
    return dump, classify_dump(dump, model, threshold=threshold, whole=whole, topics=topics, clean=clean)
