"""Inputs by address (``s3://bucket/dumps/*.gz``), through fsspec, which is imported for these alone.

fsspec knows many kinds of stores; most need a package of their own (``s3fs`` for ``s3://``), and what is missing is
said in one line.
"""

from __future__ import annotations

import re
from typing import Any, cast

from topics.errors import DumpError

__all__ = ["find_filesystem", "is_address"]

_ADDRESS = re.compile(r"[a-z][a-z0-9+.-]+(?:://|::)", re.IGNORECASE)


def is_address(where: object) -> bool:
    """Whether this names a place by a scheme (``s3://…``) and not a path of this machine; ``file://`` is one, too.

    >>> is_address("s3://bucket/dumps"), is_address("C://dumps"), is_address("dumps/a.txt")
    (True, False, False)
    """
    return isinstance(where, str) and _ADDRESS.match(where) is not None


def find_filesystem(address: str) -> tuple[Any, str]:
    """The file system of an address, and the path in it. One that cannot be used is a ``DumpError``."""
    try:
        from fsspec.core import url_to_fs
    except ImportError:
        raise DumpError(f"{address}: addresses need fsspec. Install it: pip install 'topics[remote]'.") from None
    try:
        return cast(tuple[Any, str], url_to_fs(address))
    except ImportError as error:
        raise DumpError(f"{address}: {str(error).rstrip('.')}. Install that, or give a path.") from None
    except ValueError as error:
        raise DumpError(f"{address}: {str(error).rstrip('.')}. Check the address.") from None
