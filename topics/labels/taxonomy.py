"""``labels/taxonomy.toml`` in, the topics out: slugs in file order, with names, descriptions and key words.

A taxonomy is checked whole when it is read, so that everything after can rely on it; a mistake is reported
with the line of the ``[[topic]]`` it stands in. Only the standard library is needed, since predicting reads
it too.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from topics.errors import LabelError

__all__ = ["Taxonomy", "Topic", "find_taxonomy", "load_taxonomy", "parse_taxonomy"]

_PACKAGE = Path(__file__).resolve().parent.parent
_SLUG = re.compile(r"[a-z0-9]+(?:-[a-z0-9]+)*")
_IPTC = re.compile(r"medtop:[0-9]{8}")
_TABLE = re.compile(r"\s*\[\[\s*topic\s*\]\]")
_KEYS = ("slug", "name", "description", "key_words", "iptc")


@dataclass(frozen=True, slots=True)
class Topic:
    """One class. ``key_words`` are as people write them; ``iptc`` is a Media Topics code or ``None``."""

    slug: str
    name: str
    description: str
    key_words: tuple[str, ...] = ()
    iptc: str | None = None


@dataclass(frozen=True, slots=True)
class Taxonomy:
    """The topics in file order, and the file they came from (as it should be shown to people)."""

    topics: tuple[Topic, ...]
    source: str

    @property
    def slugs(self) -> tuple[str, ...]:
        """Slugs in file order: the order of classes in models, tables and reports."""
        return tuple(topic.slug for topic in self.topics)

    def __contains__(self, slug: object) -> bool:
        return any(topic.slug == slug for topic in self.topics)

    def __getitem__(self, slug: str) -> Topic:
        """The topic of that slug; ``KeyError`` where there is none."""
        for topic in self.topics:
            if topic.slug == slug:
                return topic
        raise KeyError(slug)

    def find_fault(self, slug: str) -> str | None:
        """What is wrong with this slug, as a message with the next move; ``None`` for a known one.

        The only comparison of topics with the taxonomy, so that every command says it in the same words.
        """
        return None if slug in self else f'unknown topic "{slug}". Known topics are in {self.source}.'


def load_taxonomy(path: Path | None = None, *, project: Path | None = None) -> Taxonomy:
    """The taxonomy at ``path``, else the one :func:`find_taxonomy` finds.

    Raises :class:`LabelError`, as ``file: problem`` or ``file:line: problem``, where there is none or it is
    wrong.
    """
    found = path or find_taxonomy(project)
    try:
        text = found.read_text(encoding="utf-8-sig")
    except FileNotFoundError:
        raise LabelError(f'{found}: no such taxonomy. "topics init" makes one.') from None
    except OSError as error:
        raise LabelError(f"{found}: cannot be read ({error.strerror}).") from error
    except UnicodeDecodeError:
        raise LabelError(f"{found}: not UTF-8. Save it as UTF-8.") from None
    return parse_taxonomy(text, str(found))


def find_taxonomy(project: Path | None = None) -> Path:
    """Where the taxonomy is: the project folder (the current one), else the package, else its repository."""
    below = (project or Path()) / "labels" / "taxonomy.toml"
    places = (below, _PACKAGE / "_data" / "taxonomy.toml", _PACKAGE.parent / "labels" / "taxonomy.toml")
    return next((place for place in places if place.is_file()), below)


def parse_taxonomy(text: str, source: str) -> Taxonomy:
    """The taxonomy that ``text`` spells; ``source`` names it in messages."""
    try:
        tables = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise LabelError(f"{source}: not TOML: {error}. Mend the file there.") from None
    rows = tables.pop("topic", None)
    if not isinstance(rows, list) or not rows or not all(isinstance(row, dict) for row in rows):
        raise LabelError(f"{source}: no topics. Each topic is a [[topic]] table with a slug, a name and a description.")
    if tables:
        raise LabelError(f'{source}: unknown key "{sorted(tables)[0]}". A taxonomy has [[topic]] tables only.')
    lines = [number for number, line in enumerate(text.split("\n"), 1) if _TABLE.match(line)]
    if len(lines) != len(rows):  # written as inline tables: name the topic by its number instead
        lines = []
    first: dict[str, str] = {}
    topics = []
    for index, row in enumerate(rows):
        place = f"{source}:{lines[index]}" if lines else f"{source}: topic {index + 1}"
        topic = _read_topic(row, place)
        if topic.slug in first:
            raise LabelError(f'{place}: slug "{topic.slug}" again; it stands at {first[topic.slug]} too. Keep one.')
        first[topic.slug] = place
        topics.append(topic)
    return Taxonomy(tuple(topics), source)


def _read_topic(row: Mapping[str, Any], place: str) -> Topic:
    unknown = [key for key in row if key not in _KEYS]
    if unknown:
        raise LabelError(f'{place}: unknown key "{unknown[0]}". A topic has {", ".join(_KEYS)}.')
    for key in ("slug", "name", "description"):
        if not isinstance(row.get(key), str) or not row[key].strip():
            raise LabelError(f"{place}: {key} is missing or not a text. Add it.")
    if not _SLUG.fullmatch(row["slug"]):
        raise LabelError(f'{place}: slug "{row["slug"]}" may hold only a-z, 0-9 and single hyphens between them.')
    key_words = row.get("key_words", [])
    if not isinstance(key_words, list) or not all(isinstance(word, str) and word.strip() for word in key_words):
        raise LabelError(f'{place}: key_words is not a list of texts. Write key_words = ["…", "…"].')
    iptc = row.get("iptc")
    if iptc is not None and not (isinstance(iptc, str) and _IPTC.fullmatch(iptc)):
        raise LabelError(f'{place}: iptc is not a Media Topics code. Write it as "medtop:16000000", or leave it out.')
    return Topic(row["slug"], row["name"].strip(), row["description"].strip(), tuple(key_words), iptc)
