"""A group becomes a topic: a table more in ``labels/taxonomy.toml``, and its pieces as the topic's first labels.

The rest of the taxonomy stays as it is, comments and all; the file is replaced at once, and only by what can be read
again. The topic comes first and the labels after it: whatever happens between, no label speaks of a topic that is not
there. A slug that the taxonomy has already takes the labels without another table.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from topics.discover.finding import Group
from topics.discover.unknowns import Unknown
from topics.errors import LabelError
from topics.labels.decisions import TopicDecision
from topics.labels.store import append_decisions, hold_labels, read_decisions, write_whole
from topics.labels.taxonomy import Topic, find_taxonomy, parse_taxonomy
from topics.labels.taxonomy_edit import add_topic

__all__ = ["LABEL_FILE", "Accepted", "accept_group"]

LABEL_FILE = "discovered.jsonl"


@dataclass(frozen=True, slots=True)
class Accepted:
    """What came of it: whether the topic is ``new``, how many labels were added, how many pieces had one already."""

    slug: str
    new: bool
    taxonomy: Path
    labels: Path
    n_added: int
    n_labelled_before: int


def accept_group(
    group: Group,
    slug: str,
    folder: Path,
    *,
    by: str,
    at: str,
    name: str | None = None,
    description: str | None = None,
    with_text: bool = True,
    most: int | None = None,
) -> Accepted:
    """Make a topic of a group: ``folder`` is the label folder, ``by`` and ``at`` go into every decision.

    Without a ``name`` the slug spells it, without a ``description`` the group's terms do. At most ``most`` labels are
    added, the most typical first; pieces that people have judged before are left to them.
    """
    path = folder / LABEL_FILE
    with hold_labels(folder):
        new = _add_topic(folder, slug, name, description, group.terms)
        judged = {entry.decision.segment for entry in read_decisions([folder], on_problem=lambda problem: None).topics}
        fresh = [each for each in group.segments if each.digest not in judged]
        chosen = fresh[:most]
        append_decisions(path, [_to_decision(each, slug, by, at, with_text) for each in chosen])
    return Accepted(slug, new, folder / "taxonomy.toml", path, len(chosen), len(group.segments) - len(fresh))


def _add_topic(folder: Path, slug: str, name: str | None, description: str | None, terms: Sequence[str]) -> bool:
    """Add the topic behind the last one unless it is there; says whether it was not."""
    target = folder / "taxonomy.toml"
    source = target if target.is_file() else find_taxonomy()
    text = source.read_text("utf-8-sig")
    taxonomy = parse_taxonomy(text, str(source))
    if slug in taxonomy:
        if name is not None or description is not None:
            raise LabelError(
                f'{source}: there is a topic "{slug}" already. Leave out --name and --description to add to it, '
                "or take another slug."
            )
        return False
    topic = Topic(
        slug,
        _fold(name) or slug.replace("-", " ").capitalize(),
        _fold(description) or f"Found among pieces that no topic fitted: {', '.join(terms)}.",
        tuple(terms),
    )
    write_whole(target, add_topic(text, str(target), topic, taxonomy.slugs[-1]).encode())
    return True


def _fold(text: str | None) -> str:
    return " ".join((text or "").split())


def _to_decision(unknown: Unknown, slug: str, by: str, at: str, with_text: bool) -> TopicDecision:
    return TopicDecision(
        dump=unknown.dump_digest,
        start=unknown.start,
        end=unknown.end,
        segment=unknown.digest,
        topic=slug,
        kind=unknown.kind,
        by=by,
        at=at,
        name=unknown.dump,
        source=unknown.source or None,
        published=unknown.published or None,
        text=unknown.text if with_text else None,
    )
