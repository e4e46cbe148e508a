"""A topic that becomes several: for each labelled piece of it, which one it goes to, and why.

Key words propose first: a piece goes where it has ``MIN_WORDS`` different key words or more and ``LEAD`` times as many
as for any other. A model of the new topics alone, taught by those pieces, by pieces that had the new topics already
and by the descriptions, proposes for the rest, where it is sure enough. What neither can tell stays undecided.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Final

from topics.classification.analyzer import Terms, count_terms
from topics.labels.decisions import TopicDecision
from topics.labels.entries import Entry, OnProblem, read_decisions, slugs_of
from topics.labels.migrating import Edit, Migration, migrate
from topics.labels.second import find_second_files
from topics.labels.taxonomy import Taxonomy, Topic, load_taxonomy
from topics.labels.taxonomy_edit import add_topic, drop_topic

if TYPE_CHECKING:
    from topics.care.gather import Labelled

__all__ = ["MIN_SCORE", "Proposal", "find_key_terms", "propose", "split"]

MIN_SCORE: Final = 0.8
MIN_WORDS: Final = 2
LEAD: Final = 2.0
MOST_NAMED: Final = 4


@dataclass(frozen=True, slots=True)
class Proposal:
    """Where a piece goes, ``None`` where nothing tells, and why."""

    into: str | None
    why: str


def split(
    labels: Path,
    gone: str,
    into: Sequence[str],
    labelled: Labelled,
    *,
    new: Sequence[Topic] = (),
    rest: str | None = None,
    min_score: float = MIN_SCORE,
    dry_run: bool = False,
    on_problem: OnProblem | None = None,
) -> Migration:
    """Move the decisions on ``gone`` to the topics ``into``, and take it out of the taxonomy once none is left on it.

    ``into`` are topics of the taxonomy or among ``new``; ``gone`` may be one of them, and then stays. ``labelled`` are
    the pieces of the same folder. Decisions that nothing tells about go to ``rest``, or stay, and the same call goes on
    with them later.
    """
    taxonomy = load_taxonomy(labels / "taxonomy.toml")
    known = {topic.slug: topic for topic in (*taxonomy.topics, *new)}
    second = read_decisions(find_second_files(labels), on_problem=lambda problem: None).topics
    read_again = {entry.decision.segment for entry in second if gone in slugs_of(entry.decision)}
    proposals: dict[str, Proposal] = {}
    if gone in taxonomy:
        proposals = propose(labelled, gone, [known[slug] for slug in into], min_score, read_again)
    if rest is not None:
        proposals = {
            key: found if found.into else Proposal(rest, f"the rest ({found.why})") for key, found in proposals.items()
        }

    def choose(decision: TopicDecision) -> str | None:
        found = proposals.get(decision.segment)
        return found.into if found else rest

    def edit(text: str, source: str) -> str:
        behind = gone
        for topic in new:
            text, behind = add_topic(text, source, topic, behind), topic.slug
        return text

    def finish(undecided: Sequence[Entry[TopicDecision]]) -> Edit | None:
        if undecided or gone in into or gone not in taxonomy:
            return None
        return lambda text, source: drop_topic(text, source, gone, into)

    return migrate(
        labels,
        edit,
        choose={gone: choose},
        finish=finish,
        why={segment: found.why for segment, found in proposals.items()},
        dry_run=dry_run,
        on_problem=on_problem,
    )


def propose(
    labelled: Labelled,
    gone: str,
    into: Sequence[Topic],
    min_score: float = MIN_SCORE,
    read_again: Collection[str] = (),
) -> dict[str, Proposal]:
    """Text digest to proposal, for every piece that has ``gone`` as its first or as a secondary topic, or has it by a
    second reading (digests in ``read_again``), or had it and was moved: that one stays where it is."""
    key_terms = find_key_terms(into)
    found: dict[str, Proposal] = {}
    open_places: list[int] = []
    taught: list[tuple[int, str]] = []
    for place, entry in enumerate(labelled.entries):
        decision = entry.decision
        moved = next((slug for slug in slugs_of(decision) if slug in key_terms and slug != gone), None)
        if moved and gone in (decision.was or ()):
            found[decision.segment] = Proposal(moved, "moved before")
            taught += [(place, moved)] if moved == decision.topic else []
        elif gone in slugs_of(decision) or decision.segment in read_again:
            proposal = _count_key_words(labelled.examples[place].terms, key_terms)
            if proposal.into is not None:
                found[decision.segment] = proposal
                taught.append((place, proposal.into))
            else:
                open_places.append(place)
        elif decision.topic in key_terms:
            taught.append((place, decision.topic))
    if open_places:
        found |= _predict(labelled, open_places, taught, into, min_score)
    return found


def find_key_terms(topics: Sequence[Topic]) -> dict[str, frozenset[str]]:
    """The terms of each topic's key words that no other of these topics has; of a phrase its longest terms.

    >>> film, pop = Topic("film", "", "", ("film festival",)), Topic("pop", "", "", ("guitar", "festival"))
    >>> find_key_terms([film, pop])["film"]
    frozenset({'film festival'})
    """
    terms = {topic.slug: {term for word in topic.key_words for term in _longest(word)} for topic in topics}
    return {
        slug: frozenset(own - set().union(*(other for name, other in terms.items() if name != slug)))
        for slug, own in terms.items()
    }


def _longest(word: str) -> Collection[str]:
    counted = count_terms(None, word).body
    most = max((term.count(" ") for term in counted), default=0)
    return [term for term in counted if term.count(" ") == most]


def _count_key_words(terms: Terms, key_terms: Mapping[str, frozenset[str]]) -> Proposal:
    held = set(terms.title) | set(terms.body)
    hits = {slug: sorted(held & own) for slug, own in key_terms.items()}
    best, second = sorted(hits, key=lambda slug: (-len(hits[slug]), slug))[:2]
    if len(hits[best]) >= MIN_WORDS and len(hits[best]) >= LEAD * len(hits[second]):
        return Proposal(best, f"key words: {', '.join(hits[best][:MOST_NAMED])}")
    return Proposal(None, "no key words tell")


def _predict(
    labelled: Labelled,
    places: Sequence[int],
    taught: Sequence[tuple[int, str]],
    into: Sequence[Topic],
    min_score: float,
) -> dict[str, Proposal]:
    """Proposals for what key words do not tell, by a model of the new topics alone."""
    from topics.classification.training import fit_topics
    from topics.examples import describe_topics

    slugs = [topic.slug for topic in into]
    examples = [replace(labelled.examples[place], topic=slug, also=()) for place, slug in taught]
    lessons = describe_topics(Taxonomy(tuple(into), labelled.taxonomy.source))
    model = fit_topics(examples, slugs, lessons, labelled.vectors).model
    found = {}
    for place in places:
        p = model.probabilities(model.vectorise(labelled.examples[place].terms))
        order = sorted(range(len(slugs)), key=lambda k: (-p[k], k))
        sure = bool(p[order[0]] >= min_score)
        told = ", ".join(f"{slugs[k]} {p[k]:.2f}" for k in order[: 1 if sure else 2])
        why = f"prediction: {told}" if sure else f"nothing tells: {told}"
        found[labelled.entries[place].decision.segment] = Proposal(slugs[order[0]] if sure else None, why)
    return found
