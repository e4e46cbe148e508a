"""``labels/taxonomy.toml`` in, the topics out: slugs in file order, with names, descriptions and key words.

A taxonomy is checked whole when it is read, so that everything after can rely on it; a mistake is reported
with the line of the ``[[topic]]`` it stands in. It also knows the slugs of topics that are gone, since label files
keep what was said under them. Only the standard library is needed, since predicting reads it too.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from difflib import get_close_matches
from pathlib import Path
from typing import Any

from topics.errors import LabelError

__all__ = [
    "NO_TOPIC_WORDS",
    "Taxonomy",
    "Topic",
    "check_slug",
    "find_tables",
    "find_taxonomy",
    "is_toml",
    "load_own_taxonomy",
    "load_taxonomy",
    "parse_taxonomy",
]

NO_TOPIC_WORDS = ("none", "null", "other", "unknown")  # how models, sheets and gold say that no topic fits
_PACKAGE = Path(__file__).resolve().parent.parent
_SLUG = re.compile(r"[a-z0-9]+(?:-[a-z0-9]+)*")
_IPTC = re.compile(r"medtop:[0-9]{8}")
_TABLE = re.compile(r"\s*\[\[?\s*[\"']?([a-z]+)")
_KEYS = ("slug", "name", "description", "rule", "borderline", "key_words", "iptc")


@dataclass(frozen=True, slots=True)
class Topic:
    """One class. ``key_words`` are as people write them; ``iptc`` is a Media Topics code or ``None``.

    ``rule`` and ``borderline`` (cases that could go either way, with where they go) are for the people who label.
    """

    slug: str
    name: str
    description: str
    key_words: tuple[str, ...] = ()
    iptc: str | None = None
    rule: str | None = None
    borderline: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Taxonomy:
    """The topics in file order, and the file they came from (as it should be shown to people).

    ``retired`` are slugs that topics had before they were renamed, merged or split, each with what came after.
    """

    topics: tuple[Topic, ...]
    source: str
    retired: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

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

    @property
    def words(self) -> dict[str, str]:
        """Slugs and names, in lower case, to slugs; the slug that a topic had before to the one it has today."""
        before = {slug.lower(): after for slug in self.retired if (after := self.spell(slug)) != slug}
        return before | {topic.name.lower(): topic.slug for topic in self.topics} | {slug: slug for slug in self.slugs}

    def find_successors(self, slug: str) -> tuple[str, ...]:
        """The topics of today that a slug stands for: itself, what came after it, or nothing for an unknown one."""
        if slug in self:
            return (slug,)
        found = (after for into in self.retired.get(slug, ()) for after in self.find_successors(into))
        return tuple(dict.fromkeys(found))

    def spell(self, slug: str) -> str:
        """The slug that the topic of a slug has today; where that is not one topic, the slug as it is."""
        after = self.find_successors(slug)
        return after[0] if len(after) == 1 else slug

    def find_fault(self, slug: str) -> str | None:
        """What is wrong with this slug, as a message with the next move; ``None`` for one that names one topic.

        The only comparison of topics with the taxonomy, so that every command says it in the same words.
        """
        match self.find_successors(slug):
            case (_,):
                return None
            case ():
                words = self.words
                near = get_close_matches(slug.lower(), words, 1)
                meant = f' Is "{words[near[0]]}" meant?' if near else ""
                return f'unknown topic "{slug}".{meant} Known topics are in {self.source}.'
            case several:
                return f'topic "{slug}" was split into {", ".join(several)}. Decide which it is.'


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


def load_own_taxonomy(labels: Path) -> Taxonomy:
    """The taxonomy that stands beside the labels, else the one that :func:`load_taxonomy` finds."""
    own = labels / "taxonomy.toml"
    try:
        is_there = own.is_file()
    except OSError as error:
        raise LabelError(f"{own}: cannot be read ({error.strerror or error}). Make it readable.") from error
    return load_taxonomy(own if is_there else None)


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
    except (ValueError, RecursionError):  # a number of thousands of digits, brackets in brackets
        raise LabelError(f"{source}: not TOML that a taxonomy can be. Mend the file.") from None
    rows = tables.pop("topic", None)
    retired = tables.pop("retired", [])
    if not isinstance(rows, list) or not rows or not all(isinstance(row, dict) for row in rows):
        raise LabelError(f"{source}: no topics. Each topic is a [[topic]] table with a slug, a name and a description.")
    if tables:
        raise LabelError(
            f'{source}: unknown key "{sorted(tables)[0]}". It holds [[topic]] and [[retired]] tables only.'
        )
    lines = [number + 1 for number, name in find_tables(text) if name == "topic"]
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
    return Taxonomy(tuple(topics), source, _read_retired(retired, set(first), source))


def find_tables(text: str) -> list[tuple[int, str]]:
    """The lines, counted from 0, that begin a table, each with its name; what looks like one inside a text is none.

    >>> find_tables("[[topic]]\\nname = '''\\n[[topic]]\\n'''\\n[[retired]]")
    [(0, 'topic'), (4, 'retired')]
    """
    lines = text.split("\n")
    found: list[tuple[int, str]] = []
    for number, line in enumerate(lines):
        header = _TABLE.match(line)
        if header and is_toml(lines[found[-1][0] if found else 0 : number]):
            found.append((number, header[1]))
    return found


def is_toml(lines: Sequence[str]) -> bool:
    """Whether these lines are TOML by themselves: they break off in no text and no list."""
    try:
        tomllib.loads("".join(f"{line}\n" for line in lines))
    except (ValueError, RecursionError):
        return False
    return True


def check_slug(slug: str) -> str | None:
    """What is wrong with a slug that is to be, as half a sentence; ``None`` for a good one.

    >>> check_slug("crime-justice"), check_slug("Crime")
    (None, 'may hold only a-z, 0-9 and single hyphens between them')
    """
    if slug in NO_TOPIC_WORDS:
        return "is what segments without a topic are called"
    if slug == "boilerplate":
        return "is a kind of segments, which have no topic"
    return None if _SLUG.fullmatch(slug) else "may hold only a-z, 0-9 and single hyphens between them"


def _read_topic(row: Mapping[str, Any], place: str) -> Topic:
    unknown = [key for key in row if key not in _KEYS]
    if unknown:
        raise LabelError(f'{place}: unknown key "{unknown[0]}". A topic has {", ".join(_KEYS)}.')
    for key in ("slug", "name", "description"):
        if not isinstance(row.get(key), str) or not row[key].strip():
            raise LabelError(f"{place}: {key} is missing or not a text. Add it.")
    if fault := check_slug(row["slug"]):
        raise LabelError(f'{place}: slug "{row["slug"]}" {fault}. Take another.')
    lists = {key: row.get(key, []) for key in ("key_words", "borderline")}
    for key, texts in lists.items():
        if not isinstance(texts, list) or not all(isinstance(text, str) and text.strip() for text in texts):
            raise LabelError(f'{place}: {key} is not a list of texts. Write {key} = ["…", "…"].')
    rule = row.get("rule")
    if rule is not None and not (isinstance(rule, str) and rule.strip()):
        raise LabelError(f"{place}: rule is not a text. Write one, or leave it out.")
    iptc = row.get("iptc")
    if iptc is not None and not (isinstance(iptc, str) and _IPTC.fullmatch(iptc)):
        raise LabelError(f'{place}: iptc is not a Media Topics code. Write it as "medtop:16000000", or leave it out.')
    return Topic(
        row["slug"], row["name"].strip(), row["description"].strip(), tuple(lists["key_words"]), iptc,
        rule.strip() if rule else None, tuple(lists["borderline"]),
    )  # fmt: skip


def _read_retired(rows: Any, slugs: set[str], source: str) -> dict[str, tuple[str, ...]]:
    """Retired slug to what came after; every way from one ends at topics."""
    if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
        raise LabelError(f"{source}: retired is not a list of [[retired]] tables, each with slug and into. Mend it.")
    retired: dict[str, tuple[str, ...]] = {}
    for number, row in enumerate(rows, 1):
        slug, into = row.get("slug"), row.get("into")
        good = isinstance(slug, str) and isinstance(into, list) and into and all(isinstance(s, str) for s in into)
        if not good or set(row) != {"slug", "into"}:
            raise LabelError(f'{source}: [[retired]] {number} is not slug = "…" and into = ["…"]. Mend it.')
        if slug in slugs or slug in retired:
            raise LabelError(f'{source}: "{slug}" is retired and stands there again. Keep one of the two tables.')
        retired[slug] = tuple(into)
    for slug in retired:
        _follow_retired(slug, retired, slugs, (), source)
    return retired


def _follow_retired(
    slug: str, retired: Mapping[str, tuple[str, ...]], slugs: set[str], behind: tuple[str, ...], source: str
) -> None:
    for into in retired[slug]:
        if into in slugs:
            continue
        if into not in retired or into in (*behind, slug):
            raise LabelError(f'{source}: retired "{slug}" goes into "{into}", which is no topic. Mend its [[retired]].')
        _follow_retired(into, retired, slugs, (*behind, slug), source)
