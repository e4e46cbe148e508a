"""The files by which a folder that topics wrote is known: it holds results, and no dumps."""

from __future__ import annotations

from typing import Final

__all__ = ["FORMAT", "LOCK", "MANIFEST", "MARKER"]

LOCK: Final = ".topics-run"  # marks a run before it has a manifest, and keeps two writers apart
MANIFEST: Final = "manifest.json"  # of a run; its first entry is "format"
FORMAT: Final = "topics-run"
MARKER: Final = ".topics-export"
