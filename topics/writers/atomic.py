"""Files and folders that appear whole or not at all.

What is written goes to a temporary file (or folder) beside its place, is flushed to the disk, and is moved in by one
rename; whatever goes wrong on the way, the target stays as it was and the temporary file is removed. Only errors of
*writing* become an :class:`OutputError`: an ``OSError`` that the rows themselves raise while they are read passes through,
and so does ``BrokenPipeError``, which is the reader's wish to stop and no error.
"""

from __future__ import annotations

import errno
import os
import secrets
import shutil
import stat
from collections.abc import Buffer, Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, BinaryIO, TextIO

from topics.errors import OutputError

__all__ = ["Sink", "StagedFile", "open_atomic", "open_stream", "output_error", "replace_folder", "sync_folder"]

_NO_SPACE = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}
_FORBIDDEN = {errno.EACCES, errno.EPERM, errno.EROFS}
_NO_PLACE = {errno.ENOENT, errno.ENOTDIR}


def output_error(target: Path | str, error: OSError) -> OutputError:
    """The one line that says what could not be written, why, and what to do about it."""
    move = "Choose another --output."
    if error.errno in _NO_SPACE:
        move = "Free some space or choose another --output."
    elif error.errno in _FORBIDDEN:
        move = "Choose an --output that you may write to."
    elif error.errno in _NO_PLACE:
        move = "Make the folder first or choose another --output."
    return OutputError(f"cannot write {target}: {error.strerror or error}. {move}")
