"""The wording of invented outlets: phrases of ``houses.toml``, and what fills their slots.

A phrase is settled twice. :class:`HouseWords` fixes what an outlet always says in the same way (its name, the format
of its dates, which of ``<a|b>`` it prefers); :class:`PieceWords` fills the rest for one piece (author, date, tags and
caption words out of its own text, headlines of other pieces). Both are mappings for ``str.format_map``.
"""

from __future__ import annotations

import datetime
import random
import re
import tomllib
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any, Final

__all__ = ["Block", "HouseWords", "PieceWords", "listed", "person", "phrases"]

Block = tuple[str, ...]  # the lines of one piece of furniture

_CHOICE: Final = re.compile(r"<([^<>]*\|[^<>]*)>")
_BAR: Final = re.compile(r"\s*\|\s*(?![^<>]*>)")  # a bar that stands in no choice
_NAME: Final = re.compile(r"(?<=[a-z,] )[A-Z][\w’'-]+(?: [A-Z][\w’'-]+){0,2}")
_SENTENCE: Final = re.compile(r"(?<=[.!?][”\"]) (?=[A-Z“\"])|(?<=[a-z]{3}[.!?]) (?=[A-Z“\"])")
_WEAK: Final = frozenset(
    "a an the and or of in on at to by for from with as that which who his her its their is was were are has had "
    "have been be but it he she they this these than into over after before mr mrs ms dr jan sept oct nov dec".split()
)
_ZONES: Final = "GMT ET EST EDT BST UTC CET IST PKT EAT WAT GST AST SGT PT CT".split()
_FIRST_DAY: Final = datetime.datetime(2012, 1, 1)
_N_DAYS: Final = 365 * 15


@cache
def phrases() -> Mapping[str, Any]:
    """``houses.toml``, read once; its lists of words are split."""
    with (Path(__file__).parent / "houses.toml").open("rb") as file:
        read = tomllib.load(file)
    for group in ("words", "names"):
        read[group] = {key: listed(text) for key, text in read[group].items()}
    for key in ("first", "last"):
        read["words"][key] = tuple(word.replace("_", " ") for word in read["words"][key][0].split())
    for key in ("coin", "coin_end"):
        read["names"][key] = tuple(read["names"][key][0].split())
    return read


def listed(text: str) -> tuple[str, ...]:
    """The entries of a list whose bars part them.

    >>> listed("Live|The <Day|Week>")
    ('Live', 'The <Day|Week>')
    """
    return tuple(entry.strip() for entry in _BAR.split(text) if entry.strip())


def person(rng: random.Random) -> str:
    """A first and a last name."""
    words = phrases()["words"]
    middle = f" {rng.choice('ABCDEJKLMPRST')}." if rng.random() < 0.06 else ""
    return f"{rng.choice(words['first'])}{middle} {rng.choice(words['last'])}"


class HouseWords(dict[str, str]):
    """What an outlet says always alike. Slots that only a piece can fill are left as they are."""

    def __init__(self, rng: random.Random, family: str) -> None:
        self.rng = rng
        data = phrases()
        self._family = data["family"][family]
        self._places = self._family["places"].split()
        self["short"] = "".join(rng.choices("ADEFGHIKLMNORTUVWXZ", k=rng.choice((3, 3, 4))))
        self["city"] = self.place()
        self["n"] = str(rng.randint(2, 13))  # only the name asks for it before it is taken out again
        self["house"] = self.settle(rng.choice(self._family["names"]))
        del self["n"]
        self["HOUSE"] = self["house"].upper()
        stem = self["house"].lower() if rng.random() < 0.7 else self["short"].lower()
        self["domain"] = re.sub(r"[^a-z0-9]", "", stem) + "." + rng.choice(self._family["tld"].split())
        self["dot"] = rng.choice("•·|·–/-|")
        zone = rng.choice(_ZONES)
        date = rng.choice(data["dates"]["dates"])
        time = rng.choice(data["dates"]["times"]).replace("{tz}", zone).replace("{off}", f"+{rng.randint(1, 9)}")
        self.update(date=date, time=time, time2=time.replace("{mm}", "{mm2}"), tz=zone)

    def place(self) -> str:
        """An invented place."""
        starts, ends = phrases()["places"][self.rng.choice(self._places)]
        name: str = self.rng.choice(starts.split()) + self.rng.choice(ends.split())
        return name.replace("_", " ")

    def settle(self, template: str) -> str:
        """The template with its choices made and the outlet's own slots filled."""
        while "<" in template:
            chosen = _CHOICE.sub(lambda match: self.rng.choice(match[1].split("|")), template)
            if chosen == template:
                break
            template = chosen
        return template.format_map(self)

    def block(self, template: str) -> Block:
        """The lines of a template, settled."""
        lines = (" ".join(line.split()) for line in self.settle(template).replace("the The ", "the ").split("¶"))
        return tuple(line for line in lines if line)

    def organisation(self) -> str:
        """An invented institution or firm."""
        return self.settle(self.rng.choice(phrases()["names"]["org"]))

    def __missing__(self, key: str) -> str:
        data = phrases()
        if key.startswith("many_"):
            pool = data["sentences"][key[5:]]
            return " ".join(
                self.settle(s) for s in self.rng.sample(pool, min(len(pool), self.rng.choice((1, 2, 2, 3))))
            )
        if key.startswith("one_"):
            return self.settle(self.rng.choice(data["words"][key[4:]]))
        if key in ("A", "A2"):
            return self.place()
        if key == "coin":
            return str(self.rng.choice(data["names"]["coin"]) + self.rng.choice(data["names"]["coin_end"]))
        if key == "first" or (key in data["names"] and key != "org"):
            return self.settle(self.rng.choice(data["words"]["first"] if key == "first" else data["names"][key]))
        if key == "org" and "house" not in self:
            return self.organisation()
        return "{" + key + "}"


class PieceWords:
    """What fills the slots of one piece. Headlines of other pieces are handed out in turn, so that none comes twice."""

    def __init__(
        self,
        rng: random.Random,
        title: str | None,
        body: Sequence[str],
        others: Sequence[tuple[str, str]],
        *,
        authors: Sequence[str],
        sections: Sequence[str],
        organisations: Sequence[str],
        credits: Sequence[str],
        domain: str,
        joint: str,
    ) -> None:
        self.rng = rng
        self.body = body
        pairs = [(" ".join(headline.split()), opening) for headline, opening in others if headline != title]
        pairs = [pair for pair in pairs if pair[0]]
        self._others = rng.sample(pairs, min(len(pairs), 40))
        self._credits, self._organisations, self._domain, self._joint = credits, organisations, domain, joint
        self._next_headline = self._next_tag = 0
        self._tags: list[str] = []
        section, author = rng.choice(sections), rng.choice(authors)
        self._title = title
        self._at = _FIRST_DAY + datetime.timedelta(days=rng.randrange(_N_DAYS), minutes=rng.randrange(1440))
        self._fixed = _date_parts(rng, self._at)
        self._fixed.update(
            title=title or "", section=section, SECTION=section.upper(), author=author, AUTHOR=author.upper(), i="1"
        )
        self._fixed["author2"] = rng.choice(authors)

    def fill(self, block: Block, n_items: int) -> list[str]:
        """The block's lines, its repeated items ``n_items`` times; none where headlines or tags are wanting."""
        lines: list[str] = []
        text = "".join(block)
        if "{title}" in text and not self._title:
            return []
        if "{headline}" in text or "teaser}" in text:
            n_items = min(n_items, len(self._others))
            if not n_items:
                return []
        self._fixed["k"] = str(n_items)
        for template in block:
            if template[0] == "×":
                lines += self._items(template[1:].split("↵"), n_items)
            else:
                lines.append(self._line(template))
        if "×" in text and "↵" not in text:  # no item comes twice
            lines = list(dict.fromkeys(lines))
        return [line for line in lines if line]

    def _items(self, templates: Sequence[str], n_items: int) -> list[str]:
        """The lines of a list; each item has a date of its own."""
        kept, lines = self._fixed, []
        dated = any("{D" in template or "{Mon" in template or "{MON" in template for template in templates)
        for i in range(n_items):
            self._fixed = {**kept, "i": str(i + 1)}
            if dated:
                ago = datetime.timedelta(days=self.rng.randrange(20), minutes=self.rng.randrange(600))
                self._fixed.update(_date_parts(self.rng, self._at - ago))
            lines += [self._line(template) for template in templates]
        self._fixed = kept
        return lines

    def _line(self, template: str) -> str:
        if template[0] == "^":
            return template[1:].format_map(self).upper()
        return template.format_map(self) if "{" in template else template

    def __getitem__(self, key: str) -> str:
        value = self._fixed.get(key)
        if value is not None:
            return value
        if key.startswith("any_"):
            word: str = self.rng.choice(phrases()["words"][key[4:]]) if key != "any_handle" else self.draw_handle()
            return word.format_map(self) if "{" in word else word
        return str(getattr(self, "draw_" + key)())

    def tags(self) -> list[str]:
        """Names that the piece mentions, in order, each once."""
        if not self._tags:
            found = _NAME.findall(" ".join(self.body[:5])[:2500])
            names = (name.removesuffix("’s").removesuffix("'s") for name in found if name.lower() not in _WEAK)
            self._tags = list(dict.fromkeys(names))[:9] or [self._fixed["section"]]
        return self._tags

    def draw_headline(self) -> str:
        self._next_headline += 1
        return self._other()[0]

    def _other(self) -> tuple[str, str]:
        """The piece whose headline came last; ``fill`` asks for one only where there are some."""
        return self._others[self._next_headline % len(self._others)]

    def draw_teaser(self) -> str:
        """What the piece whose headline came last opens with: a sentence, or as much as a card has room for."""
        sentence = _SENTENCE.split(self._other()[1])[0]
        words = sentence.split(" ")
        room = self.rng.choice((12, 20, 30, 45))
        return sentence if len(words) <= room else " ".join(words[:room]) + self.rng.choice(("...", "…", " […]", "…"))

    def draw_lone_teaser(self) -> str:
        self.draw_headline()
        return self.draw_teaser()

    def draw_tag(self) -> str:
        tags = self.tags()
        self._next_tag += 1
        return tags[self._next_tag % len(tags)]

    def draw_tags(self) -> str:
        return self._joint.join(self.tags()[: self.rng.randint(2, 7)])

    def draw_sentence(self) -> str:
        """A sentence of the piece that is no quotation, neither very short nor very long, where there is one."""
        for _ in range(4):
            found: str = self.rng.choice(_SENTENCE.split(self.rng.choice(self.body)))
            if 35 < len(found) < 220 and found[0] not in "“\"‘'":
                break
        return found

    def draw_words(self) -> str:
        words = self.draw_sentence().split(" ")[: self.rng.randint(5, 24)]
        while len(words) > 4 and words[-1].lower() in _WEAK:
            words.pop()
        return " ".join(words).strip(".,;:?!“”\"'—–- ")

    def draw_credit(self) -> str:
        return self.rng.choice(self._credits).format_map(self)

    def draw_name(self) -> str:
        return person(self.rng)

    def draw_own_handle(self) -> str:
        return self.draw_handle(self._fixed["author"])

    def draw_handle(self, name: str = "") -> str:
        names = re.sub(r"[^a-z ]", "", (name or self.draw_name()).lower()).split()
        first, last = names[0], names[-1]
        return self.rng.choice(
            (f"{first}{last}", f"{first[0]}_{last}", f"{last}{self.rng.randint(1, 99)}", first + last[0])
        )

    def draw_email(self) -> str:
        names = re.sub(r"[^a-z ]", "", self._fixed["author"].lower()).split()
        first, last = names[0], names[-1]
        return f"{(first + '.' + last, first[0] + last, first, last)[len(self._domain) % 4]}@{self._domain}"

    def draw_org(self) -> str:
        return self.rng.choice(self._organisations)

    def draw_place(self) -> str:
        return str(self.rng.choice(phrases()["words"]["place"]))

    def draw_PLACE(self) -> str:
        return self.draw_place().upper()

    def draw_n(self) -> str:
        return str(self.rng.randint(2, 9))

    def draw_N(self) -> str:
        return str(self.rng.randint(10, 900))

    def draw_N2(self) -> str:
        return str(self.rng.randint(10, 99))

    def draw_N4(self) -> str:
        return str(self.rng.randint(1000, 9999))


def _date_parts(rng: random.Random, at: datetime.datetime) -> dict[str, str]:
    day, hour, minute = at.day, at.hour, at.minute
    month, weekday = _MONTHS[at.month - 1], _WEEKDAYS[at.weekday()]
    half = "AM" if hour < 12 else "PM"
    return {
        "D": str(day),
        "DD": f"{day:02}",
        "th": "th" if 10 < day < 20 else {1: "st", 2: "nd", 3: "rd"}.get(day % 10, "th"),
        "M": str(at.month),
        "MM": f"{at.month:02}",
        "Mon": month[:3],
        "MON": month[:3].upper(),
        "Month": month,
        "MONTH": month.upper(),
        "Y": str(at.year),
        "YY": str(at.year)[2:],
        "year": str(at.year),
        "Weekday": weekday,
        "WEEKDAY": weekday.upper(),
        "Wday": weekday[:3],
        "HH": f"{hour:02}",
        "h": str(hour % 12 or 12),
        "mm": f"{minute:02}",
        "mm2": f"{rng.randint(minute, 59):02}",
        "ss": f"{rng.randrange(60):02}",
        "AM": half,
        "am": half.lower(),
        "a_m": "a.m." if hour < 12 else "p.m.",
    }


_MONTHS: Final = "January February March April May June July August September October November December".split()
_WEEKDAYS: Final = "Monday Tuesday Wednesday Thursday Friday Saturday Sunday".split()
