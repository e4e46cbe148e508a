"""How invented outlets are drawn: which furniture a house has, in what order and wording.

A house is drawn once and keeps to its manner; the shares below say how often houses have each component, by how much
of a page the scraper leaves. They are guesses at what scraped pages look like, not measured.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final, Literal

from topics.segmentation.training.house_phrases import Block, HouseWords, person, phrases

__all__ = ["START_KINDS", "House", "Level", "Part", "draw_house"]

Level = Literal["raw", "half", "reader", "stray"]

_LEVELS: Final[tuple[Level, ...]] = ("raw", "half", "reader", "stray")
_LEVEL_SHARES: Final = (32, 30, 27, 11)

# How often a house of each level (raw, half, reader, stray) has a component at all.
_HEAD: Final = {
    "share_first": (0.04, 0.03, 0.01, 0.0),
    "date_first": (0.07, 0.07, 0.05, 0.02),
    "byline_first": (0.04, 0.03, 0.02, 0.0),
    "kicker": (0.6, 0.5, 0.25, 0.06),
    "headline": (1.0, 0.97, 0.96, 0.4),
    "standfirst": (0.42, 0.42, 0.3, 0.15),
    "byline": (0.85, 0.8, 0.75, 0.25),
    "date": (0.8, 0.7, 0.65, 0.2),
    "misc": (0.2, 0.08, 0.02, 0.0),
    "share": (0.65, 0.4, 0.15, 0.05),
    "comments": (0.25, 0.12, 0.03, 0.0),
    "listen": (0.2, 0.12, 0.04, 0.02),
    "caption": (0.55, 0.5, 0.3, 0.12),
    "points": (0.12, 0.12, 0.06, 0.03),
    "repeat": (0.05, 0.03, 0.01, 0.0),
    "placeline": (0.04, 0.04, 0.04, 0.02),
}
_TAIL: Final = {
    "correction": (0.12, 0.12, 0.08, 0.05),
    "credits": (0.4, 0.4, 0.3, 0.15),
    "contact": (0.2, 0.15, 0.1, 0.05),
    "bio": (0.35, 0.25, 0.15, 0.06),
    "tags": (0.5, 0.3, 0.12, 0.05),
    "share": (0.35, 0.15, 0.04, 0.02),
    "comments": (0.2, 0.1, 0.02, 0.0),
    "glossary": (0.06, 0.06, 0.02, 0.02),
    "sponsor": (0.12, 0.06, 0.02, 0.0),
    "appeal": (0.45, 0.25, 0.06, 0.05),
    "more": (0.75, 0.35, 0.06, 0.05),
    "popular": (0.35, 0.12, 0.02, 0.0),
    "policy": (0.3, 0.12, 0.02, 0.0),
    "legal": (0.25, 0.1, 0.02, 0.0),
    "copyright": (0.6, 0.25, 0.06, 0.03),
    "foot": (0.6, 0.12, 0.0, 0.0),
    "cookies": (0.2, 0.05, 0.0, 0.0),
    "close": (0.2, 0.06, 0.0, 0.0),
}
_TOP: Final = {
    "page_title": (0.1, 0.04, 0.02, 0.0),
    "skip": (0.4, 0.03, 0.0, 0.0),
    "cookies": (0.08, 0.01, 0.0, 0.0),
    "banner": (0.65, 0.2, 0.08, 0.0),
    "actions": (0.6, 0.08, 0.0, 0.0),
    "nav": (0.8, 0.1, 0.0, 0.0),
    "languages": (0.12, 0.02, 0.0, 0.0),
    "ticker": (0.2, 0.03, 0.0, 0.0),
    "ad": (0.2, 0.05, 0.0, 0.0),
    "trail": (0.3, 0.15, 0.03, 0.0),
}
_INNER: Final = {"link": 30, "list": 12, "pitch": 12, "quote": 8, "social": 8, "watch": 8, "poll": 4, "caption": 18}
_N_INNER: Final = ((1, 2, 3, 4, 5), (0, 1, 1, 2, 3), (0, 0, 0, 1, 1), (0, 1, 1, 2))
_ADS: Final = (0.3, 0.15, 0.05, 0.1)

START_KINDS: Final = frozenset(("kicker", "headline", "standfirst"))  # what a piece starts at, where it is there
_UPPER_KINDS: Final = frozenset(("kicker", "byline", "date", "share", "link", "more", "popular", "tags", "comments"))
_SEPARATORS: Final = (" | ", " • ", " · ", " / ", " > ", " ", " ", ", ", " - ", " » ", " ‣ ", "  ", "", "")


@dataclass(frozen=True, slots=True)
class Part:
    """A component of a house: each piece has one of its wordings with probability ``share``.

    ``place`` is the body paragraph that it stands before (0: anywhere); ``n_items`` how long its lists are.
    """

    kind: str
    wordings: tuple[Block, ...]
    share: float = 1.0
    place: int = 0
    n_items: int = 4


@dataclass(frozen=True, slots=True)
class House:
    """One invented outlet and its manner. ``level``: how much of its pages the scraper left."""

    name: str
    family: str
    level: Level
    domain: str
    top: tuple[Part, ...]
    head: tuple[Part, ...]
    inner: tuple[Part, ...]
    tail: tuple[Part, ...]
    sections: tuple[str, ...]
    authors: tuple[str, ...]
    organisations: tuple[str, ...]
    credits: tuple[str, ...]
    joint: str  # between tags
    dropout: float  # how often a component is missing from a piece
    subheads: float  # how often a paragraph has one over it
    advert: Block  # empty: none
    advert_every: int
    run_on: str | None  # what joins byline, date and share lines to one, where the scraper has lost their breaks
    stops: bool  # whether standfirsts and key points end in a full stop


def draw_house(rng: random.Random, level: Level | None = None, *, cards: float = 0.0) -> House:
    """An outlet that does not exist, of a level drawn in fixed shares unless one is asked for. ``cards`` is how likely
    it has teasers of other pieces under its own, and how likely readers' comments."""
    data = phrases()
    family = rng.choice(tuple(data["family"]))
    level = level or rng.choices(_LEVELS, _LEVEL_SHARES)[0]
    at = _LEVELS.index(level)
    words = HouseWords(rng, family)
    own = data["family"][family]
    draft = _Draft(rng, words, own, at)
    sections = tuple(rng.sample(own["sections"].split("|"), rng.randint(4, 8)))
    many_firms = family in ("release", "science")
    house_org = (words["house"],) if family == "official" else (words.organisation(),)
    return House(
        name=words["house"],
        family=family,
        level=level,
        domain=words["domain"],
        top=draft.top(sections),
        head=draft.head(),
        inner=draft.inner(),
        tail=draft.tail(cards),
        sections=sections,
        authors=tuple(person(rng) for _ in range(rng.randint(3, 14))),
        organisations=tuple(words.organisation() for _ in range(12)) if many_firms else house_org,
        credits=draft.credits(),
        joint=rng.choice((", ", ", ", " | ", " ", " • ", " / ", "; ", ",", " , ", " # ")),
        dropout=rng.uniform(0.05, 0.25),
        subheads=rng.uniform(0.08, 0.3) if rng.random() < 0.28 else 0.0,
        advert=words.block(rng.choice(data["inner"]["ad"])) if rng.random() < _ADS[at] else (),
        advert_every=rng.randint(2, 8),
        run_on=rng.choice((" ", " ", " | ", "", " · ")) if rng.random() < 0.12 else None,
        stops=rng.random() < 0.6,
    )


class _Draft:
    """The parts of one house in the making."""

    def __init__(self, rng: random.Random, words: HouseWords, own: dict[str, Any], level: int) -> None:
        self.rng, self.words, self.own, self.level = rng, words, own, level

    def _has(self, shares: tuple[float, ...]) -> bool:
        return self.rng.random() < shares[self.level]

    def _part(self, kind: str, group: str, key: str, n_wordings: int = 1, place: int = 0) -> Part:
        """A part of settled wordings; those that the family has of its own come first in most houses."""
        pool = self.own.get(group, {}).get(key, ())
        if not pool or self.rng.random() < 0.35:
            pool = phrases()[group].get(key, pool)
        upper = "^" if kind in _UPPER_KINDS and self.rng.random() < 0.08 else ""
        n_items = self.rng.randint(2, 9 if self.level == 0 and group == "tail" else 5)
        wordings = []
        for template in self.rng.sample(list(pool), min(len(pool), n_wordings)):
            block = self.words.block(template)
            wordings.append(tuple(line if line[0] == "×" else upper + line for line in block))
        return Part(kind, tuple(wordings), self.rng.choice((1.0, 1.0, 0.9, 0.6)), place, n_items)

    def credits(self) -> tuple[str, ...]:
        """The one or two ways in which this house credits pictures, as templates."""
        pool = phrases()["head"]["credit"]
        return tuple(self.words.settle(t) for t in self.rng.sample(pool, self.rng.choice((1, 1, 2))))

    def top(self, sections: Sequence[str]) -> tuple[Part, ...]:
        """What stands above the piece: nothing of it belongs to the start."""
        parts = []
        for kind, shares in _TOP.items():
            if self._has(shares):
                for block in self._top_blocks(kind, sections):
                    parts.append(Part(kind, (block,), self.rng.choice((1.0, 1.0, 0.8)), 0, self.rng.randint(1, 4)))
        if len(parts) > 2 and self.rng.random() < 0.3:
            i = self.rng.randrange(len(parts) - 1)
            parts[i], parts[i + 1] = parts[i + 1], parts[i]
        return tuple(parts)

    def _top_blocks(self, kind: str, sections: Sequence[str]) -> list[Block]:
        rng, words, lists = self.rng, self.words, phrases()["words"]
        dot = rng.choice(_SEPARATORS)
        if kind in ("page_title", "banner", "ticker"):
            return [words.block(rng.choice(phrases()["top"][kind]))]
        if kind == "skip":
            return [tuple(rng.sample(lists["skip"], rng.choice((1, 1, 2))))]
        if kind == "cookies":
            return [words.block(rng.choice(phrases()["tail"]["cookies"]))]
        if kind == "actions":
            return [self._menu(rng.sample(lists["action"], rng.randint(1, 9)), 0.4)]
        if kind == "nav":
            n = rng.choice((4, 6, 8, 10, 14, 20, 30))
            entries = list(dict.fromkeys([*sections, *rng.sample(lists["section"], n)]))[: max(4, n)]
            if rng.random() < 0.5:
                entries.insert(0, rng.choice(("Home", "News", "Latest", "Front page", "Top", words["short"])))
            return [self._menu(entries, 0.5), *([self._menu(rng.sample(lists["section"], 5), 0.6)] if n > 20 else [])]
        if kind == "languages":
            return [self._menu(rng.sample(lists["language"], rng.randint(1, 8)), 0.5)]
        if kind == "ad":
            return [words.block(rng.choice(phrases()["inner"]["ad"]))]
        return [words.block(rng.choice(phrases()["top"]["trail"]).replace("~", dot if dot.strip() else " > "))]

    def _menu(self, entries: Sequence[str], one_line: float) -> Block:
        """Entries of a menu, in one line or one below the other."""
        rng = self.rng
        style = rng.random()
        if style < 0.12:
            entries = [entry.upper() for entry in entries]
        elif style < 0.16:
            entries = [entry.lower() for entry in entries]
        if rng.random() < one_line:
            return (rng.choice(_SEPARATORS).join(entries),)
        bullet = rng.choice(("• ", "- ", "* ", "+ ", "› ")) if rng.random() < 0.12 else ""
        return tuple(bullet + entry for entry in entries)

    def head(self) -> tuple[Part, ...]:
        """What leads up to the body, in this house's order; the kicker keeps directly above the headline."""
        rng = self.rng
        chosen = [kind for kind, shares in _HEAD.items() if self._has(shares)]
        stamped = "byline" in chosen and "date" in chosen and rng.random() < 0.25
        above: list[Part] = []
        below: list[tuple[float, Part]] = []
        for rank, kind in enumerate(chosen):
            key, _, first = kind.partition("_")
            if first:
                if key not in chosen or rng.random() < 0.5:
                    above.append(self._part(key, "head", key))
                continue
            if kind == "date" and (stamped or any(part.kind == "date" for part in above)):
                continue
            if kind == "byline":
                if any(part.kind == "byline" for part in above):
                    continue
                part = self._byline(stamped)
            elif kind == "headline":
                part = Part("headline", (("{title}",),))
            elif kind == "repeat":
                part = Part("repeat", (("{title}",),), 0.7)
            elif kind == "misc":
                part = self._part(kind, "head", kind, rng.choice((1, 1, 2)))
            elif kind == "kicker":
                part = self._part(kind, "head", kind, rng.choice((1, 1, 1, 2)))
            else:
                part = self._part(kind, "head", kind)
            place = float(rank) if kind in START_KINDS else rank + rng.gauss(0.0, 1.4)
            below.append((place if kind in START_KINDS else max(place, 5.0), part))
        below.sort(key=lambda pair: pair[0])
        head = [part for _, part in below]
        kinds = [part.kind for part in head]
        front = [part for part in head if part.kind in START_KINDS]
        if kinds and len(front) > 1 and front[-1].kind == "standfirst" and rng.random() < 0.04:
            front.insert(0, front.pop())
        return (*above, *front, *(part for part in head if part.kind not in START_KINDS))

    def _byline(self, stamped: bool) -> Part:
        """How this house signs: mostly one format, beside it one for unsigned pieces."""
        part = self._part("byline", "head", "stamped" if stamped else "byline")
        if self.rng.random() < 0.35:
            unsigned = self._part("byline", "head", "desk")
            signed = part.wordings * self.rng.randint(1, 4)
            return Part("byline", signed + unsigned.wordings, part.share)
        return part

    def inner(self) -> tuple[Part, ...]:
        """What interrupts the body."""
        kinds = self.rng.choices(tuple(_INNER), tuple(_INNER.values()), k=self.rng.choice(_N_INNER[self.level]))
        parts = []
        for kind in kinds:
            place = self.rng.choice((0, 0, 0, 1, 2, 2, 3, 4, 5))
            group = "head" if kind == "caption" else "inner"
            parts.append(self._part(kind, group, kind, 1, place))
        return tuple(parts)

    def tail(self, cards: float) -> tuple[Part, ...]:
        """What follows the body; teasers and readers' comments with probability ``cards`` each."""
        rng = self.rng
        ranked: list[tuple[float, Part]] = []
        for rank, (kind, shares) in enumerate(_TAIL.items()):
            if not self._has(shares):
                continue
            if kind == "foot":
                words = phrases()["words"]["foot"]
                part = Part(kind, (self._menu(rng.sample(words, rng.choice((3, 5, 7, 10, 15, 24))), 0.4),))
            elif kind == "legal" and "legal" not in self.own.get("tail", {}):
                continue
            else:
                part = self._part(kind, "head" if kind in ("share", "comments") else "tail", kind)
            ranked.append((rank + rng.gauss(0.0, 1.5), part))
            if kind == "more" and self.level == 0 and rng.random() < 0.4:
                ranked.append((rank + rng.gauss(1.0, 2.0), self._part(kind, "tail", kind)))
        if cards:
            ranks = list(_TAIL)
            for kind, beside in (("cards", "more"), ("voices", "comments")):
                if rng.random() < cards:
                    ranked.append((ranks.index(beside) + rng.gauss(0.0, 2.0), self._part(kind, "tail", kind)))
        return tuple(part for _, part in sorted(ranked, key=lambda pair: pair[0]))
