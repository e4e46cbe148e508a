"""The formats by name. Each module has ``write(items, slugs)``, which yields bytes, and ``read(path)``, which yields
answers and raises :class:`topics.errors.LabelError` for a file that is not of its format at all."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path

from topics.errors import LabelError
from topics.interchange.rows import Answer, Item

__all__ = ["FORMATS", "Format", "find_format"]

FORMATS = {
    "csv": "spreadsheet",
    "doccano": "doccano",
    "label-studio": "label_studio",
    "prodigy": "prodigy",
    "argilla": "argilla",
    "spacy": "spacy_cats",
    "fasttext": "fasttext",
}


@dataclass(frozen=True, slots=True)
class Format:
    """How one format is written and read.

    ``needs_text`` where a row without its text says nothing; ``personal`` where a labelled row is a person's act even
    if it says what was suggested: other formats show what they were given as if somebody had said it.
    """

    name: str
    write: Callable[[Iterable[Item], Sequence[str]], Iterator[bytes]]
    read: Callable[[Path], Iterator[Answer]]
    needs_text: bool
    personal: bool


def find_format(name: str) -> Format:
    """The format of that name; :class:`LabelError` for an unknown one."""
    if name not in FORMATS:
        raise LabelError(f'no format "{name}". Formats are {", ".join(FORMATS)}.')
    module = import_module(f"topics.interchange.formats.{FORMATS[name]}")
    return Format(name, module.write, module.read, module.NEEDS_TEXT, module.PERSONAL)
