"""A run: the folder that one ``classify --output FOLDER`` fills, and the way back from it to rows.

Inputs are taken together in units of work (``units``). Whoever works on one (``worker``) writes its rows to a shard,
their near-duplicate signatures beside it, and last a receipt, which says that the unit is done. ``writing`` hands units
out, has the near-duplicates found once all are done (``duplicates``), and moves ``manifest.json`` in last: whoever
reads (``reading``) sees the old run or the new one. Everything is named by what it was made from, and nothing by when:
the same inputs give the same bytes, however many worked on them, and a run that is written again does only what is
missing.
"""

from __future__ import annotations

from topics.runs.reading import is_run, read_manifest, read_rows, read_run

__all__ = ["is_run", "read_manifest", "read_rows", "read_run"]
