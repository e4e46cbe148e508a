"""The state of one review: a run, its index, a label folder, a model, and who reviews.

:meth:`Desk.refresh` takes in whatever happened elsewhere since (label files that grew, an index that goes on, a model
that is loaded now), so that every answer is about what stands at that moment. Calls come from several threads and
take turns under :attr:`Desk.lock`.
"""

from __future__ import annotations

import re
import threading
from collections.abc import Callable, Iterable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from topics.errors import LabelError, TopicsError
from topics.labels.decisions import date_behind
from topics.labels.taxonomy import Taxonomy
from topics.review.choosing import Chooser, Chosen
from topics.review.index import Index
from topics.review.ledger import Ledger, Standing
from topics.review.roster import DECIDED, Roster
from topics.review.sources import RowSource
from topics.review.taxonomies import load_for
from topics.review.views import View

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from topics.bundle import Model

__all__ = ["Desk", "own_label_file"]


def own_label_file(labels: Path, by: str) -> Path:
    """The file that one person's decisions are appended to: one each, so that version control merges them."""
    name = re.sub(r"[^a-z0-9]+", "-", by.casefold()).strip("-") or "reviewer"
    return labels / f"review-{name[:60]}.jsonl"


class Desk:
    """Everything that the page asks about and acts on."""

    def __init__(
        self,
        source: RowSource,
        index: Index,
        labels: Path,
        by: str,
        load: Callable[[], Model],
        *,
        keep_text: bool = True,
    ) -> None:
        self.lock = threading.RLock()
        self.source = source
        self.index = index
        self.labels = labels
        self.by = by
        self.keep_text = keep_text
        self.own = own_label_file(labels, by)
        self.problems: list[str] = []
        self.model_problem: str | None = None
        self.version = 0
        self._taxonomy: tuple[object, Taxonomy] | None = None
        self.ledger = Ledger(labels, by, self.own, lambda: self.taxonomy, self._note_problem)
        self._load = load
        self._model: Model | None = None
        self._model_is_new = False
        self._model_there = threading.Event()
        self.roster = Roster(index, self.ledger, lambda: self._model)
        self.chooser = Chooser(self.roster)
        self._last_moment = datetime.min.replace(tzinfo=UTC)
        self.refresh()

    # The model

    def start_loading(self) -> None:
        """Load the model beside everything else."""
        threading.Thread(target=self._load_model, name="model", daemon=True).start()

    def model(self, *, wait: bool = False) -> Model | None:
        """The model, once it is there; ``None`` where none can be had."""
        if wait:
            self._model_there.wait(60)
        return self._model

    @property
    def notice(self) -> str:
        """What a reviewer should know: the last problem, or that another model marks the terms than made the run."""
        if self.problems:
            return self.problems[-1]
        if self.model_problem is not None:
            return f"No terms are marked and cut pieces have no guesses: {self.model_problem}"
        if self._model is not None and self.source.model not in (None, self._model.id):
            return f"The run was made by {self.source.model}; {self._model.id} marks the terms."
        return ""

    def _load_model(self) -> None:
        try:
            self._model = self._load()
            self._model_is_new = True  # no lock: somebody may hold it, waiting for this
        except TopicsError as error:
            self.model_problem = str(error)
        finally:
            self._model_there.set()

    # Keeping up

    def refresh(self) -> None:
        """Take in what happened since the last call."""
        with self.lock:
            grew = self.index.grow()
            new = len(self.index.rows) - self.roster.n_base
            # in steps that grow, so that taking in a long run costs no more than twice its last step
            if grew or new:
                is_due = self.index.is_complete or new >= max(200, self.roster.n_base // 5)
                grew = is_due and self.roster.grow()
            added = self.ledger.follow()
            model_is_new, self._model_is_new = self._model_is_new, False
            if grew or model_is_new:
                if grew or self.roster.live:
                    self.roster.settle_everything()
                self.version += 1
            elif added.is_news:
                self.roster.take(added)
                self.version += 1

    def _note_problem(self, problem: LabelError) -> None:
        self.problems.append(str(problem))

    @property
    def taxonomy(self) -> Taxonomy:
        """The topics to choose from, read again when the file changes."""
        own = self.labels / "taxonomy.toml"
        stamp = (own.stat().st_mtime_ns, own.stat().st_size) if own.is_file() else None
        if self._taxonomy is None or self._taxonomy[0] != stamp:
            self._taxonomy = (stamp, load_for(self.labels))
        return self._taxonomy[1]

    def moment(self, replaced: Iterable[Standing] = ()) -> str:
        """Now, later than what is replaced; no deed of this person had that moment before."""
        now = max(datetime.now(UTC), self._last_moment + timedelta(microseconds=1))
        self._last_moment = now
        at = date_behind(now.isoformat(timespec="microseconds").replace("+00:00", "Z"), replaced)
        while said := self.ledger.said_at(at):
            at = date_behind(at, said)
        return at

    # Looking

    def choose(self, view: View) -> Chosen:
        """What a view shows now."""
        return self.chooser.choose(view, self.version)

    def counts(self) -> tuple[int, int]:
        """Segments that stand, and how many of them are decided."""
        roster = self.roster
        pieces = list(roster.refs())
        decided = int(((roster.flags & DECIDED != 0) & ~roster.gone).sum())
        decided += sum(bool(roster.piece_flags.get(ref, 0) & DECIDED) for ref in pieces)
        return int((~roster.gone).sum()) + len(pieces), decided

    def first_undecided(self, view: View, rank: float = -1.0) -> int | None:
        """The first segment of a view behind a rank on which nothing is decided, from the start again at its end."""
        chosen = self.choose(view)
        waiting = np.flatnonzero(~self._decided(chosen.refs))
        if not len(waiting):
            return None
        at = int(np.searchsorted(waiting, chosen.after(rank)))
        return int(chosen.refs[waiting[at if at < len(waiting) else 0]])

    def step(self, view: View, ref: int, step: int) -> int | None:
        """The next (1) or previous (-1) segment of a view from wherever ``ref`` stands; ``None`` at its ends."""
        chosen = self.choose(view)
        rank = self.chooser.rank(ref, view.sort)
        at = chosen.after(rank) if step > 0 else chosen.place(rank) - 1
        return int(chosen.refs[at]) if 0 <= at < len(chosen) else None

    def _decided(self, refs: NDArray[np.int64]) -> NDArray[np.bool_]:
        if not self.roster.n_base:
            return np.zeros(len(refs), bool)
        decided = (self.roster.flags[np.maximum(refs, 0)] & DECIDED) != 0
        for at in np.flatnonzero(refs < 0).tolist():
            decided[at] = bool(self.roster.piece_flags.get(int(refs[at]), 0) & DECIDED)
        result: NDArray[np.bool_] = decided
        return result
