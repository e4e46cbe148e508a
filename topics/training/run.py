"""From labels to a model that is trained, and from that to a folder."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, TypedDict, Unpack

from topics.errors import LabelError
from topics.examples import choose_files, gather_pieces, read_labelled_dumps, read_lessons, texts_by_dump
from topics.records import Dump, file_digest
from topics.training.card import write_card
from topics.training.corpora import learn_from_corpora
from topics.training.measuring import measure_fit
from topics.training.refining import count_absent, refine_base, spell_refined
from topics.training.words import learn_words, read_unlabelled

if TYPE_CHECKING:
    from topics.bundle import Model
    from topics.classification.furniture import Furniture
    from topics.classification.training import Example, Fitted
    from topics.classification.vectors import WordVectors
    from topics.examples import Pieces
    from topics.labels.decisions import TopicDecision
    from topics.labels.store import Decisions
    from topics.labels.taxonomy import Taxonomy
    from topics.segmentation import SegmentationModel
    from topics.unlabelled import Unlabelled

__all__ = ["LearnOptions", "Learned", "TrainReport", "learn", "save_learned", "train"]

Say = Callable[[str], None]

COLD_START: Final = "no labels: going by the descriptions and key words of the taxonomy"


@dataclass(frozen=True, slots=True)
class TrainReport:
    """What was made: the model's version, the card's figures, and the labels that could not be used."""

    path: Path
    version: str
    metrics: Mapping[str, Any]
    n_labels: int
    problems: tuple[str, ...]
    refined: Mapping[str, Any] | None = None  # by what boundaries were refined, as the manifest says it

    def summary(self) -> str:
        """One line for people."""
        topics = self.metrics["topics"]
        if not topics["n"]:
            return f"{COLD_START}; nothing could be measured"
        refined = f"; boundaries refined by {spell_refined(self.refined)}" if self.refined else ""
        return (
            f"{self.n_labels} labels; out of fold: accuracy {topics['accuracy']:.3f}, "
            f"with secondary {topics['accuracy_with_secondary']:.3f}, macro-F1 {topics['macro_f1']:.3f}, "
            f"ECE {topics['ece']:.3f}{refined}"
        )


class LearnOptions(TypedDict, total=False):
    """What :func:`learn` takes beside the labels, for those that hand it on."""

    dumps: Sequence[str] | None
    corpora: Path | None
    articles: Path | None
    base: str | None
    unlabelled: Sequence[str]
    leave_out: Sequence[str]
    n_dumps: int


@dataclass(frozen=True, slots=True)
class Learned:
    """A model that is trained and not saved, with all that it was trained on and what was said of it.

    ``decided`` are the boundary decisions, by dump digest and offset, of which those about ``dumps`` taught; ``base``
    is the model whose boundaries were taken over or refined, ``None`` where they were learned anew.
    """

    labels: Path
    files: tuple[Path, ...]
    taxonomy: Taxonomy
    dumps: tuple[Dump, ...]
    decided: Mapping[str, Mapping[int, bool]]
    pieces: Pieces
    lessons: tuple[Example, ...]
    fitted: Fitted
    segmentation: SegmentationModel
    vectors: WordVectors | None
    about: Mapping[str, Any]
    problems: tuple[str, ...]
    base: Model | None = None
    articles: Path | None = None

    @property
    def decisions(self) -> tuple[TopicDecision, ...]:
        """The decision on each labelled piece."""
        return self.pieces.decisions

    @property
    def examples(self) -> tuple[Example, ...]:
        """What was learned from each of them, in the same order."""
        return self.pieces.examples

    @property
    def provenance(self) -> dict[str, Any]:
        """What was learned from which label, as the bundle keeps it for comparing with a later training."""
        refines = self.about["segmentation"].get("refined") is not None
        taught = texts_by_dump(self.dumps) if refines else {}
        return {
            "pieces": {
                decision.segment[:16]: " ".join((decision.topic or "-", *decision.also)) for decision in self.decisions
            },
            "boundaries": {
                digest[:16]: {str(at): starts for at, starts in sorted(offsets.items())}
                for digest, offsets in sorted(self.decided.items())
                if digest in taught
            },
        }


def train(
    labels: Path | str = Path("labels"),
    output: Path | str = Path("models/default"),
    *,
    on_progress: Say = lambda message: None,
    **options: Unpack[LearnOptions],
) -> TrainReport:
    """Train a model on a folder of labels and save it to ``output``; the options are those of :func:`learn`.

    ``dumps`` are read for the text of labels (by default ``seeds/`` beside the labels' folder, where there is
    one); ``leave_out`` names label files not to learn from. Same inputs, same bytes.

    ``unlabelled`` are dumps, of the kind that will be classified, that nobody has labelled: their words, what their
    publishers repeat, and, where labels out of fold say that it helps, their topics are learned from.

    Labels that cannot be used, or too few, are a :class:`~topics.errors.LabelError`; dumps, articles or corpora that
    cannot be read a :class:`~topics.errors.DumpError`, a base that cannot be used a
    :class:`~topics.errors.BundleError`.

    Without ``corpora``, boundary decisions on these dumps and ``articles`` (a JSONL file or a folder of them, whole
    articles of the outlets whose dumps are to come) refine the boundaries of ``base``.

    >>> import tempfile
    >>> import topics
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     report = topics.train("labels", f"{folder}/mine", leave_out=["news-2025-05-21", "allsides-2012-2020"])
    >>> report.n_labels > 300
    True
    """
    from topics.bundle import check_place

    check_place(Path(output), versioned=False)
    return save_learned(learn(labels, on_progress=on_progress, **options), Path(output))


def save_learned(learned: Learned, output: Path) -> TrainReport:
    """Write a trained model to a folder of its own, replacing one that stands there."""
    from topics.bundle import save_model

    card = write_card(output.name, learned.taxonomy, learned.about)
    version = save_model(
        output,
        learned.segmentation,
        learned.fitted.model,
        learned.vectors,
        name=output.name,
        about=learned.about,
        card=card,
        learned=learned.provenance,
    )
    metrics, refined = learned.about["metrics"], learned.about["segmentation"].get("refined")
    return TrainReport(output, version, metrics, len(learned.examples), learned.problems, refined)


def learn(
    labels: Path | str = Path("labels"),
    *,
    dumps: Sequence[str] | None = None,
    corpora: Path | None = None,
    articles: Path | None = None,
    base: str | None = None,
    unlabelled: Sequence[str] = (),
    leave_out: Sequence[str] = (),
    n_dumps: int = 14_000,
    on_progress: Say = lambda message: None,
) -> Learned:
    """Train a model as :func:`train` does, and save nothing."""
    from topics.classification.training import fit_topics
    from topics.labels.background import find_background_files
    from topics.labels.matching import settle_boundaries
    from topics.labels.store import read_decisions
    from topics.labels.taxonomy import load_own_taxonomy

    if corpora is not None and articles is not None:
        raise ValueError("give either corpora or articles: boundaries are learned anew, or refined")
    labels = Path(labels)
    taxonomy = load_own_taxonomy(labels)
    problems: list[str] = []
    files = choose_files(labels, leave_out, needed=not (labels / "taxonomy.toml").is_file())
    decisions = read_decisions(files, taxonomy, on_problem=lambda problem: problems.append(str(problem)))
    at_hand = read_labelled_dumps(dumps, labels.parent / "seeds")
    texts = texts_by_dump(at_hand)
    boundaries = settle_boundaries(decisions)
    on_progress(f"read {len(decisions.topics)} decisions from {len(files)} files")

    if corpora is not None:
        ground = _learn_boundaries(corpora, decisions, texts, n_dumps, on_progress)
    else:
        ground = _take_over_boundaries(base, decisions, boundaries, at_hand, articles, on_progress)
    pool_read: Unlabelled | None = None
    if unlabelled:
        ground, pool_read = _learn_words_of_pool(ground, unlabelled, decisions, on_progress)
    pieces = gather_pieces(decisions, files, texts, ground.segmentation, ground.furniture)
    problems += (*ground.problems, *pieces.problems)
    if not pieces.examples and files:
        raise LabelError(f"{labels}: no label whose text or terms can be had. Give the labelled dumps with --dumps.")
    n_pieces = len(pieces.examples)
    on_progress(f"fitting topics on {n_pieces} labelled pieces" if n_pieces else COLD_START)
    pool = pool_read.pool if pool_read else ()
    lessons, unusable = read_lessons(labels, taxonomy)
    problems += unusable
    fitted = fit_topics(pieces.examples, taxonomy.slugs, lessons, ground.vectors, pool, on_progress=on_progress)
    fitted = replace(fitted, model=replace(fitted.model, furniture=ground.furniture))
    metrics = {"topics": measure_fit(pieces.examples, fitted), "segmentation": ground.about["metrics"]}
    return Learned(
        labels=labels,
        files=tuple(files),
        taxonomy=taxonomy,
        dumps=tuple(at_hand),
        decided=boundaries,
        pieces=pieces,
        lessons=lessons,
        fitted=fitted,
        segmentation=ground.segmentation,
        vectors=ground.vectors,
        about={
            **_describe(taxonomy, files, find_background_files(labels), pieces, fitted, pool_read),
            "vectors": ground.about_vectors,
            "segmentation": ground.about,
            "metrics": metrics,
        },
        problems=tuple(problems),
        base=ground.base,
        articles=articles,
    )


@dataclass(frozen=True, slots=True)
class _Ground:
    """What is there before topics are fitted: boundaries and word vectors, each with what the manifest says of it, what
    publishers repeat, the model that they were taken over from, and a line for all that could not be used."""

    segmentation: SegmentationModel
    about: Mapping[str, Any]
    vectors: WordVectors | None
    about_vectors: Mapping[str, Any]
    furniture: Furniture
    base: Model | None = None
    problems: tuple[str, ...] = ()


def _learn_boundaries(corpora: Path, decisions: Decisions, texts: Mapping[str, str], n_dumps: int, say: Say) -> _Ground:
    """Boundaries and word vectors learned anew."""
    from topics.classification.furniture import NO_FURNITURE

    segmentation, about, vectors = learn_from_corpora(corpora, decisions, texts, n_dumps, say)
    return _Ground(segmentation, about, vectors, {}, NO_FURNITURE)


def _take_over_boundaries(
    base: str | None,
    decisions: Decisions,
    boundaries: Mapping[str, Mapping[int, bool]],
    dumps: Sequence[Dump],
    articles: Path | None,
    say: Say,
) -> _Ground:
    """Those of another model, refined where there is anything to refine them by."""
    from topics.bundle import load_model, load_vectors

    loaded = load_model(base)
    segmentation, about, problems = refine_base(loaded, dumps, boundaries, articles, say)
    about.setdefault("metrics", {})
    return _Ground(
        segmentation,
        about,
        load_vectors(loaded),
        dict(loaded.manifest.get("vectors", {})),
        loaded.topics.furniture,
        loaded,
        (*problems, *count_absent(decisions, texts_by_dump(dumps))),
    )


def _learn_words_of_pool(
    ground: _Ground, inputs: Sequence[str], decisions: Decisions, say: Say
) -> tuple[_Ground, Unlabelled]:
    """The same with the words and the furniture of unlabelled dumps, and these dumps, read."""
    labelled = {entry.decision.segment for entry in decisions.topics}
    read, lost = read_unlabelled(inputs, ground.segmentation, labelled, say)
    vectors, about = learn_words(read, ground.vectors, ground.about_vectors, say)
    problems = (*ground.problems, *lost)
    ground = replace(ground, vectors=vectors, about_vectors=about, furniture=read.furniture, problems=problems)
    return ground, read


def _describe(
    taxonomy: Taxonomy,
    files: Sequence[Path],
    background: Sequence[Path],
    pieces: Pieces,
    fitted: Fitted,
    pool_read: Unlabelled | None,
) -> dict[str, Any]:
    """What topics were learned from, for the manifest."""
    counts = Counter(example.topic or "none fits" for example in pieces.examples)
    read = {}
    if pool_read is not None:
        read = {"pieces": len(pool_read.words), "pool": len(pool_read.pool), "pool_share": fitted.pool_share}
    return {
        "taxonomy": [{"slug": t.slug, "name": t.name} for t in taxonomy.topics],
        "labels": {f.name: file_digest(f) for f in files},
        **({"background": {f.name: file_digest(f) for f in background}} if background else {}),
        "trained_on": {"pieces": len(pieces.examples), "by_topic": {slug: counts[slug] for slug in sorted(counts)}},
        "unlabelled": read,
    }
