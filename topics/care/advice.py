"""Labelled pieces in, hints for the person who labels out: suspects and drift as findings with a place."""

from __future__ import annotations

from collections.abc import Callable, Collection
from typing import TYPE_CHECKING, Final

from topics.care.drift import Drift, find_drift
from topics.care.suspects import find_suspects
from topics.labels.findings import Finding

if TYPE_CHECKING:
    from topics.care.gather import Labelled

__all__ = ["MIN_LABELS", "advise"]

MIN_LABELS: Final = 30  # pieces with a topic, for a model to have an opinion

Say = Callable[[str], None]


def advise(
    labelled: Labelled, confirmed: Collection[str] = (), since: str | None = None, say: Say = lambda message: None
) -> list[Finding]:
    """Suspects, likeliest first, then drift; texts in ``confirmed`` (by digest) are no suspects. Takes a training."""
    from topics.classification.training import fit_topics

    found: list[Finding] = []
    named = [example.topic for example in labelled.examples if example.topic is not None]
    if len(named) >= MIN_LABELS and len(set(named)) > 1:
        say(f"judging {len(named):,} labels by models that have not seen them")
        fitted = fit_topics(labelled.examples, labelled.taxonomy.slugs, labelled.lessons, labelled.vectors)
        for suspect in find_suspects(labelled, fitted, confirmed):
            found.append(Finding("suspect", suspect.entry.place, suspect.message, suspect.to_dict()))
    say("comparing earlier and later dates")
    return found + _spell_drift(find_drift(labelled, since))


def _spell_drift(drift: Drift) -> list[Finding]:
    found = []
    for mix in drift.mix:
        before, after = mix.share
        message = (
            f"{mix.topic} is {before:.0%} of the labels on text from before {drift.since} and {after:.0%} of the later "
            f"ones (p = {mix.p:.3f}). Were they chosen in the same way? If so, label some more of the recent ones."
        )
        facts = {"topic": mix.topic, "share": list(mix.share), "p": mix.p, "since": drift.since}
        found.append(Finding("drift", mix.entry.place, message, facts))
    for terms in drift.terms:
        before_n, after_n = terms.n
        more, less = ", ".join(terms.more), ", ".join(terms.less)
        message = (
            f"the words of {terms.topic} changed on {drift.since}: {after_n} pieces from then on say more {more}; "
            f"{before_n} earlier ones {less} ({terms.effect:.1f} times chance, p = {terms.p:.3f}). Read this one: is "
            "it the same topic? If so, label some more of the recent ones."
        )
        facts = {
            "topic": terms.topic, "n": list(terms.n), "more": list(terms.more), "less": list(terms.less),
            "effect": round(terms.effect, 2), "p": terms.p, "since": drift.since,
        }  # fmt: skip
        found.append(Finding("drift", terms.entry.place, message, facts))
    return found
