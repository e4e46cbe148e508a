"""What a page says about a segment besides its text, in words: used alike by Markdown and HTML.

The topic with its probability comes first, then where the segment stands and where it comes from, then what
a reader should know before trusting it: another language, a near-duplicate, a teaser rather than a piece.
"""

from __future__ import annotations

from topics.writers.rows import BOILERPLATE, UNKNOWN, Row, Run, body_lines, find_topic, split_runs
from topics.writers.tally import Tally

__all__ = [
    "describe_context",
    "describe_counts",
    "describe_lines",
    "describe_segment",
    "list_paragraphs",
    "nearest_topics",
]


def describe_counts(tally: Tally, n_dumps: int) -> str:
    """``12 segments in 2 dumps``."""
    if not tally.n_segments:
        return "No segments"
    return (
        f"{tally.n_segments:,} {'segment' if tally.n_segments == 1 else 'segments'} in "
        f"{n_dumps:,} {'dump' if n_dumps == 1 else 'dumps'}"
    )


def describe_lines(row: Row) -> str:
    """``line 4`` or ``lines 4–9``."""
    first, last = row["start_line"], row["end_line"]
    return f"line {first}" if first == last else f"lines {first}–{last}"


def describe_segment(row: Row) -> list[str]:
    """All that is known, the topic first: ``["sport 93%", "lines 4–9", "Harbour Post", "2026-01-05"]``."""
    topic = find_topic(row)
    facts: list[str] = []
    if topic is None:
        facts.append(f"starts here with {row['boundary']:.0%}")
    elif row["score"] is not None:
        facts.append(f"{topic} {row['score']:.0%}")
    else:
        facts.append(topic)
    return facts + describe_context(row)


def describe_context(row: Row) -> list[str]:
    """What is known besides the topic."""
    facts: list[str] = []
    if row.get("also"):
        facts.append("also " + ", ".join(row["also"]))
    if find_topic(row) == UNKNOWN and (nearest := nearest_topics(row)):
        facts.append(f"nearest: {nearest}")
    if row["kind"] != "article" and not (row["kind"] == BOILERPLATE and "topic" in row):
        facts.append(row["kind"])
    facts.extend(fact for fact in (row["source"], row["published"]) if fact)
    facts.append(describe_lines(row))
    if row["language"] not in ("en", "", None):
        facts.append(f"language {row['language']}")
    facts.append(f"segment {row['index']}")
    if row["duplicate_of"]:
        facts.append(f"near-duplicate of {row['duplicate_of']}")
    return facts


def nearest_topics(row: Row, limit: int = 2) -> str:
    """The best guesses that were not good enough: ``world 31%, business 22%``."""
    guesses = row.get("topics") or ()
    return ", ".join(f"{guess['topic']} {guess['score']:.0%}" for guess in guesses[:limit])


def list_paragraphs(row: Row, clean: bool) -> list[tuple[Run, ...]]:
    """The text, a paragraph a line; ``clean``, or a row that carries ``body``, leaves furniture out.

    A first line that only says the title again is left out, for the title already stands above.
    """
    lines: list[tuple[Run, ...]]
    if clean or "body" in row:
        lines = [(Run(line, False),) for line in body_lines(row)]
    else:
        lines = split_runs(row)
    title = " ".join((row["title"] or "").split())
    for place, runs in enumerate(lines):
        if any(not run.furniture for run in runs):
            if title and " ".join("".join(run.text for run in runs).split()) == title:
                del lines[place]
            break
    return lines
