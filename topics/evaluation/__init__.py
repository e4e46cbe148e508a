"""How good is it? Gold and predictions in, counts and figures out.

``boundaries`` and ``classes`` are the metrics; ``gold`` reads what is true; ``layout`` and ``endtoend``
hold a model's rows against it; ``answers`` and ``topic_report`` say what there is to say of topics; ``report`` gathers
everything for people and machines; ``measure`` runs a model first. ``folds`` and ``stories`` keep apart what is learned
and what is tested; ``crossval`` learns and tests fold by fold (import it by name: it needs training).
"""

from topics.evaluation.answers import Answer, answer, answer_row
from topics.evaluation.bootstrap import bootstrap_interval, bootstrap_intervals, sum_scores
from topics.evaluation.boundaries import BoundaryScores, score_boundaries
from topics.evaluation.classes import (
    Calibration,
    ClassScores,
    Judged,
    ReliabilityBin,
    TopicFigures,
    score_classes,
)
from topics.evaluation.endtoend import EndToEndScores, evaluate_end_to_end
from topics.evaluation.gold import GoldDump, GoldSegment, read_gold
from topics.evaluation.layout import compare_boundaries, compare_furniture, compare_kinds
from topics.evaluation.measure import evaluate
from topics.evaluation.ratios import HitCounts
from topics.evaluation.report import EvaluationReport, evaluate_dumps
from topics.evaluation.topic_report import TopicReport, report_topics

__all__ = [
    "Answer",
    "BoundaryScores",
    "Calibration",
    "ClassScores",
    "EndToEndScores",
    "EvaluationReport",
    "GoldDump",
    "GoldSegment",
    "HitCounts",
    "Judged",
    "ReliabilityBin",
    "TopicFigures",
    "TopicReport",
    "answer",
    "answer_row",
    "bootstrap_interval",
    "bootstrap_intervals",
    "compare_boundaries",
    "compare_furniture",
    "compare_kinds",
    "evaluate",
    "evaluate_dumps",
    "evaluate_end_to_end",
    "read_gold",
    "report_topics",
    "score_boundaries",
    "score_classes",
    "sum_scores",
]
