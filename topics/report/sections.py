"""Counts in, sections out: what the run holds, in words, pictures and tables.

Each picture's first sentence says what it shows, and doubles as its text alternative; what cannot be drawn, for
want of dates or of a second dump, is said in words instead.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from topics.report.blocks import Section, Table, count, percent, spell_list
from topics.report.charts import draw_bars, draw_columns, draw_ranges, draw_rows_over_time, shorten
from topics.report.gather import N_SCORE_BINS, RunFacts, SourceFacts, TopicFacts
from topics.report.timeline import lay_out_time
from topics.writers.rows import BOILERPLATE, UNKNOWN
from topics.writers.text import clean_cell

__all__ = [
    "describe_copies",
    "describe_furniture",
    "describe_problems",
    "describe_scores",
    "describe_sizes",
    "describe_sources",
    "describe_time",
    "describe_unknowns",
]

MOST_TIME_ROWS = 12
MOST_BARS = 15
MOST_ROWS = 60
NO_TOPICS = "The run was made by `topics segment`, so its segments have no topics."


def describe_sizes(facts: RunFacts) -> Section:
    """How many segments each topic has, and how much of the text."""
    title = "Sizes"
    if not facts.classified:
        return Section("sizes", title, (NO_TOPICS,))
    topics = facts.topics
    real = facts.real_topics
    top = [f"{t.slug} ({percent(t.n_segments, facts.n_segments)})" for t in real[:3]]
    said = f"Segments by topic: {count(len(real), 'topic')} in {count(facts.n_segments, 'segment')}"
    said += f"; the largest {'is' if len(top) == 1 else 'are'} {spell_list(top)}." if top else "; none has a topic."
    rows = [(t.slug, float(t.n_segments), f"{t.n_segments:,}") for t in topics]
    table = Table(
        ("topic", "segments", "share", "characters", "share of text", "median score"),
        tuple(
            (
                t.slug,
                f"{t.n_segments:,}",
                percent(t.n_segments, facts.n_segments),
                f"{t.n_characters:,}",
                percent(t.n_characters, facts.n_characters),
                f"{t.quantile(0.5):.2f}" if t.slug not in (UNKNOWN, BOILERPLATE) else "",
            )
            for t in topics
        ),
    )
    words = [said]
    small = [t.slug for t in real if t.n_segments < 5]
    if small and len(real) > len(small):
        words.append(f"Under five segments each: {spell_list(small)}.")
    picture = draw_bars("sizes", said, rows, muted=(UNKNOWN, BOILERPLATE))
    return Section("sizes", title, tuple(words), picture, table)


def describe_time(facts: RunFacts) -> Section:
    """When the segments of each topic were published."""
    title = "Over time"
    if not facts.classified:
        return Section("time", title, (NO_TOPICS,))
    timeline = lay_out_time(facts.days)
    if timeline is None:
        words = "None of the segments says when it was published, so there is nothing to show over time."
        return Section("time", title, (words,))
    n = facts.n_dated
    dated = f"{count(n, 'segment')} of {facts.n_segments:,} ({percent(n, facts.n_segments)}) say when"
    if len(timeline.starts) == 1:
        start = timeline.starts[0]
        words = f"{dated} they were published, and all of them are of {start.day} {start:%B %Y}: one day is no course."
        return Section("time", title, (words,))
    totals = tuple(sum(counts.values()) for counts in timeline.counts)
    busiest = max(range(len(totals)), key=lambda step: (totals[step], -step))
    said = (
        f"Segments a {timeline.unit} by topic, from {_spell_day(timeline.starts[0])} on, each row as high as its own "
        f"largest {timeline.unit}, whose number stands at the end; the fullest is {timeline.name(busiest)} with "
        f"{totals[busiest]:,}."
    )
    words_list = [said, f"{dated} they were published; the others are not in this picture."]
    if timeline.n_left_out:
        words_list.append(f"{count(timeline.n_left_out, 'segment')} far from all others in time are left out.")
    shown = [t.slug for t in facts.topics][:MOST_TIME_ROWS]
    rows = [("all", totals), *((slug, timeline.row(slug)) for slug in shown)]
    rows = [(slug, counts) for slug, counts in rows if any(counts)]
    table = Table(
        (timeline.unit, "all", *(slug for slug, _ in rows[1:])),
        tuple(
            (timeline.starts[step].isoformat(), *(f"{counts[step]:,}" for _, counts in rows))
            for step in range(len(timeline.starts))
        ),
    )
    return Section("time", title, tuple(words_list), draw_rows_over_time("time", said, timeline.ticks(), rows), table)


def describe_scores(facts: RunFacts) -> Sequence[Section]:
    """How sure the model was: over all, and topic by topic."""
    if not facts.classified:
        return [Section("scores", "Scores", (NO_TOPICS,))]
    decided = _fold([sum(counts) for counts in zip(*(t.scores for t in facts.real_topics), strict=True)])
    unknown = _fold(list(facts.nearest_scores))
    edges = [place / len(decided) for place in range(len(decided) + 1)] if decided else [0.0, 1.0]
    n = sum(decided)
    if not n:
        return [Section("scores", "Scores", ("No segment has a topic, so there are no scores to show.",))]
    low = sum(decided[: len(decided) // 2])
    said = (
        f"The scores of {count(n, 'segment')} with a topic: {percent(low, n)} are under one half, "
        f"{percent(sum(decided[-2:]), n)} over 90%."
    )
    stacks: list[tuple[str, Sequence[int]]] = [("with a topic", decided)]
    if any(unknown):
        stacks.append(("unknown (best guess)", unknown))
    table = Table(
        ("score", *(title for title, _ in stacks)),
        tuple(
            (f"{edges[k]:.2f} to {edges[k + 1]:.2f}", *(f"{counts[k]:,}" for _, counts in stacks))
            for k in range(len(decided))
        ),
    )
    overall = Section(
        "scores",
        "Scores",
        (said, "A score is the probability that the topic is right. Whether it can be believed is the next picture."),
        draw_columns("scores", said, edges, stacks, label="score"),
        table,
    )
    return [overall, _describe_topic_scores([t for t in facts.real_topics if t.n_segments])]


def describe_unknowns(facts: RunFacts) -> Section:
    """What fits no topic, and what it was nearest to."""
    title = "Unknown"
    if not facts.classified:
        return Section("unknown", title, (NO_TOPICS,))
    n = facts.n_unknown
    if not n:
        return Section("unknown", title, ("No segment is unknown: a topic fits each of them.",))
    words = [f"{count(n, 'segment')} ({percent(n, facts.n_segments)}) fit no topic."]
    if facts.n_unknown_foreign:
        languages = [f"{lang or '?'} {n_of:,}" for lang, n_of in facts.languages.items() if lang != "en"][:6]
        words.append(
            f"{count(facts.n_unknown_foreign, 'of them is', 'of them are')} in another language, which this model does "
            f"not read (in the run: {', '.join(languages)})."
        )
    ranked = list(facts.nearest.items())
    if not ranked:
        return Section("unknown", title, tuple(words))
    said = f"What the unknown segments were nearest to: {spell_list([slug for slug, _ in ranked[:3]])} come first."
    words = [said, *words]
    if sum(facts.nearest.values()) >= 20:
        words.append("`topics discover` groups them and offers what recurs as new topics.")
    rows = [(slug, float(n_of), f"{n_of:,}") for slug, n_of in ranked[:MOST_BARS]]
    table = Table(("nearest topic", "segments"), tuple((slug, f"{n_of:,}") for slug, n_of in ranked))
    return Section("unknown", title, tuple(words), draw_bars("unknown", said, rows), table)


def describe_copies(facts: RunFacts) -> Section:
    """Texts that stand in the run more than once."""
    title = "Duplicates"
    copies = facts.copies
    what = "near-duplicates of an earlier one" if copies.marked else "the same text as an earlier one, word for word"
    looked = "" if copies.marked else "The run marks no near-duplicates; there can be more of those."
    if not copies.n_copies:
        nothing = "No segment is a near-duplicate" if copies.marked else "No text stands twice"
        said = f"{nothing} among {count(facts.n_segments, 'segment')}."
        return Section("duplicates", title, tuple(filter(None, (said, looked))))
    largest = max(copies.sizes)
    said = (
        f"Copies by topic: {count(copies.n_copies, 'segment is', 'segments are')} "
        f"{what} ({percent(copies.n_copies, facts.n_segments)})."
    )
    words = [said, f"The most copied text stands in the run {largest:,} times.", looked]
    ranked = sorted((t for t in facts.topics if t.n_copies), key=lambda t: (-t.n_copies, t.slug))
    table = Table(
        ("topic", "segments", "copies", "share"),
        tuple((t.slug, f"{t.n_segments:,}", f"{t.n_copies:,}", percent(t.n_copies, t.n_segments)) for t in ranked),
    )
    if not ranked:
        return Section("duplicates", title, tuple(filter(None, words)))
    rows = [(t.slug, float(t.n_copies), f"{t.n_copies:,}") for t in ranked[:MOST_BARS]]
    picture = draw_bars("duplicates", said, rows, muted=(UNKNOWN, BOILERPLATE))
    return Section("duplicates", title, tuple(filter(None, words)), picture, table)


def describe_furniture(facts: RunFacts) -> Section:
    """How much of the text belongs to the page and not to any piece."""
    title = "Furniture"
    share = percent(facts.n_furniture, facts.n_characters)
    all_of_it = f"Page furniture (menus, share buttons, bylines, captions) is {share} of the text."
    if not facts.n_furniture:
        return Section("furniture", title, ("No page furniture was found in the run.",))
    if facts.n_dumps == 1:
        return Section("furniture", title, (f"{all_of_it} With one dump there is nothing to compare.",))
    counts = facts.furniture_by_dump
    much = sum(counts[len(counts) // 2 :])
    said = f"Dumps by their share of furniture: {percent(counts[0], facts.n_dumps)} of them have under 5%"
    said += f", and {count(much, 'dump has', 'dumps have')} more furniture than text." if much else "."
    edges = [place / len(counts) for place in range(len(counts) + 1)]
    table = Table(
        ("share of furniture", "dumps"),
        tuple((f"{edges[k]:.0%} to {edges[k + 1]:.0%}", f"{n:,}") for k, n in enumerate(counts) if n),
    )
    words = [said, all_of_it]
    most = [f"{shorten(d.name, 40)} ({percent(d.share)})" for d in facts.most_furniture[:5] if d.share > 0.1]
    if most:
        words.append(f"The largest share is in {spell_list(most)}.")
    picture = draw_columns("furniture", said, edges, [("dumps", counts)], label="share of the text that is furniture")
    return Section("furniture", title, tuple(words), picture, table)


def describe_sources(facts: RunFacts) -> Section:
    """Where the segments come from."""
    title = "Sources"
    named = [s for s in facts.sources if s.name]
    nameless = next((s.n_segments for s in facts.sources if not s.name), 0)
    if not named:
        return Section("sources", title, ("None of the segments says where it comes from.",))
    said = f"Segments by source: {count(len(named), 'source')}"
    said += f", of which the largest is {shorten(named[0].name, 40)} ({named[0].n_segments:,})."
    words = [said]
    if nameless:
        words.append(f"{count(nameless, 'segment does', 'segments do')} not say where it comes from.".replace(
            "segments do not say where it comes", "segments do not say where they come"))  # fmt: skip
    rows = [(s.name, float(s.n_segments), f"{s.n_segments:,}") for s in named[:MOST_BARS]]
    rest = named[MOST_BARS:]
    if rest:
        n_rest = sum(s.n_segments for s in rest)
        words.append(f"{count(len(rest), 'smaller source')} with {n_rest:,} segments are not drawn.")
    table = Table(
        ("source", "segments", "characters", "furniture"),
        tuple(_source_row(s) for s in facts.sources[:MOST_ROWS]),
        caption=f"The {MOST_ROWS} largest" if len(facts.sources) > MOST_ROWS else "",
    )
    return Section("sources", title, tuple(words), draw_bars("sources", said, rows), table)


def describe_problems(facts: RunFacts, manifest: Mapping[str, Any] | None) -> Section:
    """Inputs that could not be read, and dumps that look odd."""
    title = "Dumps with problems"
    problems: Sequence[Mapping[str, str]] = (manifest or {}).get("problems") or ()
    words = []
    if manifest is None:
        words.append("A file of records does not say which inputs could not be read; a run folder does.")
    elif not problems:
        words.append("Every input could be read, and every decision kept to.")
    rows = [(clean_cell(p["where"])[:120], p["reason"], clean_cell(p["message"])[:300]) for p in problems[:MOST_ROWS]]
    if problems:
        reasons: dict[str, int] = {}
        for problem in problems:
            reasons[problem["reason"]] = reasons.get(problem["reason"], 0) + 1
        listed = [f"{reason} {n:,}" for reason, n in sorted(reasons.items(), key=lambda item: (-item[1], item[0]))]
        words.append(f"{count(len(problems), 'problem')} while the run was made: {', '.join(listed)}.")
        if len(problems) > MOST_ROWS:
            words.append(f"The first {MOST_ROWS} are listed; all of them are in problems.jsonl.")
    odd = [d for d in facts.most_unknown if d.share > 0.5]
    if odd and facts.n_dumps > 1:
        words.append("Most of the text of the dumps marked \u201cunknown\u201d below fits no topic.")
        rows += [(shorten(d.name, 120), "unknown", f"{percent(d.share)} of the text is unknown") for d in odd]
    table = Table(("dump", "what", "more"), tuple(rows), frozenset((1, 2))) if rows else None
    return Section("problems", title, tuple(words), None, table)


def _describe_topic_scores(topics: Sequence[TopicFacts]) -> Section:
    rows = sorted(
        ((t.slug, t.quantile(0.1), t.quantile(0.5), t.quantile(0.9)) for t in topics),
        key=lambda row: (-row[2], row[0]),
    )
    said = (
        "Scores topic by topic: the dot is the median, and four of five segments lie on the line; the model is "
        f"surest of {rows[0][0]}"
    )
    said += f" and least sure of {rows[-1][0]}." if len(rows) > 1 else "."
    table = Table(
        ("topic", "lowest tenth under", "median", "highest tenth over"),
        tuple((slug, f"{low:.2f}", f"{middle:.2f}", f"{high:.2f}") for slug, low, middle, high in rows),
    )
    return Section("topic-scores", "Scores by topic", (said,), draw_ranges("topic-scores", said, rows), table)


def _source_row(source: SourceFacts) -> tuple[str, ...]:
    name = shorten(source.name, 60) if source.name else "(not known)"
    return name, f"{source.n_segments:,}", f"{source.n_characters:,}", percent(source.furniture_share)


def _fold(counts: Sequence[int]) -> list[int]:
    """The fine bins of scores, five to one."""
    return [sum(counts[at : at + 5]) for at in range(0, N_SCORE_BINS, 5)] if counts else []


def _spell_day(day: Any) -> str:
    return f"{day.day} {day:%B %Y}"
