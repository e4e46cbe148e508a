"""The likeliest language of a text, by the model of py3langid (Lui and Baldwin 2012; Barbaresi).

The same scores as the library's, to the bit, in a tenth of its time: a kernel walks over the bytes, and what a feature
weighs in each language stands side by side, in numbers that need no conversion.
"""

# kernels: Numba types them by their arguments
# mypy: disable-error-code="no-untyped-def, no-untyped-call"

from __future__ import annotations

import unicodedata
from collections.abc import Collection
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from py3langid.langid import MODEL_FILE, LanguageIdentifier

from topics.jit import kernel

__all__ = ["Identifier", "load_identifier"]


@dataclass(frozen=True, slots=True)
class Identifier:
    """An automaton over bytes, which sees a feature where it enters some of its states, and naive Bayes over these.

    State ``s`` moves by byte ``b`` to ``moves[rows[s], b]`` and stands for feature ``features[s]``, or none at -1.
    """

    moves: NDArray[np.uint32]  # (n_rows, 256)
    rows: NDArray[np.uint32]  # (n_states,)
    features: NDArray[np.int32]  # (n_states,)
    weights: NDArray[np.float32]  # (n_features, n_columns)
    priors: NDArray[np.float32]  # (n_columns,)
    languages: list[str]  # of the columns; a language may have two, one a script

    def rank(self, text: str) -> tuple[str, float]:
        """The likeliest language of a text and its lead over English in log-likelihood."""
        text = unicodedata.normalize("NFC", text.lower() if text.isupper() else text)
        data = np.frombuffer(text.encode("utf-8", "surrogatepass"), np.uint8)
        seen, counts = _count_features(data, self.moves, self.rows, self.features)
        if not len(seen):
            return self.languages[0], 0.0
        scores = np.log1p(counts) @ self.weights.take(seen, axis=0) + self.priors
        best = int(scores.argmax())
        return self.languages[best], float(scores[best]) - float(scores[self.languages.index("en")])


def load_identifier(languages: Collection[str]) -> Identifier:
    """The library's model, of some languages alone; it takes a third of a second."""
    model = LanguageIdentifier.from_model_file(MODEL_FILE)
    columns = [i for i, language in enumerate(model.nb_classes) if language in languages]
    return Identifier(
        np.array(model.tk_nextmove).reshape(-1, 256),
        np.array(model.tk_row),
        np.array(model.tk_output, np.int32),
        np.ascontiguousarray(model.nb_ptc[:, columns], np.float32),
        model.nb_pc[columns],
        [model.nb_classes[i] for i in columns],
    )


@kernel
def _count_features(data, moves, rows, features):
    """The features that are seen, in the order of the first time, and how often."""
    n_slots = 16
    while n_slots < 2 * data.shape[0]:
        n_slots *= 2
    slots = np.full(n_slots, -1, np.int64)  # where a feature stands in ``seen``, from its number on
    seen = np.empty(data.shape[0], np.int64)
    counts = np.empty(data.shape[0], np.float32)
    n = 0
    state = np.int64(0)
    for byte in data:
        state = np.int64(moves[rows[state], byte])
        feature = features[state]
        if feature < 0:
            continue
        slot = feature & (n_slots - 1)
        while slots[slot] >= 0 and seen[slots[slot]] != feature:
            slot = (slot + 1) & (n_slots - 1)
        if slots[slot] < 0:
            slots[slot] = n
            seen[n] = feature
            counts[n] = 0.0
            n += 1
        counts[slots[slot]] += np.float32(1.0)
    return seen[:n], counts[:n]
