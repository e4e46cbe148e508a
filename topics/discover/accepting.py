"""A group becomes a topic: a table more in ``labels/taxonomy.toml``, and its pieces as the topic's first labels.

The rest of the taxonomy stays as it is, comments and all; the file is replaced at once, and only by what can be read
again. The topic comes first and the labels after it: whatever happens between, no label speaks of a topic that is not
there. A slug that the taxonomy has already takes the labels without another table.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from topics.discover.finding import Group
from topics.discover.unknowns import Unknown
from topics.errors import LabelError, OutputError
from topics.labels.decisions import TopicDecision
from topics.labels.store import append_decisions, read_decisions, write_whole
from topics.labels.taxonomy import find_taxonomy, parse_taxonomy

__all__ = ["LABEL_FILE", "Accepted", "accept_group", "spell_topic"]

LABEL_FILE = "discovered.jsonl"
LOCK_SECONDS = 60


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
    new = _add_topic(folder, slug, name, description, group.terms)
    judged = {entry.decision.segment for entry in read_decisions([folder], on_problem=lambda problem: None).topics}
    fresh = [each for each in group.segments if each.digest not in judged]
    chosen = fresh[:most]
    path = folder / LABEL_FILE
    append_decisions(path, [_to_decision(each, slug, by, at, with_text) for each in chosen])
    return Accepted(slug, new, folder / "taxonomy.toml", path, len(chosen), len(group.segments) - len(fresh))


def _add_topic(folder: Path, slug: str, name: str | None, description: str | None, terms: Sequence[str]) -> bool:
    """Append the topic's table unless there is one; says whether there was none."""
    from filelock import FileLock, Timeout

    target = folder / "taxonomy.toml"
    folder.mkdir(parents=True, exist_ok=True)
    try:
        with FileLock(folder / ".lock").acquire(timeout=LOCK_SECONDS):
            source = target if target.is_file() else find_taxonomy()
            text = source.read_text("utf-8-sig")
            if slug in parse_taxonomy(text, str(source)):
                if name is not None or description is not None:
                    raise LabelError(
                        f'{source}: there is a topic "{slug}" already. Leave out --name and --description '
                        "to add to it, or take another slug."
                    )
                return False
            added = text + ("" if text.endswith("\n") else "\n") + spell_topic(slug, name, description, terms)
            parse_taxonomy(added, str(target))  # what could not be read again must not get in
            write_whole(target, added.encode())
    except Timeout:
        raise OutputError(f"{folder}: another process holds it. Wait for it to end, then try again.") from None
    return True


def spell_topic(slug: str, name: str | None, description: str | None, terms: Sequence[str]) -> str:
    """The topic's table as TOML, after a blank line; white space in texts is folded."""
    words = ", ".join(_quote(term) for term in terms)
    about = description or f"Found among pieces that no topic fitted: {', '.join(terms)}."
    lines = [
        "",
        "[[topic]]",
        f"slug = {_quote(slug)}",
        f"name = {_quote(name or slug.replace('-', ' ').capitalize())}",
        f"description = {_quote(about)}",
        f"key_words = [{words}]",
        "",
    ]
    return "\n".join(lines)


def _quote(text: str) -> str:
    """A TOML basic string: JSON's escapes are TOML's too, but for DEL, which must not stand bare."""
    return json.dumps(" ".join(text.split()), ensure_ascii=False).replace("\x7f", "\\u007f")


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
        text=unknown.text if with_text else None,
    )
