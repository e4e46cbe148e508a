"""Dump text to paragraphs: the units that a segment boundary can stand before.

A text goes in, its :class:`topics.records.Paragraph` records come out, in order and disjoint; together they
hold every character that is not white space. A paragraph is a non-blank line, or a sentence of a line that is
too long to be one. Sentences are found with Punkt parameters from the bundle, so nothing here imports nltk.
"""

from topics.paragraphs.lines import (
    MAX_LINE,
    MAX_SENTENCE,
    Paragraphs,
    ParagraphStream,
    Rows,
    rows_of,
    split_paragraphs,
)
from topics.paragraphs.punkt import Punkt
from topics.paragraphs.scan import code_points

__all__ = [
    "MAX_LINE",
    "MAX_SENTENCE",
    "ParagraphStream",
    "Paragraphs",
    "Punkt",
    "Rows",
    "code_points",
    "rows_of",
    "split_paragraphs",
]
