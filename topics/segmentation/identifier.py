"""The likeliest language of a text, by the model of py3langid (Lui and Baldwin 2012; Barbaresi).

The same scores as the library's, to the bit, in a tenth of its time: a kernel walks over the bytes, and what a feature
weighs in each language stands side by side, in numbers that need no conversion.
"""

# kernels: Numba types them by their arguments
# mypy: disable-error-code="no-untyped-def, no-untyped-call"

from __future__ import annotations

import hashlib
import json
import math
import shutil
import sys
import tempfile
import unicodedata
from collections.abc import Collection
from contextlib import suppress
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Final

import numpy as np
import platformdirs
from numpy.typing import NDArray

from topics.jit import kernel

__all__ = ["Identifier", "load_identifier"]

_ARRAYS: Final = ("moves", "rows", "features", "weights", "priors")


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
        text = text.lower() if text.isupper() else text
        if not text.isascii():
            text = unicodedata.normalize("NFC", text)
        data = np.frombuffer(text.encode("utf-8", "surrogatepass"), np.uint8)
        scores = self.priors.copy()
        if not _weigh_features(data, self.moves, self.rows, self.features, self.weights, scores):
            return self.languages[0], 0.0
        best = int(scores.argmax())
        return self.languages[best], float(scores[best]) - float(scores[self.languages.index("en")])


def load_identifier(languages: Collection[str]) -> Identifier:
    """The library's model, of some languages alone.

    To unpack it takes a third of a second and 72 MB. So it is left unpacked in the user's cache folder, from where the
    next processes have what they touch of it, and share that.
    """
    with open(_model_file(), "rb") as file:
        key = hashlib.sha256(f"1 {sys.byteorder} {sorted(languages)} ".encode() + file.read()).hexdigest()[:16]
    folder = platformdirs.user_cache_path("topics", appauthor=False) / f"languages-{key}"
    with suppress(OSError, ValueError, EOFError):
        return _map(folder)
    identifier = _unpack(languages)
    with suppress(OSError):
        _leave(identifier, folder)
    return identifier


def _model_file() -> Path:
    spec = find_spec("py3langid")  # to import it takes some of the time that is to be saved
    if spec is None or spec.origin is None:
        raise ImportError("py3langid is not installed")
    return Path(spec.origin).parent / "data" / "model.npz.xz"


def _unpack(languages: Collection[str]) -> Identifier:
    from py3langid.langid import LanguageIdentifier

    model = LanguageIdentifier.from_model_file(_model_file())
    columns = [i for i, language in enumerate(model.nb_classes) if language in languages]
    arrays = {
        "moves": np.array(model.tk_nextmove).reshape(-1, 256),
        "rows": np.array(model.tk_row),
        "features": np.array(model.tk_output, np.int32),
        "weights": np.ascontiguousarray(model.nb_ptc[:, columns], np.float32),
        "priors": model.nb_pc[columns],
    }
    for array in arrays.values():  # as they are mapped, or kernels would be compiled for both
        array.flags.writeable = False
    return Identifier(**arrays, languages=[model.nb_classes[i] for i in columns])


def _map(folder: Path) -> Identifier:
    languages = json.loads((folder / "languages.json").read_bytes())
    arrays = {name: np.asarray(np.load(folder / f"{name}.npy", mmap_mode="r")) for name in _ARRAYS}
    return Identifier(**arrays, languages=languages)


def _leave(identifier: Identifier, folder: Path) -> None:
    """Whole or not at all: another process may do the same."""
    folder.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="languages-", dir=folder.parent, ignore_cleanup_errors=True) as near:
        made = Path(near) / "made"
        made.mkdir()
        for name in _ARRAYS:
            np.save(made / f"{name}.npy", getattr(identifier, name))
        (made / "languages.json").write_text(json.dumps(identifier.languages), "utf-8")
        shutil.rmtree(folder, ignore_errors=True)  # one that could not be read
        made.rename(folder)


@kernel
def _weigh_features(data, moves, rows, features, weights, scores):
    """Add to ``scores`` what the features that are seen say, each by how often; returns how many there are."""
    n_slots = 16
    while n_slots < 2 * data.shape[0]:
        n_slots *= 2
    slots = np.full(n_slots, -1, np.int32)  # where a feature stands in ``seen``, from its number on
    seen = np.empty(data.shape[0], np.int64)  # in the order of the first time
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
    for k in range(n):
        weight, own = np.float32(math.log1p(counts[k])), weights[seen[k]]
        for column in range(scores.shape[0]):
            scores[column] += weight * own[column]
    return n
