"""Labels to other tools and back: every format is a list of the same few things, read and written by one module each.

``refs`` is the one field that every row carries, so that it finds its segment again; ``rows`` the nouns; ``gathering``
makes rows of labels or of a run; ``formats`` read and write; ``applying`` settles what came back with what is known and
says what changed; ``places`` knows the segments that an answer can speak of.
"""

from topics.interchange.applying import Applied, Change, apply_answers
from topics.interchange.formats import FORMATS, Format, find_format
from topics.interchange.gathering import gather_labels, gather_run
from topics.interchange.rows import Answer, Item

__all__ = [
    "FORMATS",
    "Answer",
    "Applied",
    "Change",
    "Format",
    "Item",
    "apply_answers",
    "find_format",
    "gather_labels",
    "gather_run",
]
