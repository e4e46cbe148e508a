"""Boundaries, sentence ends and word vectors learned anew from a folder of corpora."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from topics.errors import TopicsError
from topics.examples import text_of
from topics.records import file_digest

if TYPE_CHECKING:
    from topics.classification.vectors import WordVectors
    from topics.labels.store import Decisions
    from topics.segmentation import SegmentationModel

__all__ = ["learn_from_corpora"]

Say = Callable[[str], None]

MEANINGS: Final = 64  # dimensions of the word vectors that the boundary model sees; more gave it nothing
PUNKT_ARTICLES: Final = 2400  # of whole articles, for sentence ends: more changes no cut on held-out text


def learn_from_corpora(
    folder: Path, decisions: Decisions, texts: Mapping[str, str], n_dumps: int, say: Say
) -> tuple[SegmentationModel, dict[str, Any], WordVectors]:
    """Boundaries, what to say of them in the manifest, and word vectors, from the outlets that are not kept out."""
    from topics.classification.analyzer import list_words
    from topics.classification.vectors import learn_vectors
    from topics.paragraphs.training import train_punkt
    from topics.segmentation.training.corpora import find_corpora, read_corpora
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
        "corpora": {name: file_digest(file) for name, file in find_corpora(folder).items()},
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
