"""Labels, dumps and corpora in; a model folder out, with its card.

The topic model is fitted on every decision whose text can be had: from the dumps at hand, from the label itself, or as
stand-off terms. Boundaries are learned anew where corpora are given (``corpora``), else taken over from a base model
and refined by what people decided (``refining``). ``words`` learns from unlabelled dumps, ``measuring`` and ``card``
say what came of it: out of fold for topics, on outlets kept out of training for boundaries. ``run`` is the whole.
"""

from topics.training.card import write_card
from topics.training.measuring import measure_fit
from topics.training.refining import refine_boundaries
from topics.training.run import Learned, LearnOptions, TrainReport, learn, save_learned, train

__all__ = [
    "LearnOptions",
    "Learned",
    "TrainReport",
    "learn",
    "measure_fit",
    "refine_boundaries",
    "save_learned",
    "train",
    "write_card",
]
