"""Rows in, one HTML page out: self-contained, without scripts, in light and dark, on paper and on a phone.

The rows are read once and none is held; the page is written when all are counted. It carries no time of its making:
the same run and labels give the same bytes.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from topics.labels.store import OnProblem
from topics.report.blocks import Section, count, percent
from topics.report.evidence import find_card, read_card
from topics.report.gather import Gathering, RunFacts
from topics.report.judged import Judging, read_labels
from topics.report.sections import (
    describe_copies,
    describe_furniture,
    describe_problems,
    describe_scores,
    describe_sizes,
    describe_sources,
    describe_time,
    describe_unknowns,
)
from topics.report.trust import describe_confusion, describe_reliability, weigh_run
from topics.writers.rows import Row
from topics.writers.sinks import Sink
from topics.writers.text import clean_cell

if TYPE_CHECKING:
    from jinja2 import Environment
    from markupsafe import Markup

__all__ = ["Report", "make_report", "write_report"]


@dataclass(frozen=True, slots=True)
class Report:
    """Everything on the page. ``glance`` are the few figures on top, ``made`` says how the run came about."""

    title: str
    subtitles: tuple[str, ...]
    glance: tuple[tuple[str, str], ...]
    sections: tuple[Section, ...]
    made: tuple[str, ...]


def make_report(
    rows: Iterable[Row],
    *,
    title: str,
    manifest: Mapping[str, Any] | None = None,
    labels: Path | None = None,
    on_problem: OnProblem | None = None,
    on_dump: Callable[[str], None] = lambda name: None,
) -> Report:
    """Count the rows of a run and lay out what they say.

    ``manifest`` is the run's (``None`` for a file of records); ``labels`` a folder whose decisions judge the model;
    ``on_dump`` hears the name of each dump as it is read.
    """
    gathering = Gathering()
    judging: Judging | None = None
    first = True
    card: Mapping[str, Any] | None = None
    for row in rows:
        if first:
            first = False
            card = find_card(row["model"]) if "model" in row else None
            if labels is not None and "topic" in row:
                learned = card.get("labels", {}) if card is not None else None
                judging = Judging(read_labels(labels, learned, on_problem))
        if gathering.add(row):
            on_dump(row["dump"])
        if judging is not None:
            judging.add(row)
    facts = gathering.finish(marked="duplicates" in ((manifest or {}).get("totals") or {}))
    shown = read_card(card) if card is not None else None
    run, about_run = weigh_run(judging.finish() if judging is not None else None)
    sections = [describe_problems(facts, manifest)]
    if facts.n_segments:
        trust = (describe_reliability(shown, run, about_run), describe_confusion(shown, run))
        sections = [
            describe_sizes(facts),
            describe_time(facts),
            *describe_scores(facts),
            *(trust if facts.classified else ()),
            describe_unknowns(facts),
            describe_copies(facts),
            describe_furniture(facts),
            describe_sources(facts),
            *sections,
        ]
    return Report(
        title=title,
        subtitles=(_describe_run(facts),),
        glance=tuple(_glance(facts, manifest)),
        sections=tuple(sections),
        made=tuple(_describe_making(facts, manifest)),
    )


def write_report(report: Report, sink: Sink) -> None:
    """Write the page."""
    from dataclasses import fields

    context = {each.name: getattr(report, each.name) for each in fields(report)}
    for piece in _load_environment().get_template("report.html.j2").generate(**context):
        sink.write(piece.encode())


def _describe_run(facts: RunFacts) -> str:
    if not facts.n_segments:
        return "The run holds no segments"
    return f"{count(facts.n_segments, 'segment')} in {count(facts.n_dumps, 'dump')}"


def _glance(facts: RunFacts, manifest: Mapping[str, Any] | None) -> Iterable[tuple[str, str]]:
    yield "dumps", f"{facts.n_dumps:,}"
    yield "segments", f"{facts.n_segments:,}"
    if not facts.n_segments:
        return
    if facts.classified:
        yield "topics", f"{len(facts.real_topics):,}"
        yield "unknown", percent(facts.n_unknown, facts.n_segments)
    yield "duplicates" if facts.copies.marked else "same text", percent(facts.copies.n_copies, facts.n_segments)
    yield "furniture", percent(facts.n_furniture, facts.n_characters)
    if manifest is not None:
        yield "problems", f"{len(manifest.get('problems') or ()):,}"


def _describe_making(facts: RunFacts, manifest: Mapping[str, Any] | None) -> Iterable[str]:
    kinds = [count(n, kind, kind if kind == "boilerplate" else None) for kind, n in sorted(facts.kinds.items())]
    if kinds:
        yield f"Kinds: {', '.join(kinds)}. {facts.n_characters:,} characters."
    if facts.models:
        yield "Model: " + ", ".join(f"{clean_cell(name)} ({n:,})" for name, n in facts.models.items()) + "."
    options = (manifest or {}).get("options") or {}
    told = [f"{name} {value}" for name, value in sorted(options.items()) if value not in (None, False)]
    if told:
        yield f"Options: {', '.join(told)}."
    yield "Pictures are drawn by matplotlib. This page loads nothing and runs no script."


def _load_environment() -> Environment:
    from jinja2 import ChoiceLoader, Environment, PackageLoader, StrictUndefined
    from markupsafe import Markup

    environment = Environment(
        loader=ChoiceLoader([PackageLoader("topics.report"), PackageLoader("topics.writers")]),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["line"] = clean_cell
    environment.filters["coded"] = _mark_code
    environment.filters["drawn"] = Markup  # our own pictures, whose texts matplotlib has escaped
    return environment


def _mark_code(sentence: str) -> Markup:
    """A sentence, escaped, with what stands between backticks as code."""
    from markupsafe import Markup, escape

    parts = clean_cell(sentence).split("`")
    if len(parts) % 2 == 0:  # a name in it has one of its own
        return escape(clean_cell(sentence))
    code = Markup("<code>{}</code>")
    return Markup("").join(code.format(part) if place % 2 else escape(part) for place, part in enumerate(parts))
