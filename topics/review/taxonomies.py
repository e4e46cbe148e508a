"""A topic more: added to ``taxonomy.toml`` of the label folder, the rest of the file as it stands.

A folder without a taxonomy of its own gets a copy of the one in force first, so that labels and topics stand together.
"""

from __future__ import annotations

from pathlib import Path

from topics.errors import LabelError
from topics.labels.project import make_slug
from topics.labels.store import hold_labels
from topics.labels.taxonomy import Taxonomy, Topic
from topics.labels.taxonomy_file import read_taxonomy_file

__all__ = ["add_topic", "load_for"]


def load_for(labels: Path) -> Taxonomy:
    """The taxonomy beside the labels, else the one in force."""
    return read_taxonomy_file(labels).taxonomy


def add_topic(labels: Path, name: str, description: str = "") -> str:
    """Add a topic of that name, last in order, and return its slug; on the disk when this returns.

    Raises :class:`LabelError` where a topic of that slug is there already or the name makes no slug.
    """
    name = " ".join(name.split())[:80]
    slug = make_slug(name)
    if not slug:
        raise LabelError(f"{name!r} makes no slug: a topic's name needs letters or digits.")
    with hold_labels(labels):
        file = read_taxonomy_file(labels)
        if file.taxonomy.find_successors(slug):
            raise LabelError(f'there is a topic "{slug}" already, or was. Choose it, or another name.')
        about = " ".join(description.split()) or f"Added in a review: {name}."
        file.add(Topic(slug, name, about))
    return slug
