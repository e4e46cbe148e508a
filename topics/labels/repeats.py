"""Documents in, the sentences that several of them share out: what a publisher puts on every page.

The same rule as for unlabelled text (``classification.furniture``), with the sentences themselves at hand.
"""

from __future__ import annotations

from collections.abc import Set

from topics.classification.furniture import drop_matching, find_repeated_sentences, fold_sentence, split_sentences

__all__ = ["drop_sentences", "find_repeated_sentences", "split_sentences"]


def drop_sentences(text: str, repeated: Set[str]) -> str:
    """The text without repeated sentences, white space as it was; unchanged where over 70% of it would go."""
    return drop_matching(text, lambda sentence: fold_sentence(sentence) in repeated)
