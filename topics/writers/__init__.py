"""Rows out: a table on a terminal, a file in one of five formats, or a folder a topic.

A row is the segment record that ``topics.records.to_row`` makes. Files and folders appear whole or not at
all; JSONL, CSV and Parquet are written as rows come. What cannot be written is an ``OutputError`` of one
line.
"""

from __future__ import annotations

from topics.writers.explained import render_explained, render_topic_terms, write_explained_html
from topics.writers.formats import FORMATS, check_format, format_for, write_rows
from topics.writers.reasons import render_reasons
from topics.writers.rows import Row
from topics.writers.table import render_table
from topics.writers.topics_folder import write_topics_folder

__all__ = [
    "FORMATS",
    "Row",
    "check_format",
    "format_for",
    "render_explained",
    "render_reasons",
    "render_table",
    "render_topic_terms",
    "write_explained_html",
    "write_rows",
    "write_topics_folder",
]
