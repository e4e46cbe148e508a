"""Labels in, pieces to learn topics from out: every decision whose text can be had, as counted terms.

The text comes from the dumps at hand, from the label itself, or as stand-off terms. With each piece goes what folds
need to know of it, so that what training and evaluation measure never straddles a story.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

from topics.errors import LabelError
from topics.records import Dump, dump_digest, text_digest

if TYPE_CHECKING:
    from topics.classification.analyzer import Terms
    from topics.classification.furniture import Furniture
    from topics.classification.training import Example
    from topics.classification.vectors import WordVectors
    from topics.evaluation.folds import Traits
    from topics.labels.decisions import TopicDecision
    from topics.labels.store import Decisions
    from topics.labels.taxonomy import Taxonomy
    from topics.segmentation import SegmentationModel

__all__ = [
    "GUESSED",
    "Pieces",
    "TrainingSet",
    "choose_files",
    "count_terms_of",
    "describe_topics",
    "gather_pieces",
    "read_labelled_dumps",
    "read_training_set",
    "text_of",
    "texts_by_dump",
]

DESCRIPTION_WEIGHT: Final = 10.0  # of a topic's description in an SVM, in pieces
GUESSED: Final = "l"  # the confidence of a label whose primary topic is a guess


@dataclass(frozen=True, slots=True)
class Pieces:
    """The labelled pieces that have text or terms: columns of the same length, in the order of the label files.

    ``files`` are the label files that each was first labelled in, by their names without suffix. ``problems`` has a
    line for each dump whose labels have neither, and for each label whose text is not the one that it names.
    """

    examples: tuple[Example, ...]
    traits: tuple[Traits, ...]
    decisions: tuple[TopicDecision, ...]
    files: tuple[str, ...] = ()
    problems: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class TrainingSet:
    """All that fitting topics on a folder of labels takes: pieces, lessons on the topics, word vectors."""

    pieces: Pieces
    slugs: tuple[str, ...]
    lessons: tuple[Example, ...]
    vectors: WordVectors | None
    files: tuple[Path, ...]
    problems: tuple[str, ...] = ()


def read_training_set(
    labels: Path | str = Path("labels"),
    *,
    dumps: Sequence[str] | None = None,
    base: str | None = None,
    leave_out: Sequence[str] = (),
) -> TrainingSet:
    """What :func:`topics.train` learns topics from, with boundaries and word vectors as the model ``base`` has them.

    The arguments are those of ``train``. Decisions that cannot be used, and labels without text or terms, are named in
    ``problems``; no label file, or no piece with text or terms, is a :class:`topics.errors.LabelError`.
    """
    from topics.bundle import load_model, load_vectors
    from topics.labels.store import read_decisions
    from topics.labels.taxonomy import load_own_taxonomy

    labels = Path(labels)
    taxonomy = load_own_taxonomy(labels)
    problems: list[str] = []
    files = choose_files(labels, leave_out)
    decisions = read_decisions(files, taxonomy, on_problem=lambda problem: problems.append(str(problem)))
    model = load_model(base)
    texts = texts_by_dump(read_labelled_dumps(dumps, labels.parent / "seeds"))
    pieces = gather_pieces(decisions, files, texts, model.segmentation)
    if not pieces.examples:
        raise LabelError(f"{labels}: no label whose text or terms can be had. Give the labelled dumps with --dumps.")
    lessons, unusable = read_lessons(labels, taxonomy)
    return TrainingSet(
        pieces, tuple(taxonomy.slugs), lessons, load_vectors(model), tuple(files),
        (*problems, *pieces.problems, *unusable),
    )  # fmt: skip


def choose_files(labels: Path, leave_out: Sequence[str] = (), *, needed: bool = True) -> list[Path]:
    """The label files of a folder but those left out, which are named with or without their suffix.

    To leave out one that is not there is a :class:`topics.errors.LabelError`; so is it where none is left but one is
    ``needed``.
    """
    from topics.labels.store import find_label_files

    found = find_label_files(labels)
    if unknown := set(leave_out) - {name for file in found for name in (file.stem, file.name)}:
        known = ", ".join(file.stem for file in found) or "none"
        raise LabelError(f'{labels}: no label file "{min(unknown)}" to leave out. Known are: {known}.')
    files = [file for file in found if file.stem not in leave_out and file.name not in leave_out]
    if needed and not files:
        raise LabelError(f"{labels}: no label files (*.jsonl). Label some segments first, or give --labels.")
    return files


def gather_pieces(
    decisions: Decisions,
    files: Sequence[Path],
    texts: Mapping[str, str],
    segmentation: SegmentationModel,
    furniture: Furniture | None = None,
) -> Pieces:
    """The pieces of those topic decisions that hold, boilerplate left out.

    ``files`` are the label files, beside which term files may stand; ``texts`` go by the digest of the dump. A piece's
    group is its story; its outlet is its source, or the dump where nobody said. A later decision on a text keeps what
    an earlier one said of its source and day.
    """
    from topics.classification.training import Example
    from topics.evaluation.folds import Traits
    from topics.evaluation.stories import group_stories
    from topics.labels.matching import is_cut, settle_boundaries, settle_topics
    from topics.labels.signatures import group_near_duplicates
    from topics.labels.standoff import read_terms, terms_path

    boundaries = settle_boundaries(decisions)
    places = _find_places(decisions)
    stored = {row.segment: row for f in files if terms_path(f).exists() for row in read_terms(terms_path(f))}
    kept: list[tuple[TopicDecision, Terms]] = []
    signatures: dict[str, str] = {}
    missing: Counter[str] = Counter()
    wrong: list[str] = []
    for entry in settle_topics(decisions.topics):
        decision = entry.decision
        if decision.kind == "boilerplate" or is_cut(decision, boundaries.get(decision.dump, {})):
            continue
        text = text_of(decision, texts)
        if decision.has_other_text:
            wrong.append(f"{entry.place}: its text is not the one that its digest names. Label it again.")
        elif text is not None:
            terms, signatures[decision.segment] = count_terms_of(decision.name, text, segmentation, furniture)
            kept.append((decision, terms))
        elif decision.segment in stored:
            kept.append((decision, stored[decision.segment].terms))
            signatures[decision.segment] = stored[decision.segment].signature
        elif decision.dump in texts:
            wrong.append(f"{entry.place}: {decision.name} has another text there. Label it again.")
        else:
            missing[decision.name] += 1
    groups = group_near_duplicates(signatures)
    duplicates = [groups[decision.segment] for decision, _ in kept]
    stories = group_stories(
        [_all_counts(terms) for _, terms in kept], [places[d.segment].published for d, _ in kept], duplicates
    )
    return Pieces(
        tuple(
            Example(terms, d.topic, d.also, str(story), guessed=d.confidence == GUESSED)
            for (d, terms), story in zip(kept, stories, strict=True)
        ),
        tuple(
            Traits(d.topic, duplicate, story, places[d.segment].source or d.name, places[d.segment].published)
            for (d, _), duplicate, story in zip(kept, duplicates, stories, strict=True)
        ),
        tuple(decision for decision, _ in kept),
        tuple(places[decision.segment].file for decision, _ in kept),
        (
            *wrong,
            *(
                f"{name}: {n} label{'s' if n > 1 else ''} without text or terms. Give the dump with --dumps."
                for name, n in sorted(missing.items())
            ),
        ),
    )


@dataclass(frozen=True, slots=True)
class _Place:
    """Where a text was first labelled, and where and when it was published, if any decision says so."""

    file: str
    source: str | None
    published: str | None


def _find_places(decisions: Decisions) -> dict[str, _Place]:
    places: dict[str, _Place] = {}
    for entry in decisions.topics:
        said = entry.decision
        first = places.get(said.segment) or _Place(Path(entry.file).stem, None, None)
        places[said.segment] = _Place(first.file, said.source or first.source, said.published or first.published)
    return places


def count_terms_of(
    name: str, text: str, segmentation: SegmentationModel, furniture: Furniture | None = None
) -> tuple[Terms, str]:
    """Counted terms and signature of a piece as the model will meet it: its own idea of headline and furniture, not
    the labeller's; but all of it where the model takes nothing for matter, since somebody gave it a topic."""
    from topics.classification.analyzer import count_terms
    from topics.classification.furniture import NO_FURNITURE
    from topics.classification.model import segment_terms
    from topics.labels.signatures import sign_text
    from topics.segmentation import whole_dump

    [piece] = whole_dump(Dump(name, text), segmentation)
    if not piece.body.strip():
        return count_terms(None, text), sign_text(text)
    return segment_terms(piece, furniture or NO_FURNITURE), sign_text(piece.body)


def read_lessons(labels: Path, taxonomy: Taxonomy) -> tuple[tuple[Example, ...], list[str]]:
    """What teaches topics and is never tested: their descriptions, then the pieces in the folder's ``background/``,
    with a line for each of these that cannot be used."""
    from topics.classification.analyzer import count_terms
    from topics.classification.training import Example
    from topics.labels.background import read_background

    pieces, problems = read_background(labels, taxonomy)
    written = (Example(count_terms(piece.title, piece.text), piece.topic, piece.also) for piece in pieces)
    return (*describe_topics(taxonomy), *written), problems


def describe_topics(taxonomy: Taxonomy) -> tuple[Example, ...]:
    """Each topic's name, description and key words as one piece, in the order of their slugs."""
    from topics.classification.analyzer import count_terms
    from topics.classification.training import Example

    return tuple(
        Example(
            count_terms(topic.name, f"{topic.description}\n" + "\n".join(topic.key_words)),
            topic.slug,
            weight=DESCRIPTION_WEIGHT,
        )
        for topic in sorted(taxonomy.topics, key=lambda topic: topic.slug)
    )


def read_labelled_dumps(dumps: Sequence[str] | None, default: Path = Path("seeds")) -> list[Dump]:
    """The dumps that labels may speak of; ``default`` where none are named and the folder holds any."""
    from topics.reading import list_inputs, read_dumps

    if dumps is None:
        dumps = [str(default)] if list_inputs(default) else []
    return list(read_dumps(list(dumps))) if dumps else []


def texts_by_dump(dumps: Iterable[Dump]) -> dict[str, str]:
    """The texts of dumps by their digests."""
    return {dump_digest(dump.text): dump.text for dump in dumps}


def text_of(decision: TopicDecision, texts: Mapping[str, str]) -> str | None:
    """The text that a decision names by its digest, from its dump or from the label itself."""
    whole = texts.get(decision.dump)
    found = (whole[decision.start : decision.end] if whole is not None else None, decision.text)
    return next((text for text in found if text is not None and text_digest(text) == decision.segment), None)


def _all_counts(terms: Terms) -> dict[str, int]:
    """Headline and body together, the headline twice."""
    counts = Counter(terms.body)
    for term, n in terms.title.items():
        counts[term] += 2 * n
    return dict(counts)
