"""The errors a user can cause and mend.

    TopicsError
    ├── DumpError       an input that cannot be read, or holds no text
    ├── LabelError      a label, taxonomy or gold file that cannot be used
    ├── BundleError     a model that is missing, altered, or of another format
    └── OutputError     a result that cannot be written

Every message is one line: what, where, the next move. Only the command line turns these into
stderr and exit code 1; programming mistakes stay ``ValueError`` and keep their traceback.
"""

__all__ = ["BundleError", "DumpError", "LabelError", "OutputError", "TopicsError"]


class TopicsError(Exception):
    """Something about the data that the user can mend; the message is one line."""


class DumpError(TopicsError):
    """An input cannot be read, or holds no text."""


class LabelError(TopicsError):
    """A label, taxonomy or gold file cannot be used."""


class BundleError(TopicsError):
    """A model is missing, altered, or written by another version."""


class OutputError(TopicsError):
    """A result cannot be written: the target stays as it was."""
