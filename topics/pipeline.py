"""The two calls that everything else is made of: a dump to segments, segments to predictions."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import TYPE_CHECKING, Any, Final

from topics.bundle import Model, load_default, load_once
from topics.errors import LabelError
from topics.records import Dump, DumpInBlocks, Prediction, Segment, dump_digest, to_row

if TYPE_CHECKING:
    from topics.classification.explain import Explanation
    from topics.labels.boundaries import Decided
    from topics.segmentation.explain import StartReasons

__all__ = [
    "classify",
    "classify_dump",
    "classify_dumps",
    "decisions_of",
    "explain",
    "explain_starts",
    "segment",
    "stream_rows",
]

OnProblem = Callable[[LabelError], None]
SEGMENTS_AT_A_TIME: Final = 64  # are classified together
BATCH_LENGTH: Final = 400_000  # characters that go to another process at a time
MOST_AHEAD: Final = 32  # such batches a process are worked on before their rows are taken


def segment(
    dump: Dump | str,
    model: Model | None = None,
    *,
    boundaries: float | None = None,
    whole: bool = False,
    decided: Decided | None = None,
    on_problem: OnProblem | None = None,
) -> list[Segment]:
    """Cut a dump into its segments, in order; joined, their texts are the dump again.

    ``boundaries`` asks for fewer (towards 1) or more (towards 0) segments than the model's own: it is the
    probability at which a segment starts. ``whole`` takes the dump as one segment already. A plain string is a
    dump without a name.

    ``decided`` are the boundary decisions that bind, by dump digest and offset: by default those of the project
    (``labels/`` here), ``{}`` for none. One that fits no paragraph goes to ``on_problem``; without it, it is raised.

    >>> import topics
    >>> [piece.kind for piece in topics.segment("Ferry fares rise\\n\\nThe harbour board raised fares on Monday.")]
    ['blurb']
    """
    from topics.segmentation import segment_dump, whole_dump

    if isinstance(dump, str):
        dump = Dump("", dump)
    weights = (model or load_default()).segmentation
    if whole:
        return whole_dump(dump, weights)
    own = decisions_of(dump, decided)
    return segment_dump(dump, weights, threshold=boundaries, decided=own, on_problem=on_problem)


def _or_project(decided: Decided | None) -> Decided:
    """The decisions given, or those of the project."""
    if decided is not None:
        return decided
    from topics.labels.boundaries import read_project_boundaries

    return read_project_boundaries()


def decisions_of(dump: Dump, decided: Decided | None = None) -> Mapping[int, bool]:
    """The boundary decisions about a dump, by offset, of those given or of the project's."""
    decided = _or_project(decided)
    return decided.get(dump_digest(dump.text), {}) if decided else {}


def classify(
    segments: Sequence[Segment], model: Model | None = None, *, accept_above: float | None = None
) -> list[Prediction]:
    """Tag segments with topics: one prediction each, in order.

    ``accept_above`` is the confidence from which on a topic is given out, and below which a piece is unknown; by
    default the model's own. ``model.topics.acceptance.threshold_for(0.95)`` is the one that keeps a precision.

    >>> import topics
    >>> pieces = topics.segment("The striker scored twice and the club won the league cup final on penalties.")
    >>> topics.classify(pieces)[0].topic
    'sport'
    """
    from topics.classification.model import predict_segments

    model = model or load_default()
    return predict_segments(segments, model.topics, model.id, accept_above)


def explain(piece: Segment, model: Model | None = None, topic: str | None = None) -> Explanation:
    """The terms that decided for a topic (by default the likeliest), and those that spoke against it.

    >>> import topics
    >>> [piece] = topics.segment("The striker scored twice and the club won the league cup final on penalties.")
    >>> topics.explain(piece).topic
    'sport'
    """
    from topics.classification.explain import explain_segment

    return explain_segment(piece, (model or load_default()).topics, topic)


def explain_starts(
    dump: Dump | str,
    model: Model | None = None,
    *,
    boundaries: float | None = None,
    decided: Decided | None = None,
    on_problem: OnProblem | None = None,
    n_others: int = 0,
) -> list[StartReasons]:
    """Why each segment of a dump starts where it does: what decided, with its effect in log-odds, in words.

    ``n_others`` asks for that many of the likeliest places where none starts; the rest is as for :func:`segment`.
    """
    from topics.segmentation.explain import explain_starts

    if isinstance(dump, str):
        dump = Dump("", dump)
    weights = (model or load_default()).segmentation
    own = decisions_of(dump, decided)
    return explain_starts(dump, weights, threshold=boundaries, decided=own, on_problem=on_problem, n_others=n_others)


def classify_dump(
    dump: Dump,
    model: Model,
    *,
    boundaries: float | None = None,
    whole: bool = False,
    topics: bool = True,
    clean: bool = False,
    accept_above: float | None = None,
    decided: Decided | None = None,
    on_problem: OnProblem | None = None,
) -> list[Mapping[str, Any]]:
    """A dump's segment records as plain rows; without ``topics`` those of ``topics segment``.

    ``boundaries``, ``whole``, ``decided`` and ``on_problem`` are those of :func:`segment`, ``accept_above`` that of
    :func:`classify`.
    """
    segments = segment(dump, model, boundaries=boundaries, whole=whole, decided=decided, on_problem=on_problem)
    if not topics:
        return [to_row(piece, clean=clean) for piece in segments]
    found = classify(segments, model, accept_above=accept_above)
    return [to_row(s, p, clean=clean) for s, p in zip(segments, found, strict=True)]


def stream_rows(
    dump: DumpInBlocks,
    model: Model,
    *,
    boundaries: float | None = None,
    topics: bool = True,
    clean: bool = False,
    accept_above: float | None = None,
    decided: Decided | None = None,
    on_problem: OnProblem | None = None,
) -> Iterator[Mapping[str, Any]]:
    """The rows of a dump that is too long for memory, as they come; the options are those of :func:`classify_dump`."""
    from topics.segmentation import segment_blocks
    from topics.segmentation.layout import DumpFacts

    own = _or_project(decided).get(dump.digest, {})
    segments = segment_blocks(
        dump.blocks(), DumpFacts(dump.name, dump.digest), model.segmentation,
        threshold=boundaries, decided=own, on_problem=on_problem,
    )  # fmt: skip
    while some := list(islice(segments, SEGMENTS_AT_A_TIME)):
        predictions: Sequence[Prediction | None] = [None] * len(some)
        if topics:
            predictions = classify(some, model, accept_above=accept_above)
        for piece, prediction in zip(some, predictions, strict=True):
            yield to_row(piece, prediction, clean=clean)


def classify_dumps(
    dumps: Iterable[Dump | DumpInBlocks],
    model: Model,
    *,
    jobs: int = 1,
    boundaries: float | None = None,
    whole: bool = False,
    topics: bool = True,
    clean: bool = False,
    accept_above: float | None = None,
    decided: Decided | None = None,
    on_problem: OnProblem | None = None,
) -> Iterator[tuple[Dump | DumpInBlocks, Iterable[Mapping[str, Any]]]]:
    """Each dump with its rows, in the order given, whatever the number of ``jobs`` (processes).

    The rows of a dump that is too long for memory come by and by, and before the next dump: they are to be taken at
    once.

    The options are those of :func:`classify_dump`; what the project decided is read once, before the first dump.
    """
    decided = {} if whole else _or_project(decided)
    options: dict[str, Any] = {
        "boundaries": boundaries, "whole": whole, "topics": topics, "clean": clean, "accept_above": accept_above,
    }  # fmt: skip

    def in_this_process(dump: Dump | DumpInBlocks) -> Iterable[Mapping[str, Any]]:
        if isinstance(dump, Dump):
            return classify_dump(dump, model, **options, decided=decided, on_problem=on_problem)
        more = {name: value for name, value in options.items() if name != "whole"}
        return stream_rows(dump, model, **more, decided=decided, on_problem=on_problem)

    if jobs == 1:
        for dump in dumps:
            yield dump, in_this_process(dump)
        return
    from topics.engines.local import JoblibEngine

    work = _Batches(str(model.path.resolve()), model.id, options)
    at_work: deque[_Batch] = deque()

    failed: list[Exception] = []  # what ended the dumps; what came before it is done first, as in one process

    def hand_out() -> Iterator[_Work]:
        for batch in _in_batches(dumps, failed):
            at_work.append(batch)
            short = [dump for dump in batch if isinstance(dump, Dump)]  # a long one has too many rows to be handed back
            yield [(dump, decisions_of(dump, decided)) for dump in short]

    engine = JoblibEngine(jobs, work.prepare, most_ahead=MOST_AHEAD)
    for done in engine(work, hand_out()):
        rows_of = iter(done)
        for dump in at_work.popleft():
            if not isinstance(dump, Dump):
                yield dump, in_this_process(dump)
                continue
            rows, problems = next(rows_of)
            for problem in problems:
                if on_problem is None:
                    raise problem
                on_problem(problem)
            yield dump, rows
    if failed:
        raise failed[0]


_Batch = list[Dump | DumpInBlocks]
_Work = list[tuple[Dump, Mapping[int, bool]]]


def _in_batches(dumps: Iterable[Dump | DumpInBlocks], failed: list[Exception]) -> Iterator[_Batch]:
    """Short dumps together, since each journey to another process costs as much as reading some thousand characters.
    Where the dumps end in an error, that goes to ``failed``."""
    batch: _Batch = []
    size = 0
    coming = iter(dumps)
    while True:
        try:
            dump = next(coming, None)
        except Exception as error:
            failed.append(error)
            break
        if dump is None:
            break
        batch.append(dump)
        size += len(dump.text) if isinstance(dump, Dump) else BATCH_LENGTH
        if size >= BATCH_LENGTH:
            yield batch
            batch, size = [], 0
    if batch:
        yield batch


@dataclass(frozen=True)
class _Batches:
    """What a worker does with a batch: the rows of each dump, and what cannot hold of the decisions about it, which are
    given with it."""

    model_path: str
    model_id: str
    options: Mapping[str, Any]

    def prepare(self) -> None:
        load_once(self.model_path, self.model_id)

    def __call__(self, batch: _Work, /) -> list[tuple[list[Mapping[str, Any]], list[LabelError]]]:
        model = load_once(self.model_path, self.model_id)
        done = []
        for dump, own in batch:
            problems: list[LabelError] = []
            decided = {dump_digest(dump.text): own} if own else {}
            rows = classify_dump(dump, model, **self.options, decided=decided, on_problem=problems.append)
            done.append((rows, problems))
        return done
