"""What came back, settled with what is known: which answers become decisions, what they change, which fit nothing.

Three words count on each piece: what was said when it was sent out (its reference), what the labels say today, and
the answer. An answer that says what was sent out changes nothing, whatever the labels say by now. One that says
something else is applied, unless the labels say something else again, and not what they are known to have said then:
all are named and the person decides. Nothing is applied whose text is not the text that was sent out.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from topics.interchange.refs import Ref, State
from topics.interchange.rows import Answer
from topics.labels.decisions import TopicDecision, date_behind
from topics.labels.entries import change_topics
from topics.records import KINDS, dump_digest, text_digest

if TYPE_CHECKING:
    from topics.labels.taxonomy import Taxonomy

__all__ = ["Applied", "Change", "Places", "Rules", "State", "apply_answers"]


@dataclass(frozen=True, slots=True)
class Places:
    """The segments that an answer without a reference can speak of: by their digest, and by their id."""

    by_segment: Mapping[str, Ref] = field(default_factory=dict)
    by_id: Mapping[str, Ref] = field(default_factory=dict)
    complete: bool = False  # whether a segment that is not among them is one that no longer is
    facts: Mapping[str, tuple[str | None, str | None]] = field(default_factory=dict)  # by segment: source, published

    @classmethod
    def of(
        cls,
        refs: Iterable[tuple[str, Ref]],
        *,
        complete: bool = False,
        facts: Mapping[str, tuple[str | None, str | None]] | None = None,
    ) -> Places:
        """Of ids and references; of two on one segment the first."""
        by_segment: dict[str, Ref] = {}
        by_id: dict[str, Ref] = {}
        for id, ref in refs:
            by_segment.setdefault(ref.segment, ref)
            by_id.setdefault(id, ref)
        return cls(by_segment, by_id, complete, facts or {})


@dataclass(frozen=True, slots=True)
class Rules:
    """How answers are taken. ``at``: when they were given; what replaces a later decision is dated just behind that;
    ``confirm``: an answer that says what was suggested is a decision too; ``force``: answers win over labels that say
    something else; ``keep_text``: text goes into the labels where it is nowhere else; ``personal``: a labelled answer
    is a person's act (:class:`topics.interchange.formats.Format`)."""

    by: str
    at: str
    confirm: bool = False
    force: bool = False
    keep_text: bool = True
    personal: bool = False


@dataclass(frozen=True, slots=True)
class Change:
    """One decision to be added, what the labels said before (``None``: nothing), and where the answer stands.

    ``text`` is there for a piece that no dump and no label holds: what it teaches must be kept in some way.
    """

    decision: TopicDecision
    before: State | None
    place: str
    title: str | None = None
    text: str | None = None

    @property
    def after(self) -> State:
        return State(self.decision.topic, self.decision.also, self.decision.kind)


@dataclass(frozen=True, slots=True)
class Applied:
    """What is to be added, counts of the rest by what became of it, and a line for each answer that cannot be used."""

    changes: tuple[Change, ...]
    counts: Mapping[str, int]
    problems: tuple[str, ...]

    def summary(self) -> str:
        """One line for people."""
        n_new = sum(change.before is None for change in self.changes)
        parts = [f"{len(self.changes) - n_new:,} changed", f"{n_new:,} new"]
        parts += [f"{n:,} {name}" for name, n in self.counts.items() if n]
        parts += [f"{len(self.problems):,} not applied"] if self.problems else []
        return ", ".join(parts)


def apply_answers(
    answers: Iterable[Answer],
    taxonomy: Taxonomy,
    current: Mapping[str, TopicDecision],
    places: Places,
    rules: Rules,
) -> Applied:
    """Settle answers with the labels that hold today (by segment digest), in the order in which they came."""
    counts: Counter[str] = Counter()
    problems: list[str] = []
    found: dict[str, list[tuple[Answer, Ref, bool, State]]] = {}
    names = taxonomy.words
    for answer in answers:
        if answer.outcome in ("skipped", "unanswered", "rejected"):
            counts[answer.outcome] += 1
            continue
        ref, fault = _find_ref(answer, places)
        if ref is None:
            problems.append(f"{answer.place}: {fault}")
            continue
        state, fault = _read_state(answer, ref, names, taxonomy)
        if state is None:
            problems.append(f"{answer.place}: {fault}")
            continue
        is_foreign = answer.ref is None and ref.segment not in places.by_segment
        found.setdefault(ref.segment, []).append((answer, _spell_today(ref, taxonomy), is_foreign, state))
    changes = []
    for said in found.values():
        change, outcome = _settle(said, taxonomy, current, places, rules)
        if change is not None:
            changes.append(change)
        elif outcome in ("same", "as suggested"):
            counts[outcome] += 1
        else:
            problems.append(outcome)
    order = {name: counts[name] for name in ("same", "as suggested", "skipped", "rejected", "unanswered")}
    return Applied(tuple(changes), order, tuple(problems))


def _find_ref(answer: Answer, places: Places) -> tuple[Ref | None, str]:
    """The segment that an answer speaks of, or why none."""
    ref = answer.ref or places.by_id.get(answer.id or "") or places.by_segment.get(answer.digest or "")
    if ref is None and (answer.id or answer.digest):
        return None, "its id is of no segment that is known here. Give the run it came from with --run."
    if ref is None and answer.text is None:
        return None, "nothing tells which segment this is. Rows that were added by hand are not applied."
    if ref is None:
        text = answer.text or ""
        digest = text_digest(text)
        file, _, row = answer.place.rpartition(":")
        name = f"{Path(file).name}#{row.removeprefix('row ')}"
        known = places.by_segment.get(digest)
        return known or Ref(dump_digest(text), 0, len(text), digest, "article", None, (), name), ""
    if answer.digest and answer.digest != ref.segment:
        return None, "its digest is that of another segment. The cells of a row were moved; undo that."
    if answer.text is not None and not _is_text_of(answer.text, ref.segment):
        return (
            None,
            "the text is no longer the one that was sent out. Label it as it is now.",
        )
    if places.complete and ref.segment not in places.by_segment:
        return None, "the run has no such segment any more. Export it again."
    return ref, ""


def _is_text_of(text: str, segment: str) -> bool:
    """Whether a text, as tools and spreadsheets leave it, is that of a segment."""
    if text_digest(text) == segment or text_digest(text.removeprefix("'")) == segment:
        return True
    if text_digest(_undo_western(text).removeprefix("'")) == segment:
        return True
    return len(text) >= CELL_LIMIT  # a spreadsheet cuts cells off there; the digest beside it tells the segment


def _undo_western(text: str) -> str:
    """UTF-8 that was opened as Windows text and saved so, as it was; any other text as it is."""
    try:
        data = b"".join(bytes([ord(c)]) if "\x80" <= c <= "\x9f" else c.encode("cp1252") for c in text)
        return data.decode("utf-8")
    except UnicodeError:
        return text


CELL_LIMIT = 32_000  # Excel holds 32,767 characters a cell


def _spell_today(ref: Ref, taxonomy: Taxonomy) -> Ref:
    """The reference in the words of today's taxonomy, as labels are read."""
    topic, also = change_topics(ref.topic, ref.also, taxonomy.spell)
    label = ref.label
    if label is not None:
        label = State(*change_topics(label.topic, label.also, taxonomy.spell), label.kind)
    return replace(ref, topic=topic, also=also, label=label)


def _read_state(answer: Answer, ref: Ref, names: Mapping[str, str], taxonomy: Taxonomy) -> tuple[State | None, str]:
    """What an answer says, in the words of today's taxonomy, or why it says nothing. A topic that was sent out is no
    fault, whatever became of it."""
    sent = {slug: taxonomy.spell(slug) for slug in (ref.topic, *ref.also) if slug is not None}
    ref = _spell_today(ref, taxonomy)
    topics = []
    for said in answer.topics:
        word = " ".join(said.lower().split())
        slug = sent.get(word) or names.get(word)
        if slug is None:
            return None, taxonomy.find_fault(said) or ""
        topics.append(slug)
    topics = list(dict.fromkeys(topics))
    if not answer.ordered and topics:
        firsts = [ref.topic] if ref.topic in topics else [topic for topic in topics if topic not in ref.also] or topics
        topics = [firsts[0], *(topic for topic in topics if topic != firsts[0])]
    kind: Any = answer.kind or ref.kind
    if kind not in KINDS:
        return None, f'kind "{kind}" is none of {", ".join(KINDS)}. Mend the cell.'
    if topics and kind == "boilerplate":
        if answer.kind == "boilerplate" and ref.kind != "boilerplate":
            return None, 'a row of kind "boilerplate" has no topic. Empty one of the two cells.'
        kind = "article"
    if not topics:  # second topics of a piece that none fits best are in no tool's form: they stay
        return State(None, ref.also if ref.topic is None and kind != "boilerplate" else (), kind), ""
    also = topics[1:]
    if not answer.ordered and set(also) == set(ref.also):
        also = list(ref.also)
    return State(topics[0], tuple(also), kind), ""


def _settle(
    said: list[tuple[Answer, Ref, bool, State]],
    taxonomy: Taxonomy,
    current: Mapping[str, TopicDecision],
    places: Places,
    rules: Rules,
) -> tuple[Change | None, str]:
    """The decision that all answers on one segment come to; else ``same``, ``as suggested`` or what is wrong."""
    _, first, is_foreign, _ = said[0]
    sent = State(first.topic, first.also, first.kind)
    moved = list(dict.fromkeys(state for _, _, _, state in said if state != sent or is_foreign))
    if len(moved) > 1:
        where = " and ".join(f"{answer.place} ({state})" for answer, _, _, state in said if state in moved[:2])
        return None, f"{where}: two answers on one segment. Keep one of them."
    state = moved[0] if moved else sent
    answer, ref, _, _ = next(each for each in said if each[3] == state)
    decision = current.get(ref.segment)
    home = State(decision.topic, decision.also, decision.kind) if decision is not None else None
    if home == state:
        return None, "same"
    if not moved and home is not None:  # changed at home since, and the answer is what was sent out
        return None, "same"
    says_something = state.topic is not None or state.kind == "boilerplate"  # and not only that a model knew nothing
    if not moved and not (rules.personal or (rules.confirm and says_something)):
        return None, "as suggested"
    is_older = home is None or home in (sent, first.label)  # the labels say what they said when it was sent out
    if moved and not is_older and not is_foreign and not rules.force:
        return None, (
            f"{answer.place}: says {state}, was sent out as {sent}, and the labels say {home}. "
            "Decide, or let the answers win with --force."
        )
    for slug in (state.topic, *state.also):
        if slug is not None and (fault := taxonomy.find_fault(slug)) is not None:
            return None, f"{answer.place}: {fault}"
    source, published = places.facts.get(ref.segment, (None, None))
    at = date_behind(rules.at, [decision] if decision is not None else [])
    new = TopicDecision(
        dump=ref.dump, start=ref.start, end=ref.end, segment=ref.segment, topic=state.topic, also=state.also,
        kind=state.kind, by=answer.by or rules.by, at=at, name=ref.name,
        source=source, published=published,
    )  # fmt: skip
    if is_foreign and rules.keep_text:
        new = replace(new, text=answer.text)
    return Change(new, home, answer.place, answer.title, answer.text if is_foreign else None), ""
