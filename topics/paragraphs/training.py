"""Learns Punkt's parameters from plain text, with nltk's trainer.

Texts go in, a :class:`Punkt` comes out. Nothing is annotated by hand: abbreviations, collocations and
sentence starters are found by counting what stands around full stops (Kiss and Strunk 2006). This is the one
module of the package that imports nltk.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from topics.paragraphs.punkt import Punkt

__all__ = ["train_punkt"]

_SEEN_IN_LOWER_CASE = 16 | 32 | 64


def train_punkt(texts: Iterable[str]) -> Punkt:
    """Punkt's parameters from all the texts given; a few megabytes of prose are plenty.

    Only word types that were also seen in lower case keep their orthographic context: the rest decide
    nothing.
    """
    from nltk.tokenize.punkt import PunktTrainer

    trainer: Any = PunktTrainer()
    for text in texts:
        trainer.train(text, finalize=False)
    trainer.finalize_training()
    learned = trainer.get_params()
    return Punkt(
        abbreviations=frozenset(learned.abbrev_types),
        collocations=frozenset(learned.collocations),
        starters=frozenset(learned.sent_starters),
        orthography={word: bits for word, bits in sorted(learned.ortho_context.items()) if bits & _SEEN_IN_LOWER_CASE},
    )
