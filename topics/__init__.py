"""Split scraped news dumps back into articles and tag each with a topic and an honest probability.

>>> import topics
>>> pieces = topics.segment("The striker scored twice and the club won the league cup final on penalties.")
>>> [prediction.topic for prediction in topics.classify(pieces)]
['sport']
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from topics.bundle import Model, load_model
    from topics.errors import TopicsError
    from topics.evaluation import evaluate
    from topics.pipeline import classify, explain, segment
    from topics.reading import read_dumps
    from topics.records import Dump, Prediction, Segment, to_row
    from topics.training import train
    from topics.writers import write_rows

__version__ = "0.1.0"

__all__ = [
    "Dump",
    "Model",
    "Prediction",
    "Segment",
    "TopicsError",
    "classify",
    "evaluate",
    "explain",
    "load_model",
    "read_dumps",
    "segment",
    "to_row",
    "train",
    "write_rows",
]

# Names are imported when they are first used, so that `import topics` costs nothing.
_HOMES = {
    "Dump": "records",
    "Model": "bundle",
    "Prediction": "records",
    "Segment": "records",
    "TopicsError": "errors",
    "classify": "pipeline",
    "evaluate": "evaluation",
    "explain": "pipeline",
    "load_model": "bundle",
    "read_dumps": "reading",
    "segment": "pipeline",
    "to_row": "records",
    "train": "training",
    "write_rows": "writers",
}


def __getattr__(name: str) -> Any:
    home = _HOMES.get(name)
    if home is None:
        raise AttributeError(f"module 'topics' has no attribute {name!r}")
    value = getattr(import_module(f"topics.{home}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted([*__all__, "__version__"])
