"""A view and the segments as they stand in, the refs to show out, in order.

Filters are masks over the columns; an order is a permutation of the run with its inverse, made once. Pieces that
people cut are few: they are filtered one by one and put in where the segment that they begin in would stand.
"""

from __future__ import annotations

import sqlite3
from typing import Any

import numpy as np
from numpy.typing import NDArray

from topics.review.columns import BOILERPLATE, NO_TOPIC
from topics.review.index import search_words, searchable
from topics.review.queue import order_queue
from topics.review.roster import DECIDED, DIFFERS, NOTED, PEOPLE_DIFFER, Roster
from topics.review.views import View

__all__ = ["Chooser", "Chosen"]

Refs = NDArray[np.int64]
MOST_TWINS = 500  # that are offered to be decided at once
_STATES = {"decided": DECIDED, "disagree": DIFFERS | PEOPLE_DIFFER, "noted": NOTED}


class Chosen:
    """The refs of a view, in order, and where in it any segment of the run would stand."""

    def __init__(self, refs: Refs, ranks: NDArray[np.float64]) -> None:
        self.refs = refs
        self._ranks = ranks

    def __len__(self) -> int:
        return len(self.refs)

    def place(self, rank: float) -> int:
        """How many stand before a rank."""
        return int(np.searchsorted(self._ranks, rank, side="left"))

    def after(self, rank: float) -> int:
        """The place of the first that stands behind a rank."""
        return int(np.searchsorted(self._ranks, rank, side="right"))


class Chooser:
    """Chooses from one roster; remembers orders while the run does not grow, and the last choices."""

    def __init__(self, roster: Roster) -> None:
        self._roster = roster
        self._orders: dict[str, tuple[int, Refs, Refs]] = {}
        self._chosen: dict[View, tuple[int, Chosen]] = {}
        self._searched: dict[str, tuple[int, NDArray[np.bool_]]] = {}
        self._alike: tuple[int, tuple[NDArray[np.uint64], ...]] = (-1, ())

    def choose(self, view: View, version: int) -> Chosen:
        """What a view shows; ``version`` is that of the roster, and counts up with every change."""
        known = self._chosen.get(view)
        if known is not None and known[0] == version:
            return known[1]
        order, rank = self._order(view.sort)
        mask = self._mask(view)
        refs = order[mask[order]]
        ranks = rank[refs].astype(np.float64)
        pieces = self._pieces(view)
        if pieces:
            own = np.array([self.rank(ref, view.sort) for ref in pieces])
            by_rank = np.argsort(own, kind="stable")
            at = np.searchsorted(ranks, own[by_rank])
            refs = np.insert(refs, at, np.array(pieces, np.int64)[by_rank])
            ranks = np.insert(ranks, at, own[by_rank])
        if len(self._chosen) > 8:
            self._chosen.clear()
        chosen = Chosen(refs, ranks)
        self._chosen[view] = (version, chosen)
        return chosen

    def rank(self, ref: int, sort: str) -> float:
        """Where a segment stands among all in an order, whether a view shows it or not."""
        _, rank = self._order(sort)
        if ref >= 0:
            return float(rank[ref])
        piece = self._roster.pieces[ref]
        parent = self._roster.index.rows[piece.parent]
        inside = (int(piece.entry["start"]) - int(parent["start"])) / max(1, int(parent["end"]) - int(parent["start"]))
        return float(rank[piece.parent]) + 0.9 * inside

    def twins(self, ref: int) -> list[int]:
        """The segments of the run that hold the same text or nearly, without this one; at most MOST_TWINS. Pieces that
        people cut have none."""
        roster = self._roster
        if ref < 0:
            return []
        if self._alike[0] != roster.n_base:
            rows = roster.index.rows[: roster.n_base]
            self._alike = roster.n_base, tuple(np.ascontiguousarray(rows[name]) for name in ("group", "digest"))
        mask = ~roster.gone & np.logical_or.reduce([column == column[ref] for column in self._alike[1]])
        mask[ref] = False
        found: list[int] = np.flatnonzero(mask)[:MOST_TWINS].tolist()
        return found

    def _order(self, sort: str) -> tuple[Refs, Refs]:
        roster = self._roster
        known = self._orders.get(sort)
        if known is not None and known[0] == roster.n_base:
            return known[1], known[2]
        places = np.arange(roster.n_base)
        if sort == "queue":
            order = order_queue(roster.index.rows[: roster.n_base], roster.index.read, self._decided())
        elif sort == "reading":
            order = places
        else:
            order = np.lexsort((places, roster.score if sort == "unsure" else -roster.score))
        rank = np.empty(roster.n_base, np.int64)
        rank[order] = places
        self._orders[sort] = (roster.n_base, order, rank)
        return order, rank

    def _decided(self) -> dict[int, int]:
        """What people decided of segments of the run, the oldest decision first."""
        standing = self._roster.standing
        refs = sorted((ref for ref in standing if ref >= 0), key=lambda ref: (standing[ref].at, ref))
        return {ref: self._roster.code_of(standing[ref]) for ref in refs}

    def _mask(self, view: View) -> NDArray[np.bool_]:
        roster = self._roster
        mask = ~roster.gone
        if view.topic:
            mask &= roster.topic == self._code(view.topic)
        if view.state == "undecided":
            mask &= (roster.flags & DECIDED) == 0
        elif view.state != "all":
            mask &= (roster.flags & _STATES[view.state]) != 0
        if view.low > 0:
            mask &= roster.score >= view.low / 100
        if view.high < 100:
            mask &= roster.score <= view.high / 100
        if view.dump:
            mask &= self._dumps(view.dump)[roster.index.rows["dump"]]
        if view.search:
            mask &= self._hits(view.search)
        return mask

    def _pieces(self, view: View) -> list[int]:
        """The pieces that a view shows."""
        roster = self._roster
        found = []
        for ref in roster.refs():
            flags, entry = roster.piece_flags.get(ref, 0), roster.pieces[ref].entry
            if view.topic and roster.piece_topic.get(ref, int(entry["topic"])) != self._code(view.topic):
                continue
            if view.state == "undecided" and flags & DECIDED:
                continue
            if view.state in _STATES and not flags & _STATES[view.state]:
                continue
            if not view.low / 100 <= entry["score"] <= view.high / 100:
                continue
            if view.dump and not self._dumps(view.dump)[entry["dump"]]:
                continue
            found.append(ref)
        return self._search_pieces(found, view.search) if view.search and found else found

    def _search_pieces(self, refs: list[int], query: str) -> list[int]:
        words = sqlite3.connect(":memory:")
        try:
            words.execute(
                "CREATE VIRTUAL TABLE words USING fts5(title, text, tokenize='unicode61 remove_diacritics 2')"
            )
            rows: list[tuple[Any, ...]] = [(-ref, *searchable(self._roster.pieces[ref].row)) for ref in refs]
            words.executemany("INSERT INTO words (rowid, title, text) VALUES (?, ?, ?)", rows)
            return [-int(found) for found in search_words(words, query)]
        finally:
            words.close()

    def _code(self, topic: str) -> int:
        known = {"boilerplate": BOILERPLATE, "unknown": NO_TOPIC}
        slugs = self._roster.index.codes.slugs
        return known.get(topic, slugs.index(topic) if topic in slugs else -9)

    def _dumps(self, words: str) -> NDArray[np.bool_]:
        folded = words.casefold()
        names = self._roster.index.dump_names
        return np.fromiter((folded in name.casefold() for name in names), bool, len(names))

    def _hits(self, query: str) -> NDArray[np.bool_]:
        n = self._roster.n_base
        known = self._searched.get(query)
        if known is None or known[0] != n:
            hits = np.zeros(n, bool)
            found = self._roster.index.search(query)
            hits[found[found < n]] = True
            if len(self._searched) > 8:
                self._searched.clear()
            known = self._searched[query] = (n, hits)
        return known[1]
