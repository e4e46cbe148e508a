"""A topic more: added to ``taxonomy.toml`` of the label folder, the rest of the file as it stands.

A folder without a taxonomy of its own gets a copy of the one in force first, so that labels and topics stand together.
"""

from __future__ import annotations

from pathlib import Path

from topics.errors import LabelError
from topics.labels import taxonomy_edit as edit
from topics.labels.project import make_slug
from topics.labels.store import hold_labels, write_whole
from topics.labels.taxonomy import Taxonomy, Topic, find_taxonomy, parse_taxonomy

__all__ = ["add_topic", "load_for"]


def load_for(labels: Path) -> Taxonomy:
    """The taxonomy beside the labels, else the one in force."""
    path = _path(labels)
    return parse_taxonomy(path.read_text("utf-8-sig"), str(path))


def add_topic(labels: Path, name: str, description: str = "") -> str:
    """Add a topic of that name, last in order, and return its slug; on the disk when this returns.

    Raises :class:`LabelError` where a topic of that slug is there already or the name makes no slug.
    """
    name = " ".join(name.split())[:80]
    slug = make_slug(name)
    if not slug:
        raise LabelError(f"{name!r} makes no slug: a topic's name needs letters or digits.")
    target = labels / "taxonomy.toml"
    with hold_labels(labels):
        text = _path(labels).read_text("utf-8-sig")
        known = parse_taxonomy(text, str(target))
        if known.find_successors(slug):
            raise LabelError(f'there is a topic "{slug}" already, or was. Choose it, or another name.')
        about = " ".join(description.split()) or f"Added in a review: {name}."
        write_whole(target, edit.add_topic(text, str(target), Topic(slug, name, about), known.slugs[-1]).encode())
    return slug


def _path(labels: Path) -> Path:
    own = labels / "taxonomy.toml"
    return own if own.is_file() else find_taxonomy()
