"""The taxonomy of a label folder as a file: its own, or until it has one the taxonomy in force."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from topics.labels.store import write_whole
from topics.labels.taxonomy import Taxonomy, Topic, find_taxonomy, parse_taxonomy
from topics.labels.taxonomy_edit import add_topic

__all__ = ["TaxonomyFile", "read_taxonomy_file"]


@dataclass(frozen=True, slots=True)
class TaxonomyFile:
    """``text`` and what it means, read from ``source``; ``target`` is the label folder's own file."""

    target: Path
    source: Path
    text: str
    taxonomy: Taxonomy

    def add(self, topic: Topic) -> None:
        """Write the folder's own file with one more topic, last in order, the rest as it stands. The caller holds the
        labels from reading on."""
        text = add_topic(self.text, str(self.target), topic, self.taxonomy.slugs[-1])
        write_whole(self.target, text.encode())


def read_taxonomy_file(labels: Path) -> TaxonomyFile:
    """The taxonomy beside the labels, else the one in force, as text and parsed."""
    target = labels / "taxonomy.toml"
    source = target if target.is_file() else find_taxonomy()
    text = source.read_text("utf-8-sig")
    return TaxonomyFile(target, source, text, parse_taxonomy(text, str(source)))
