"""Made-up page furniture for training dumps: bylines, datelines, captions, interludes, the heads of round-ups.

The phrases are the bare conventions of news pages (a date, "Share", "By" and a name); names and dates are drawn
at random.
"""

from __future__ import annotations

import random
import re
from dataclasses import dataclass
from typing import Final

from topics.segmentation.training.corpora import Article
from topics.segmentation.training.headlines import LEADING_ON

__all__ = [
    "SHORT_SUBHEADS",
    "SubheadManner",
    "byline",
    "caption",
    "dateline",
    "facts_of_the_day",
    "insert_subheads",
    "interlude",
    "round_up",
    "section",
    "subhead",
]


@dataclass(frozen=True, slots=True)
class SubheadManner:
    """``longest``: in words, else a few at most; ``number`` is what stands before the words of each, with its place
    filled."""

    longest: int = 0
    number: str = ""


SHORT_SUBHEADS: Final = SubheadManner()

_MONTHS: Final = "January February March April May June July August September October November December".split()
_FIRST: Final = (
    "Amina Bruno Carla Dmitri Elif Farid Greta Hugo Ines Jonas Kenji Leila Marek Nadia Oscar Priya Quentin Rosa "
    "Samir Tomas Ursula Victor Wanjiru Xavier Yusuf Zofia James Mary Robert Linda Daniel Sarah"
).split()
_LAST: Final = (
    "Abbott Banerjee Castillo Demir Eriksen Farouk Goldberg Haddad Ivanov Jensen Kowalski Laurent Mbeki Novak Okafor "
    "Pereira Quinn Rossi Suzuki Tanaka Ueda Varga Walsh Xu Yilmaz Zhang Smith Johnson Brown Miller"
).split()
_DESKS: Final = (
    "World News Politics Business Opinion Sport Culture Economy Europe "
    "Africa Asia Health Climate Technology Features Explainer Analysis Live"
).split()
_ROLES: Final = (
    "Staff Writer",
    "Political Correspondent",
    "World Affairs Editor",
    "Business reporter",
    "Special to the Herald",
    "in Geneva",
    "Wire services",
)
_THEMES: Final = (
    "the war",
    "the trade dispute",
    "the election campaign",
    "the talks",
    "the floods",
    "the budget fight",
)
_CITIES: Final = "Leeds Accra Porto Denver Lahore Cebu Tampere Rosario Haifa Durban Osaka Halifax Tbilisi Cork".split()
_PAPERS: Final = "Courier Observer Ledger Dispatch Journal Bulletin".split()
_OPENINGS: Final = (
    "A look at the main events of day {day} of {theme}.",
    "What we know on {weekday}, {month} {date}:",
    "The latest on {theme}, in brief.",
    "Your guide to {theme} as of {weekday}.",
    "A round-up of the week.",
    "Main points from {weekday}:",
    "{theme}: the state of play on day {day}",
)
_SUBHEADS: Final = (
    "Fighting", "On the ground", "Diplomacy", "Politics", "Weapons", "Sanctions", "Economy", "Casualties", "Aid",
    "Elsewhere", "Markets", "Energy", "Regional developments", "Talks", "In Washington", "Reaction",
)  # fmt: skip
_QUESTIONS: Final = (
    "What happens next?", "What do we know so far?", "Why does it matter?", "Who is affected?", "What did they say?",
    "How did it come to this?", "What is the reaction?", "Could it happen again?", "What are the obstacles?",
)  # fmt: skip
_CLAUSE: Final = re.compile(r"(?<=[.!?;:,])[”\"’']? |[“”\"]|[–—] ")
_WEEKDAYS: Final = "Monday Tuesday Wednesday Thursday Friday Saturday Sunday".split()
_INTERLUDES: Final = (
    ["Recommended Stories", "list of {n} itemsend of list"],
    ["Recommended Stories", "list of {n} items", "end of list"],
    ["Share", "Save"],
    ["Advertisement"],
    ["Related stories"],
    ["Listen to this article", "{n} min"],
    ["Story continues below"],
)


def _name(rng: random.Random) -> str:
    return f"{rng.choice(_FIRST)} {rng.choice(_LAST)}"


def dateline(rng: random.Random) -> str:
    """A date line as pages print it."""
    day, month, year = rng.randint(1, 28), rng.choice(_MONTHS), rng.randint(2012, 2026)
    clock = f"{rng.randint(1, 12)}:{rng.randint(10, 59)} {rng.choice(('AM', 'PM', 'a.m.', 'p.m.'))}"
    short = f"{day} {month[:3]} {year}"
    return rng.choice(
        (
            short,
            f"{month} {day}, {year}",
            f"{month[:3]} {day}, {year}",
            f"{day} {month} {year}",
            f"{month} {day}, {year} {clock} ET",
            f"Updated {short}",
            f"Published On {short}{short}",
            f"Published: {clock}, {short}",
        )
    )


def byline(rng: random.Random) -> str:
    """Who wrote it, as pages print it."""
    name = _name(rng)
    return rng.choice(
        (
            f"By {name}",
            f"By {name}",
            name,
            f"{name}, {rng.choice(_ROLES)}",
            f"By {name} and {_name(rng)}",
            f"BY {name.upper()}",
        )
    )


def section(rng: random.Random) -> str:
    """The name of a desk over the headline."""
    return rng.choice(_DESKS)


def caption(rng: random.Random, article: Article) -> str:
    """A picture's caption: the opening words of some paragraph, and a credit."""
    words = rng.choice(article.paragraphs).split(" ")[: rng.randint(8, 18)]
    credit = rng.choice(
        (
            " [Reuters]",
            " [AFP]",
            " (Photo: Getty Images)",
            f" [File: {_name(rng)}/AP]",
            ". Photograph: EPA",
            f", on {dateline(rng)}.",
        )
    )
    return " ".join(words).rstrip(".,") + credit


def interlude(rng: random.Random, body: list[str]) -> list[str]:
    """A body with a date and sharing line after its standfirst, and a list of links after a few paragraphs."""
    lines = list(body)
    if rng.random() < 0.6:
        lines[1:1] = [dateline(rng)] + (["Share"] if rng.random() < 0.7 else [])
    if rng.random() < 0.7:
        at = min(len(lines), rng.randint(2, 5))
        lines[at:at] = [line.format(n=rng.randint(2, 6)) for line in rng.choice(_INTERLUDES)]
    return lines


def subhead(rng: random.Random, following: str) -> str:
    """A line between paragraphs: a stock heading, a question, or a few words of the text it stands over."""
    draw = rng.random()
    if draw < 0.3:
        return rng.choice(_SUBHEADS)
    if draw < 0.4:
        return rng.choice(_QUESTIONS)
    words = following.strip("“”\"‘’' ").split(" ")
    at = rng.randint(0, max(0, len(words) - 6))
    length = rng.randint(1, 4) if rng.random() < 0.8 else rng.randint(5, 6)
    text = " ".join(words[at : at + length]).strip(".,;:“”\"‘’'()")
    text = text[:1].upper() + text[1:] or rng.choice(_SUBHEADS)
    if rng.random() < 0.3:
        return f"‘{text}’"
    return text.title() if rng.random() < 0.15 else text


def insert_subheads(rng: random.Random, body: list[str], manner: SubheadManner) -> None:
    """Some paragraphs of ``body``, which holds seven at least, get a line over them."""
    if not manner.longest:
        for _ in range(rng.randint(1, 4)):
            at = rng.randint(2, len(body) - 2)
            body.insert(at, subhead(rng, body[at]))
        return
    places = sorted(rng.sample(range(1, len(body) - 1), rng.randint(2, min(8, len(body) - 3))))
    for k, place in reversed(list(enumerate(places, 1))):
        line = _long_subhead(rng, body[place], manner.longest)
        body.insert(place, manner.number.format(k) + line)


def _long_subhead(rng: random.Random, following: str, longest: int) -> str:
    """The beginning of a clause of the text it stands over; it does not end in a word that leads on."""
    clauses = [clause.split() for clause in _CLAUSE.split(following)]
    words = rng.choice([words for words in clauses if len(words) > 2] or [following.split()])
    words = words[: rng.randint(3, longest)]
    while len(words) > 1 and words[-1].lower() in LEADING_ON:
        words.pop()
    text = " ".join(words).strip(".,;:“”\"‘’'()")
    return text[:1].upper() + text[1:] or rng.choice(_SUBHEADS)


def round_up(rng: random.Random) -> list[str]:
    """The opening lines of a digest."""
    theme = rng.choice(_THEMES)
    lines = [_opening(rng, theme)]
    if rng.random() < 0.5:
        lines.append(dateline(rng))
        if rng.random() < 0.6:
            lines.append("Share")
    if rng.random() < 0.6:
        lines.append(_opening(rng, theme))
    return lines


def _opening(rng: random.Random, theme: str) -> str:
    text = rng.choice(_OPENINGS).format_map({**facts_of_the_day(rng), "theme": theme})
    return text[0].upper() + text[1:]


def facts_of_the_day(rng: random.Random) -> dict[str, str]:
    """A day, a place, a theme: what the openings of round-ups name."""
    return {
        "day": str(rng.randint(20, 1500)),
        "weekday": rng.choice(_WEEKDAYS),
        "month": rng.choice(_MONTHS),
        "date": str(rng.randint(1, 28)),
        "theme": rng.choice(_THEMES),
        "city": rng.choice(_CITIES),
        "outlet": f"the {rng.choice(_CITIES)} {rng.choice(_PAPERS)}",
    }
