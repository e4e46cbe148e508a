"""Labels, dumps and corpora in; a model folder out, with its card.

The topic model is fitted on every decision whose text can be had: from the dumps at hand, from the label
itself, or as stand-off terms. Boundaries are learned anew where ``corpora`` are given, and taken over from
``base`` where not. Figures in the card are out of fold for topics, and on outlets kept out of training for
boundaries.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Callable, Mapping, Sequence, Set
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, TypedDict

from topics.errors import LabelError, TopicsError
from topics.examples import choose_files, describe_topics, gather_pieces, read_labelled_dumps, text_of, texts_by_dump
from topics.records import Dump

if TYPE_CHECKING:
    from topics.bundle import Model
    from topics.classification.analyzer import Terms
    from topics.classification.doubt import Acceptance
    from topics.classification.training import Example, Fitted
    from topics.classification.vectors import WordVectors
    from topics.examples import Pieces
    from topics.labels.decisions import TopicDecision
    from topics.labels.store import Decisions
    from topics.labels.taxonomy import Taxonomy
    from topics.segmentation import SegmentationModel
    from topics.segmentation.training.corpora import Corpora
    from topics.unlabelled import Unlabelled

__all__ = ["LearnOptions", "Learned", "TrainReport", "learn", "refine_boundaries", "save_learned", "train"]

Say = Callable[[str], None]

MEANINGS: Final = 64  # dimensions of the word vectors that the boundary model sees; more gave it nothing
ENOUGH_ALONE: Final = 200  # unlabelled pieces to learn word vectors from, where the base model has none
ENOUGH_BESIDE: Final = 2_000  # where it has, but
ENOUGH_KNOWN: Final = 0.9  # of all words, that have one there, make more of them needless
COLD_START: Final = "no labels: going by the descriptions and key words of the taxonomy"
PUNKT_ARTICLES: Final = 2400  # of whole articles, for sentence ends: more changes no cut on held-out text


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
        refined = f"; boundaries refined by {_spell_refined(self.refined)}" if self.refined else ""
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
    descriptions: Mapping[str, Terms]
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
    dumps: Sequence[str] | None = None,
    corpora: Path | None = None,
    articles: Path | None = None,
    base: str | None = None,
    unlabelled: Sequence[str] = (),
    leave_out: Sequence[str] = (),
    n_dumps: int = 14_000,
    on_progress: Say = lambda message: None,
) -> TrainReport:
    """Train a model on a folder of labels and save it to ``output``.

    ``dumps`` are read for the text of labels (by default ``seeds/`` beside the labels' folder, where there is
    one); ``leave_out`` names label files not to learn from. Same inputs, same bytes.

    ``unlabelled`` are dumps, of the kind that will be classified, that nobody has labelled: their words, what their
    publishers repeat, and, where labels out of fold say that it helps, their topics are learned from.

    Without ``corpora``, boundary decisions on these dumps and ``articles`` (a JSONL file or a folder of them, whole
    articles of the outlets whose dumps are to come) refine the boundaries of ``base``.

    >>> import tempfile
    >>> import topics
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     report = topics.train("labels", f"{folder}/mine", leave_out=["news-2025-05-21", "allsides-2012-2020"])
    >>> report.n_labels > 300
    True
    """
    learned = learn(
        labels,
        dumps=dumps,
        corpora=corpora,
        articles=articles,
        base=base,
        unlabelled=unlabelled,
        leave_out=leave_out,
        n_dumps=n_dumps,
        on_progress=on_progress,
    )
    return save_learned(learned, Path(output))


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
    from topics.bundle import load_model, load_vectors
    from topics.classification.furniture import NO_FURNITURE
    from topics.classification.training import fit_topics
    from topics.labels.matching import settle_boundaries
    from topics.labels.store import read_decisions
    from topics.labels.taxonomy import load_taxonomy

    if corpora is not None and articles is not None:
        raise ValueError("give either corpora or articles: boundaries are learned anew, or refined")
    labels = Path(labels)
    own = labels / "taxonomy.toml"
    taxonomy = load_taxonomy(own if own.is_file() else None)
    problems: list[str] = []
    files = choose_files(labels, leave_out, needed=not own.is_file())
    decisions = read_decisions(files, taxonomy, on_problem=lambda problem: problems.append(str(problem)))
    at_hand = read_labelled_dumps(dumps, labels.parent / "seeds")
    texts = texts_by_dump(at_hand)
    boundaries = settle_boundaries(decisions)
    on_progress(f"read {len(decisions.topics)} decisions from {len(files)} files")

    vectors: WordVectors | None
    loaded: Model | None = None
    furniture = NO_FURNITURE
    if corpora is not None:
        segmentation, about, vectors = _learn_from_corpora(corpora, decisions, texts, n_dumps, on_progress)
    else:
        loaded = load_model(base)
        vectors, furniture = load_vectors(loaded), loaded.topics.furniture
        segmentation, about = _refined(loaded, at_hand, boundaries, articles, problems, on_progress)
        problems += _count_absent(decisions, texts)
    about_metrics = about.pop("metrics", {})

    learned: Unlabelled | None = None
    about_vectors: Mapping[str, Any] = {}
    if unlabelled:
        labelled = {entry.decision.segment for entry in decisions.topics}
        learned, lost = _read_unlabelled(unlabelled, segmentation, labelled, on_progress)
        problems += lost
        about_vectors = dict(loaded.manifest.get("vectors", {})) if loaded else {}
        vectors, about_vectors = _learn_words(learned, vectors, about_vectors, on_progress)
        furniture = learned.furniture
    pieces = gather_pieces(decisions, files, texts, segmentation, furniture)
    examples = pieces.examples
    problems += pieces.problems
    if not examples and files:
        raise LabelError(f"{labels}: no label whose text or terms can be had. Give the labelled dumps with --dumps.")
    on_progress(f"fitting topics on {len(examples)} labelled pieces" if examples else COLD_START)
    pool = learned.pool if learned else ()
    descriptions = describe_topics(taxonomy)
    fitted = fit_topics(examples, taxonomy.slugs, descriptions, vectors, pool, on_progress=on_progress)
    fitted = replace(fitted, model=replace(fitted.model, furniture=furniture))
    metrics = {"topics": measure_fit(examples, fitted), "segmentation": about_metrics}
    counts = Counter(example.topic or "none fits" for example in examples)
    about_all = {
        "taxonomy": [{"slug": t.slug, "name": t.name} for t in taxonomy.topics],
        "labels": {f.name: hashlib.sha256(f.read_bytes()).hexdigest() for f in files},
        "trained_on": {"pieces": len(examples), "by_topic": {slug: counts[slug] for slug in sorted(counts)}},
        "unlabelled": {"pieces": len(learned.words), "pool": len(pool), "pool_share": fitted.pool_share}
        if learned
        else {},
        "vectors": about_vectors,
        "segmentation": {**about, "metrics": about_metrics},
        "metrics": metrics,
    }
    return Learned(
        labels,
        tuple(files),
        taxonomy,
        tuple(at_hand),
        boundaries,
        pieces,
        descriptions,
        fitted,
        segmentation,
        vectors,
        about_all,
        tuple(problems),
        loaded,
        articles,
    )


def measure_fit(examples: Sequence[Example], fitted: Fitted) -> dict[str, Any]:
    """Out-of-fold figures of a fit: accuracy, with secondary topics, macro-F1, ECE, and the counts by topic; the bins
    behind the ECE and the counts of (true, predicted) are what `topics report` draws."""
    from topics.evaluation.classes import Judged, score_classes

    model = fitted.model
    judged = []
    for example, p in zip(examples, fitted.out_of_fold, strict=True):
        if example.topic is None or example.guessed:
            continue
        best = int(p.argmax())
        judged.append(
            Judged(example.topic, model.slugs[best], example.also, model.slugs[best], min(1.0, float(p[best])))
        )
    scores = score_classes(judged)
    return {
        "n": scores.n,
        "accuracy": round(scores.accuracy, 4),
        "accuracy_with_secondary": round(scores.accuracy_with_secondary, 4),
        "macro_f1": round(scores.macro_f1, 4),
        "ece": round(scores.calibration.ece, 4),
        "brier": round(scores.calibration.brier, 4),
        "by_topic": {t.topic: {"f1": round(t.f1, 3), "n": t.n_true} for t in scores.topics},
        "calibration": _rounded(scores.calibration.to_dict()),
        "confusion": scores.to_dict()["confusion"],
        "precision": _spell_acceptance(model.acceptance),
    }


def _rounded(value: Any) -> Any:
    """The same with floats to six places: the last bits differ from one kind of CPU to the next."""
    if isinstance(value, dict):
        return {key: _rounded(each) for key, each in value.items()}
    if isinstance(value, list):
        return [_rounded(each) for each in value]
    return round(value, 6) if isinstance(value, float) else value


def _spell_acceptance(acceptance: Acceptance) -> list[dict[str, float]]:
    """What each precision that a user may ask for costs, at the share of unknowns that is taken for granted."""
    rows = []
    for wanted in (0.8, 0.85, 0.9, 0.95, 0.98):
        try:
            threshold = acceptance.threshold_for(wanted)
        except TopicsError:
            continue
        at = acceptance.thresholds.tolist().index(threshold)
        rows.append(
            {
                "precision": wanted,
                "confidence": round(threshold, 3),
                "known_given": round(float(acceptance.known[at]), 3),
                "unknown_given": round(float(acceptance.unknown[at]), 3),
            }
        )
    return rows


def _read_unlabelled(
    inputs: Sequence[str], segmentation: SegmentationModel, labelled: Set[str], say: Say
) -> tuple[Unlabelled, list[str]]:
    """Unlabelled pieces, counted, and a line for each input that cannot be read."""
    from topics.unlabelled import count_pieces, read_pieces

    problems: list[str] = []
    pieces = read_pieces(
        inputs, segmentation, labelled, on_problem=lambda problem: problems.append(problem.message), on_progress=say
    )
    if not pieces:
        raise TopicsError(f"{', '.join(inputs)}: no unlabelled piece in English. Give other dumps with --unlabelled.")
    say(f"counting the terms of {len(pieces):,} unlabelled pieces")
    return count_pieces(pieces), problems


def _learn_words(
    learned: Unlabelled, general: WordVectors | None, about: Mapping[str, Any], say: Say
) -> tuple[WordVectors | None, Mapping[str, Any]]:
    """Word vectors with what unlabelled pieces say of words, and a note for the manifest.

    Vectors that the base model learned from the same pieces are taken as they are; those it learned from others make
    room, so that nothing adds up from one training to the next.
    """
    from topics.classification.vectors import join_vectors, learn_vectors

    if general is not None and about.get("pieces") == learned.digest:
        return general, about
    if general is not None and "general" in about:
        general = general.first(about["general"]) if about["general"] else None
    if len(learned.words) < (ENOUGH_BESIDE if general is not None else ENOUGH_ALONE):
        return general, {}
    if general is not None:
        n_known = sum(word in general.words for words in learned.words for word in words)
        if n_known >= ENOUGH_KNOWN * sum(map(len, learned.words)):
            return general, {}
    say(f"learning words from {len(learned.words):,} unlabelled pieces")
    own = learn_vectors(learned.words)
    note = {"pieces": learned.digest, "general": 0 if general is None else general.steps.shape[1]}
    return (own if general is None else join_vectors(general, own)), note


def _refined(
    loaded: Model,
    dumps: Sequence[Dump],
    boundaries: Mapping[str, Mapping[int, bool]],
    articles: Path | None,
    problems: list[str],
    say: Say,
) -> tuple[SegmentationModel, dict[str, Any]]:
    """A model's boundaries, refined where there is anything to refine them by, and what the manifest says of them."""
    about = dict(loaded.manifest.get("segmentation", {}))
    decided = {digest: boundaries[digest] for digest in texts_by_dump(dumps) if digest in boundaries}
    if not decided and articles is None:
        return loaded.segmentation, about
    first = _first_of(loaded, say)
    unplaced: list[str] = []
    whole = _read_articles(articles)
    segmentation = _refine_first(first, dumps, decided, whole, lambda problem: unplaced.append(str(problem)), say)
    problems += unplaced
    about = dict(first.manifest.get("segmentation", {}))
    about["refined"] = {
        "base": first.id,
        "decisions": sum(map(len, decided.values())) - len(unplaced),
        "dumps": len(decided),
        "articles": 0 if whole is None else len(whole.articles) + len(whole.flats),
    }
    return segmentation, about


def refine_boundaries(
    loaded: Model, dumps: Sequence[Dump], decided: Mapping[str, Mapping[int, bool]], articles: Path | None
) -> SegmentationModel:
    """The boundaries that :func:`train` would have learned from these decisions alone."""
    first = _first_of(loaded, lambda message: None)
    return _refine_first(first, dumps, decided, _read_articles(articles), lambda problem: None, lambda message: None)


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
) -> SegmentationModel:
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


def _count_absent(decisions: Decisions, texts: Mapping[str, str]) -> list[str]:
    """A line for each dump that is not at hand and has boundary decisions, which taught nothing."""
    absent = Counter(entry.decision.name for entry in decisions.boundaries if entry.decision.dump not in texts)
    return [
        f"{name}: {n} boundary decision{'s' if n > 1 else ''} without the dump. Give it with --dumps."
        for name, n in sorted(absent.items())
    ]


def _spell_refined(refined: Mapping[str, Any]) -> str:
    n_decisions, n_articles = refined["decisions"], refined["articles"]
    return f"{n_decisions:,} decision{'s' * (n_decisions != 1)} and {n_articles:,} article{'s' * (n_articles != 1)}"


def _learn_from_corpora(
    folder: Path, decisions: Decisions, texts: Mapping[str, str], n_dumps: int, say: Say
) -> tuple[SegmentationModel, dict[str, Any], WordVectors]:
    """Boundaries, what to say of them in the manifest, and word vectors, from the outlets that are not kept out."""
    from topics.classification.analyzer import list_words
    from topics.classification.vectors import learn_vectors
    from topics.paragraphs.training import train_punkt
    from topics.segmentation.training.corpora import read_corpora
    from topics.segmentation.training.fit import Effort, fit_segmentation
    from topics.segmentation.training.measure import measure_styles
    from topics.segmentation.training.prose import load_prose

    corpora = read_corpora(folder)
    say(f"read {len(corpora.articles):,} articles and {len(corpora.all_pages)} pages from {folder.name}/")
    learned = corpora.part("train")
    if not learned.articles:
        raise TopicsError(f"{folder}: no whole articles of several paragraphs. Give JSONL with title, text and source.")
    step = max(1, len(learned.articles) // PUNKT_ARTICLES)
    punkt = train_punkt(
        ["\n".join(a.paragraphs) for a in learned.articles[::step]] + [f.paragraphs[0] for f in learned.flats]
    )
    say("learned sentence ends")
    vectors = learn_vectors([list_words(f"{a.title}\n" + "\n".join(a.paragraphs[:40])) for a in learned.articles])
    say("learned word vectors")
    boilerplate = []
    for entry in decisions.topics:
        text = text_of(entry.decision, texts) if entry.decision.kind == "boilerplate" else None
        if text:
            boilerplate.append([line.strip() for line in text.split("\n") if line.strip()])
    effort = Effort(n_dumps=n_dumps)
    model = fit_segmentation(
        learned,
        corpora.part("dev"),
        punkt,
        partial(_meanings, vectors),
        boilerplate=boilerplate,
        prose=load_prose(),
        effort=effort,
        on_progress=say,
    )
    say("measuring on the outlets kept out")
    about = {
        "articles": len(learned.articles),
        "outlets": len({a.outlet for a in learned.articles}),
        "pages": len(learned.all_pages),
        "mixed_dumps": n_dumps,
        "corpora": {f.name: _digest(f) for f in sorted(folder.rglob("*.jsonl*"))},
        "metrics": measure_styles(model, corpora.part("test")),
    }
    return model, about, vectors


def _meanings(vectors: WordVectors, words: Sequence[str]) -> Any:
    """The first dimensions of the vectors of words as they stand in text, (n_words, MEANINGS); zeros for the others."""
    import numpy as np

    from topics.classification.analyzer import list_words

    rows = vectors.rows[:, :MEANINGS]
    found = np.zeros((len(words), rows.shape[1]), np.float32)
    for i, word in enumerate(words):
        folded = list_words(word)
        if len(folded) == 1 and folded[0] in vectors.words:
            found[i] = rows[vectors.words[folded[0]]]
    return found


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _card_source(about: Mapping[str, Any]) -> list[str]:
    """What the topics were learned from, as lines of the card."""
    if not about["trained_on"]["pieces"]:
        return ["Cold start: there was no label, so topics go by their descriptions, and nothing was measured.", ""]
    files = ", ".join(sorted(about["labels"]))
    return [
        f"Fitted on {about['trained_on']['pieces']} labelled pieces from {files}, and the topic descriptions. Figures "
        f"are out of fold, stories kept together.{_card_pool(about)}",
        "",
    ]


def _card_pool(about: Mapping[str, Any]) -> str:
    pool = about.get("unlabelled")
    if not pool:
        return ""
    if not pool["pool_share"]:
        share = "guessing their topics did not help out of fold"
    else:
        share = f"{pool['pool_share']:.0%} of the scores were learned by guessing their topics"
    return f" {pool['pieces']:,} unlabelled pieces were read; {share}."


def _card_honesty(topics: Mapping[str, Any]) -> list[str]:
    """Reliability of the scores, and what a precision costs, as lines of the card."""
    from topics.classification.doubt import UNKNOWN_SHARE

    lines = [
        "How often the best guess is right, by its score:",
        "",
        "| score from | mean score | right | pieces |",
        "|---|---|---|---|",
        *(
            f"| {b['low']:.2f} | {b['mean_score']:.2f} | {b['accuracy']:.2f} | {b['n']} |"
            for b in topics["calibration"]["bins"]
            if b["n"]
        ),
        "",
    ]
    if topics["precision"]:
        lines += [
            f"What `--min-precision` costs where {UNKNOWN_SHARE:.0%} of pieces are of no topic (pieces of topics that "
            "were left out of training stand for them):",
            "",
            "| precision | of known pieces given a topic | of unknown pieces given one |",
            "|---|---|---|",
            *(
                f"| {row['precision']:.2f} | {row['known_given']:.0%} | {row['unknown_given']:.0%} |"
                for row in topics["precision"]
            ),
            "",
        ]
    return lines


def write_card(name: str, taxonomy: Taxonomy, about: Mapping[str, Any]) -> str:
    """The model card as Markdown."""
    topics, boundaries = about["metrics"]["topics"], about["metrics"]["segmentation"]
    lines = [
        f"# Model `{name}`",
        "",
        "Splits news dumps into pieces and tags each with one of "
        f"{len(taxonomy.topics)} topics: TF-IDF and one linear layer; boundaries by a small network over paragraphs.",
        "",
        "## Topics",
        "",
        *_card_source(about),
        "| accuracy | primary or secondary | macro-F1 | ECE | Brier |",
        "|---|---|---|---|---|",
        f"| {topics['accuracy']:.3f} | {topics['accuracy_with_secondary']:.3f} | {topics['macro_f1']:.3f} "
        f"| {topics['ece']:.3f} | {topics['brier']:.3f} |",
        "",
        "| topic | F1 | pieces |",
        "|---|---|---|",
        *(f"| {slug} | {row['f1']:.2f} | {row['n']} |" for slug, row in topics["by_topic"].items()),
        "",
        *_card_honesty(topics),
        "Few pieces make a topic's F1 a guess. The labels are mostly of one day (2025-05-21); "
        "what was news at other times is thinly covered.",
        "",
        "## Boundaries",
        "",
    ]
    if boundaries:
        source = about["segmentation"]
        lines += [
            f"Learned from {source['mixed_dumps']:,} dumps mixed from {source['articles']:,} articles "
            f"of {source['outlets']} "
            f"outlets and {source['pages']} pages. Measured on outlets kept out of all training.",
            "",
            "| style | F1 | F1, start anywhere in the lead | boundaries |",
            "|---|---|---|---|",
            *(
                f"| {style} | {row['f1']:.3f} | {row['f1_lenient']:.3f} | {row['n']} |"
                for style, row in boundaries.items()
            ),
            "",
        ]
    else:
        lines += ["Taken over from another model without figures.", ""]
    refined = about["segmentation"].get("refined")
    if refined:
        lines += [
            f"Refined from `{refined['base']}` by {_spell_refined(refined)}. Figures above are of that model: what "
            "refining gives and costs is in docs/segmentation.md.",
            "",
        ]
    return "\n".join(lines)
