"""A topic more: appended to ``taxonomy.toml`` of the label folder, the rest of the file as it stands.

A folder without a taxonomy of its own gets a copy of the one in force first, so that labels and topics stand together.
"""

from __future__ import annotations

import json
import re
import unicodedata
from pathlib import Path

from topics.errors import LabelError
from topics.labels.store import locked_folder, write_whole
from topics.labels.taxonomy import Taxonomy, find_taxonomy, parse_taxonomy

__all__ = ["add_topic", "load_for", "make_slug"]


def load_for(labels: Path) -> Taxonomy:
    """The taxonomy beside the labels, else the one in force."""
    path = _path(labels)
    return parse_taxonomy(path.read_text("utf-8-sig"), str(path))


def make_slug(name: str) -> str:
    """A slug for a name; empty where it has no letter or digit to make one of.

    >>> make_slug("Énergie & Water")
    'energie-water'
    """
    plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode().lower()
    return "-".join(re.findall(r"[a-z0-9]+", plain))[:60].strip("-")


def add_topic(labels: Path, name: str, description: str = "") -> str:
    """Add a topic of that name and return its slug; on the disk when this returns.

    Raises :class:`LabelError` where a topic of that slug is there already or the name makes no slug.
    """
    name = " ".join(name.split())[:80]
    slug = make_slug(name)
    if not slug:
        raise LabelError(f"{name!r} makes no slug: a topic's name needs letters or digits.")
    target = labels / "taxonomy.toml"
    with locked_folder(labels):
        text = _path(labels).read_text("utf-8-sig")
        if slug in parse_taxonomy(text, str(target)):
            raise LabelError(f'there is a topic "{slug}" already. Choose it, or another name.')
        about = " ".join(description.split()) or f"Added in a review: {name}."
        table = f"\n[[topic]]\nslug = {json.dumps(slug)}\nname = {_quote(name)}\ndescription = {_quote(about)}\n"
        added = text if text.endswith("\n") else f"{text}\n"
        added += table
        parse_taxonomy(added, str(target))  # what could not be read again must not get in
        write_whole(target, added.encode())
    return slug


def _path(labels: Path) -> Path:
    own = labels / "taxonomy.toml"
    return own if own.is_file() else find_taxonomy()


def _quote(text: str) -> str:
    """A TOML basic string: JSON's escapes are TOML's too, but for DEL, which must not stand bare."""
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007f")
