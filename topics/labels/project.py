"""A user's own topics in, a project folder out: the taxonomy, the folders that commands look into, and what to do next.

Topics come as a plain list of text. Nothing that is there is ever written over, and the taxonomy goes in last, so that
a folder with one is a whole project.
"""

from __future__ import annotations

import os
import re
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from topics.errors import LabelError, OutputError
from topics.labels.store import write_new
from topics.labels.taxonomy import Topic, check_slug, parse_taxonomy
from topics.labels.taxonomy_edit import format_topic

__all__ = ["FOLDERS", "list_topics", "make_project", "make_slug", "start_topic", "write_taxonomy"]

FOLDERS = ("labels", "models", "seeds")

_SLUG_FIRST = re.compile(r"\[(?P<slug>[^\]]*)\]\s*(?P<rest>.*)")
_HEADER = """\
# The topics of this project. One [[topic]] a topic; the order is the order of tables and reports.
#   slug         what labels and predictions say; lower case letters, digits and hyphens
#   name         what people read
#   description  what belongs here; a model learns from it before there is any label
#   rule         how to decide where two topics fit
#   borderline   cases that could go either way, each with where it goes
#   key_words    strong words, phrases and names; they help most while there are few labels
# "topics labels rename", "merge" and "split" change topics that have labels already.
"""
_README = """\
# A project of `topics`

| folder | what is in it |
|---|---|
| `labels/` | `taxonomy.toml`, the topics; what people decide is added beside it |
| `seeds/` | your dumps: files of scraped text, one article after another |
| `models/` | trained models; `models/default` is the one that commands use |

Next, in this folder:

1. Read `labels/taxonomy.toml` again. Give every topic a rule, the borderline cases you can think of, and ten key words.
2. Put some dumps into `seeds/`.
3. `topics train` learns from the descriptions and key words alone while there are no labels.
4. `topics classify seeds/ --output runs/first` tags what is in the dumps.
5. `topics review runs/first` opens a page to correct them, the doubtful ones first; then `topics train` again.
6. `topics labels check` names labels to look at; `topics labels stats` says which topics need more.
"""


def list_topics(
    text: str, source: str = "topics", *, known: Mapping[str, str] | None = None, comments: bool = True
) -> list[Topic]:
    """Topics from a plain list: ``Name: description`` a line, what else is known of it on indented lines below.

    The name may have a slug of its own before it, ``[slug] Name: …``. Indented lines begin with ``rule:``,
    ``borderline:`` (may be repeated) or ``key words:`` (by commas). Lines that begin with # are passed over, but not
    without ``comments``. No slug may come twice, or be ``known`` already, which says where each one stands.

    >>> [topic] = list_topics("Rivers: Floods and dams.\\n  key words: weir, barge\\n")
    >>> topic.slug, topic.description, topic.key_words
    ('rivers', 'Floods and dams.', ('weir', 'barge'))
    """
    topics: list[Topic] = []
    places = dict(known or {})
    for number, line in enumerate(text.lstrip("\ufeff").splitlines(), 1):
        place = f"{source}:{number}"
        if not line.strip() or (comments and line.lstrip().startswith("#")):
            continue
        if not line[0].isspace():
            topic = start_topic(line, place)
            if before := places.get(topic.slug):
                raise LabelError(f'{place}: topic "{topic.slug}" again; it stands at {before} too. Keep one of them.')
            places[topic.slug] = place
            topics.append(topic)
        elif topics:
            topics[-1] = _add_detail(topics[-1], line.strip(), place)
        else:
            raise LabelError(f'{place}: belongs to no topic. Begin with a line "Name: description".')
    return topics


def start_topic(line: str, place: str) -> Topic:
    """The topic of a line ``Name: description`` or ``[slug] Name: description``."""
    found = _SLUG_FIRST.fullmatch(line.strip())
    name, _, description = (found["rest"] if found else line.strip()).partition(":")
    if not name.strip() or not description.strip():
        raise LabelError(f'{place}: not a topic with a description. Write "Name: what belongs there".')
    slug = found["slug"].strip() if found else make_slug(name)
    if fault := check_slug(slug):
        raise LabelError(f'{place}: slug "{slug}" {fault}. Write "[slug] {name.strip()}: …" with another.')
    return Topic(slug, name.strip(), description.strip())


def make_slug(name: str) -> str:
    """A slug for a name: letters without their marks, lower case, hyphens for the rest.

    >>> make_slug("Économie & Travail")
    'economie-travail'
    """
    plain = unicodedata.normalize("NFKD", name.casefold()).encode("ascii", "ignore").decode()
    return "-".join(re.findall(r"[a-z0-9]+", plain))


def write_taxonomy(topics: Sequence[Topic], source: str = "taxonomy.toml") -> str:
    """The text of a taxonomy of these topics, with hints where a rule or borderline cases are missing."""
    if len(topics) < 2:
        raise LabelError(f"{source}: {len(topics)} topic{'s' * (len(topics) != 1)}. Name at least two.")
    parts = [_HEADER]
    for topic in topics:
        hints = "" if topic.rule else '# rule = "Where another topic fits too: here if …"\n'
        hints += "" if topic.borderline else '# borderline = ["…: here.", "…: there."]\n'
        hints += "" if topic.key_words else '# key_words = ["…", "…"]\n'
        parts.append(format_topic(topic) + hints)
    text = "\n".join(parts)
    parse_taxonomy(text, source)
    return text


def make_project(folder: Path, topics: Sequence[Topic]) -> list[Path]:
    """Make what is missing of a project in ``folder``; gives back the paths that were made.

    Raises :class:`LabelError` where the folder has a taxonomy already or the topics make none: nothing is made then.
    """
    taxonomy = folder / "labels" / "taxonomy.toml"
    text = write_taxonomy(topics, str(taxonomy))
    if os.path.lexists(taxonomy):
        raise LabelError(f"{taxonomy}: there is a project here already. Edit that file, or take another folder.")
    made = []
    try:
        for part in (folder, *(folder / name for name in FOLDERS)):
            if not part.is_dir():
                part.mkdir(parents=True)
                made.append(part)
        for path, content in ((folder / "README.md", _README), (taxonomy, text)):
            if write_new(path, content.encode()):
                made.append(path)
    except OSError as error:
        raise OutputError(f"{error.filename or folder}: cannot be made ({error.strerror or error}).") from error
    if taxonomy not in made:
        raise LabelError(f"{taxonomy}: came up meanwhile, and stays as it is. Look at it.")
    return made


def _add_detail(topic: Topic, line: str, place: str) -> Topic:
    key, _, value = line.partition(":")
    value = value.strip()
    match " ".join(key.casefold().replace("_", " ").split()) if value else "":
        case "rule" if topic.rule is None:
            return replace(topic, rule=value)
        case "borderline":
            return replace(topic, borderline=(*topic.borderline, value))
        case "key words":
            return replace(topic, key_words=(*topic.key_words, *_split(value)))
    raise LabelError(f'{place}: neither "rule: …" (once), "borderline: …" nor "key words: …, …". Mend the line.')


def _split(text: str) -> Iterable[str]:
    return (word.strip() for word in text.split(",") if word.strip())
