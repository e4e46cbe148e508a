"""What segments say about themselves: title, date, source, kind and furniture, given where they start and end.

    python benchmarks/facts.py [SHARED] [--model MODEL] [--pieces 300] [--json FILE] [--show TASK]

True segments go in, one at a time, so that no figure here depends on boundaries. ``dev`` is what the rules were
written on and ``test`` what they are measured on: other outlets, other phrases, other dates. Titles and
furniture come from pages and articles of outlets that training never sees, dates and sources also from
templates below; kinds from articles, from their first paragraphs and from prose of our own
(data/kinds.jsonl). Titles and furniture have more pages of these outlets, which a careful reader (a language model)
labelled. Precision counts what was said, recall what could have been said; where a text shows nothing,
or nothing beyond doubt, saying anything is an error.
"""

from __future__ import annotations

import argparse
import gzip
import hashlib
import json
import random
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from itertools import groupby
from operator import attrgetter
from pathlib import Path
from typing import Any, Final

from reader import READER, read_furniture
from shared import ROOT, describe_run, new_parser, print_table, read_text_dumps, run_script, say

from topics.bundle import load_model
from topics.evaluation import bootstrap_interval, read_gold, sum_scores
from topics.paragraphs import split_paragraphs
from topics.records import KINDS, Dump, Segment
from topics.segmentation import SegmentationModel, whole_dump
from topics.segmentation.furniture import assign_roles
from topics.segmentation.kinds import tell_kind
from topics.segmentation.training.corpora import Article, Corpora, Page, read_corpora
from topics.segmentation.training.mixing import Mixer, Style
from topics.writers.atomic import write_text

PARTS: Final = ("dev", "test")
DATA: Final = Path(__file__).resolve().parent / "data"
SEED: Final = 20250521
PAGE_DRAWS: Final = 3  # of the lines above a page's headline


@dataclass(frozen=True, slots=True)
class Case:
    """A segment's text and what is true of it; ``truth`` is ``None`` where nothing should be said."""

    text: str
    truth: str | None


@dataclass(frozen=True, slots=True)
class Counts:
    """What was said, what could have been said, and how often the two were the same."""

    n_right: int = 0
    n_said: int = 0
    n_true: int = 0

    def __add__(self, other: Counts) -> Counts:
        return Counts(self.n_right + other.n_right, self.n_said + other.n_said, self.n_true + other.n_true)

    @property
    def precision(self) -> float:
        """Share of what was said that is right; 1 where nothing was said."""
        return self.n_right / self.n_said if self.n_said else 1.0

    @property
    def recall(self) -> float:
        """Share of what could have been said that was; 1 where there was nothing to say."""
        return self.n_right / self.n_true if self.n_true else 1.0

    @property
    def f1(self) -> float:
        """Harmonic mean of the two, by counts."""
        both = self.n_said + self.n_true
        return 2 * self.n_right / both if both else 1.0


def main(options: argparse.Namespace) -> None:
    """Print all tables, and write the same figures as JSON where that was asked for."""
    model = load_model(options.model)
    about = describe_run()
    print(f"Model {model.id}, {options.pieces} made-up pieces of each sort")
    print(", ".join(f"{key} {value}" for key, value in about.items()))
    say("reading corpora")
    corpora = read_corpora(options.shared / "data")
    n = options.pieces
    facts: dict[str, list[Counts]] = {}
    kinds: dict[str, list[Mapping[str, Counts]]] = {}
    furniture: dict[str, list[Counts]] = {}
    for part in PARTS:
        say(f"{part}: pages and articles")
        own = corpora.part(part)
        rng = random.Random(SEED)
        mixer = Mixer(replace(own, articles=tuple(a for a in own.articles if _has_headline(a))))
        tasks: dict[str, tuple[str, Iterable[Case]]] = {
            "title, pages": ("title", page_titles(rng, own)),
            "title, pages with other articles": ("title", transplanted_titles(rng, own, n)),
            "title, dressed articles": ("title", dressed_titles(rng, mixer, n)),
            "published, pages": ("published", page_dates(options.shared, own, part)),
            "published, made-up": ("published", made_up_dates(rng, own, part, n)),
            "source, made-up": ("source", made_up_sources(rng, own, part, n)),
        }
        for name, (field, cases) in tasks.items():
            counts = [
                count_fact(model.segmentation, case, field, show=options.show == f"{part} {name}") for case in cases
            ]
            if name == "title, pages":  # the draws of one page stand or fall together
                counts = [sum_scores(counts[k : k + PAGE_DRAWS]) for k in range(0, len(counts), PAGE_DRAWS)]
            facts[f"{part} {name}"] = counts
        kinds[part] = [
            count_kind(model.segmentation, c, show=options.show == f"{part} kinds")
            for c in kind_cases(rng, own, part, n)
        ]
        kinds[f"{part} page blocks"] = list(count_blocks(corpora, part))
        furniture[part] = [count_furniture(model.segmentation, page) for page in own.pages]
        read = [count for page in own.pages if (count := count_read(model.segmentation, page))]
        if read:
            furniture[f"{part}, {READER}"] = read
        furniture[f"{part}, pages that were read"] = [
            count_furniture(model.segmentation, page) for page in own.read_pages
        ]
    say("feeds")
    for field in ("published", "source"):
        name = f"all {field}, feed of one day"
        facts[name] = list(count_feed(model.segmentation, options.shared, field, show=options.show == name))
    kinds["own dumps, learned from"] = list(
        count_gold(model.segmentation, ROOT / "seeds", ROOT / "labels" / "samples.jsonl")
    )
    kinds["own dumps, held out"] = list(
        count_gold(model.segmentation, ROOT / "seeds", ROOT / "tests" / "quality" / "held_out.jsonl")
    )
    seeds = options.shared / "gold" / "seeds.jsonl"
    kinds["real dumps"] = list(count_gold(model.segmentation, options.shared / "seeds", seeds, show=True))
    results = {
        "model": model.id,
        **about,
        "facts": report("Title, date and source", facts),
        "kinds": report(
            "Kinds",
            {
                f"{part} {kind}": [c[kind] for c in found if kind in c]
                for part, found in kinds.items()
                for kind in KINDS
            },
        ),
        "furniture": report("Furniture lines of pages", furniture),
    }
    if options.json is not None:
        write_text(options.json, json.dumps(results, indent=1) + "\n")


def report(title: str, by_task: Mapping[str, Sequence[Counts]]) -> dict[str, Any]:
    """One row a task, with 95% intervals over its segments."""
    rows, figures = [], {}
    for task, counts in by_task.items():
        if not counts:
            continue
        whole = sum_scores(counts)
        cells = []
        figures[task] = {"n": len(counts), "right": whole.n_right, "said": whole.n_said, "true": whole.n_true}
        for key in ("precision", "recall", "f1"):
            low, high = bootstrap_interval(counts, attrgetter(key))
            cells.append(f"{getattr(whole, key):.3f} [{low:.3f}, {high:.3f}]")
            figures[task][key] = getattr(whole, key)
        rows.append([task, str(len(counts)), str(whole.n_right), str(whole.n_said), str(whole.n_true), *cells])
    headers = ["task", "segments", "right", "said", "true", "precision", "recall", "F1"]
    print_table(f"{title}, with 95% intervals over segments", headers, rows)
    return figures


# Title, date, source


def count_fact(model: SegmentationModel, case: Case, field: str, *, show: bool = False) -> Counts:
    """One segment, judged on one field; case and white space do not count."""
    said = getattr(_only_segment(model, case.text), field)
    right = said is not None and case.truth is not None and _fold(said) == _fold(case.truth)
    if show and not right and said != case.truth:
        print(f"said {said!r}, true {case.truth!r}: {case.text[:300]!r}")
    return Counts(int(right), int(said is not None), int(case.truth is not None))


def _only_segment(model: SegmentationModel, text: str) -> Segment:
    [segment] = whole_dump(Dump(name="case", text=text), model)
    return segment


def _fold(text: str) -> str:
    text = " ".join(text.casefold().split())
    return text.removeprefix("the ")


def page_titles(rng: random.Random, corpora: Corpora) -> Iterator[Case]:
    """Real pages from up to three lines above the headline, three times each; some have lost the headline."""
    for page in corpora.all_pages:
        for _ in range(PAGE_DRAWS):
            start = page.start if rng.random() < 0.7 else max(0, page.start - rng.randint(1, 3))
            if page.labels[page.start] == 2:
                yield Case("\n".join(page.lines[start : page.last + 1]), page.lines[page.start])
            else:
                yield Case("\n".join(page.lines[page.first : page.last + 1]), None)


def transplanted_titles(rng: random.Random, corpora: Corpora, n: int) -> Iterator[Case]:
    """The furniture of real pages around the headlines and bodies of other articles."""
    pages = [page for page in corpora.pages if page.labels[page.start] == 2]
    articles = [a for a in corpora.articles if _has_headline(a)]
    for _ in range(n):
        page, article = rng.choice(pages), rng.choice(articles)
        above = page.lines[max(0, page.start - rng.choice((0, 0, 0, 1, 2, 3))) : page.start]
        below = page.lines[page.start + 1 : page.first]
        if rng.random() < 0.2:  # the headline is lost
            yield Case("\n".join((*_dates_and_names(below), *article.paragraphs[:20])), None)
        else:
            lines = (*above, article.title, *below, *article.paragraphs[:20])
            yield Case("\n".join(lines), article.title)


def _dates_and_names(lines: Sequence[str]) -> list[str]:
    return [line for line in lines if len(line.split()) < 6]


def dressed_titles(rng: random.Random, mixer: Mixer, n: int) -> Iterator[Case]:
    """Articles with made-up bylines, dates, desks and captions; two in five have lost their headline."""
    titles = {a.title for a in mixer.corpora.articles}
    while n:
        titled = float(rng.random() < 0.6)
        style = Style(n_pieces=1, neighbours="random", titled=titled, furnished=1.0, subheads=0.3)
        dump = mixer.render(rng, style)
        lead = [line for line in dump.text[: dump.leads[0]].split("\n") if line in titles]
        if titled and not lead:
            continue
        n -= 1
        yield Case(dump.text, lead[0] if lead else None)


def _has_headline(article: Article) -> bool:
    """One headline, and no second one or a caption before the body."""
    opens = all(len(p.split()) > 12 and p[-1] in '.”"’?!' for p in article.paragraphs[:2])
    return 3 <= len(article.title.split()) <= 25 and opens and "caption" not in article.paragraphs[0][:80]


def page_dates(shared: Path, corpora: Corpora, part: str) -> Iterator[Case]:
    """Pages whose date of publication was read off by hand (data/page_dates.jsonl)."""
    known = {}
    for line in (DATA / "page_dates.jsonl").read_text("utf-8").splitlines():
        record = json.loads(line)
        if record["part"] == part:
            known[record["id"]] = record["published"]
    pages = {page.lines: page for page in corpora.pages}
    with gzip.open(shared / "data" / "lines_aeb.jsonl.gz", "rt", encoding="utf-8") as lines:
        for line in lines:
            record = json.loads(line)
            page = pages.get(tuple(filter(None, (" ".join(text.split()) for text in record["lines"]))))
            if page is not None and record["id"] in known:
                yield Case("\n".join(page.lines[max(0, page.start - 3) : page.last + 1]), known[record["id"]])


_MONTHS: Final = "January February March April May June July August September October November December".split()
_DAYS: Final = "Monday Tuesday Wednesday Thursday Friday Saturday Sunday".split()
_FORMATS: Final[Mapping[str, Sequence[str]]] = {
    "dev": (
        "{d} {Month} {y}", "{Month} {d}, {y}", "{Mon}. {d}, {y}", "{y}-{mm}-{dd}", "{Day}, {Month} {d}, {y}",
        "{d} {Mon} {y} {hh}:{mi} GMT", "{Month} {d}{th}, {y} at {h}:{mi} PM", "{Dy} {d} {Mon} {y} {hh}.{mi} GMT",
        "{hh}:{mi}, {d} {Month} {y}", "{y}-{mm}-{dd}T{hh}:{mi}:00Z",
    ),
    "test": (
        "{d}{th} {Month} {y}", "{Day} {d} {Month} {y}", "{MON} {d}, {y} | {h}:{mi} AM", "{y}/{mm}/{dd} {hh}:{mi}",
        "{Dy}, {Mon} {d}, {y}, {h}:{mi} p.m. ET", "{d}-{Mon}-{y}", "{Month} {d} {y}", "{h}:{mi} AM EST {Mon} {d}, {y}",
        "the {d}{th} of {Month} {y}", "{Dy}., {Mon}. {d}, {y}", "{y}-{mm}-{dd} {hh}:{mi}:{mi} +0200",
    ),
}  # fmt: skip
# how a page prints a date; {p} the date of publication, {u} a later one, {e} another one, {f} the year of {p}
_PRINTED: Final[Mapping[str, Sequence[tuple[str, ...]]]] = {
    "dev": (
        ("{p}",), ("Published On {p}{p}",), ("Published: {p}",), ("By {name}", "{p}"), ("By {name} - {p}",),
        ("Published {p}", "Updated {u}"), ("Updated: {u}", "Published: {p}"), ("Posted on {p} by {name}",),
        ("{p} | Updated {u}",), ("Last updated {u}", "First published {p}"), ("Publish date:", "{p}"),
        ("Updated {p}",),
    ),
    "test": (
        ("{p}",), ("Posted {p}",), ("{name}", "{p}", "Share"), ("By {name} | {p}",),
        ("PUBLISHED: {p} | UPDATED: {u}",),
        ("Last modified on {u}", "Published on {p}"), ("Story by {name}", "{p} • 4 min read"),
        ("Updated", "{u}", "Published", "{p}"),
        ("{p} (updated {u})",), ("{name}, Political Editor", "Published", "{p}"), ("Date: {p}",), ("News | {p}",),
    ),
}  # fmt: skip
_NO_DATE: Final[Mapping[str, Sequence[tuple[str, ...]]]] = {
    "dev": (
        ("{a}/{b}/{f}",), ("Published {a}/{b}/{f}",), ("{Month} {d}",), ("{Dy}, {h}:{mi} PM",),
        ("© {f} Stour Gazette",), (),
        ("Deadline: {e}",), ("File photo: a ship at anchor on {e}. Photo: Handout",), ("Updated 3 hours ago",),
        ("Tickets for the concert on {e} are on sale now",), ("Here is where things stand on {e}:",),
    ),
    "test": (
        ("{a}.{b}.{f}",), ("Posted: {b}-{a}-{f}",), ("{d} {Mon}",), ("Yesterday at {h}:{mi}",),
        ("Copyright {f} Fenland Media",), (),
        ("Event date: {e}",), ("Soldiers on parade in the capital, {e} [File: Wire]",), ("{Month} {f}",),
        ("Correction, {e}: an earlier version misspelt a name",), ("Offer ends {e}",),
    ),
}  # fmt: skip
_BODY_DATES: Final = (
    "The treaty was signed on {e} after a night of talks.",
    "He was born on {e} in a village that no longer stands.",
    "On {e}, the court is to hear the case.",
    "A report published on {e} said the dam was unsafe.",
)
_NAMES: Final = ("Amina Castillo", "Bruno Eriksen", "Nadia Okafor", "Victor Walsh", "Priya Tanaka")


def made_up_dates(rng: random.Random, corpora: Corpora, part: str, n: int) -> Iterator[Case]:
    """Articles under date lines in many formats; in one case of three there is no date beyond doubt."""
    articles = [a for a in corpora.articles if _has_headline(a) and not _shows_a_year(a)]
    for _ in range(n):
        article = rng.choice(articles)
        when = date(2010, 1, 1) + timedelta(days=rng.randrange(5900))
        later, other = when + timedelta(days=rng.randint(1, 3)), when + timedelta(days=rng.randint(-900, 400))
        form = rng.choice(_FORMATS[part])
        shows = rng.random() < 0.67
        printed = rng.choice((_PRINTED if shows else _NO_DATE)[part])
        a = rng.randint(1, 12)
        fields = {
            "p": _print(form, when), "u": _print(form, later), "e": _print(form, other), "f": str(when.year),
            "name": rng.choice(_NAMES), "a": f"{a:02}", "b": f"{a % 12 + 1:02}", **_date_fields(when),
        }  # fmt: skip
        lines = [line.format(**fields) for line in printed]
        body = list(article.paragraphs[:8])
        if rng.random() < 0.5:
            sentence = rng.choice(_BODY_DATES).format(e=_print("{d} {Month} {y}", other))
            body.insert(rng.randint(1, len(body)), sentence)
        draw = rng.random()
        if draw < 0.6:
            lines = [article.title, *lines, *body]
        elif draw < 0.8:
            lines = [body[0], *lines, *body[1:]]
        else:
            lines = [*lines, article.title, *body]
        yield Case("\n".join(lines), when.isoformat() if shows else None)


def _shows_a_year(article: Article) -> bool:
    return any(f"20{k}" in p for p in (article.title, *article.paragraphs[:8]) for k in (0, 1, 2))


def _print(form: str, when: date) -> str:
    return form.format(**_date_fields(when))


def _date_fields(when: date) -> dict[str, str]:
    day, month = when.day, _MONTHS[when.month - 1]
    weekday = _DAYS[when.weekday()]
    ending = "th" if day in (11, 12, 13) else {1: "st", 2: "nd", 3: "rd"}.get(day % 10, "th")
    return {
        "d": str(day), "dd": f"{day:02}", "th": ending, "Month": month, "Mon": month[:3], "MON": month[:3].upper(),
        "mm": f"{when.month:02}", "y": str(when.year), "Day": weekday, "Dy": weekday[:3],
        "hh": f"{day % 14 + 10}", "h": str(day % 11 + 1), "mi": f"{day + 20}",
    }  # fmt: skip


# what shows a source: lines before the body, words before its first sentence, lines after it
_SHOWN: Final[Mapping[str, Sequence[tuple[str, str, str]]]] = {
    "dev": (
        ("", "LONDON (Reuters) - ", ""), ("", "Jan. 2 (UPI) — ", ""), ("", "MOSCOW, May 21. /TASS/. ", ""),
        ("", "WASHINGTON (AP) — ", ""), ("", "BEIJING, Jan. 5 (Xinhua) -- ", ""), ("Source: {x}", "", ""),
        ("By {x} Staff", "", ""), ("By {name}, {x}", "", ""), ("", "", "© {y} {x}"),
        ("", "", "Copyright {y} {x}. All rights reserved."),
        ("", "", "Source: {x}"), ("By {name} | {x}", "", ""),
    ),
    "test": (
        ("", "TOKYO, March 3 (Kyodo) - ", ""), ("", "PARIS (AFP) – ", ""), ("", "JERUSALEM, Israel (AP) -- ", ""),
        ("", "(Bloomberg) -- ", ""), ("", "TEHRAN, May 21 (MNA) – ", ""), ("SOURCE: {x}", "", ""),
        ("By {x} staff and agencies", "", ""),
        ("{name}, {x}", "", ""), ("", "", "Copyright © {y} {x}, Inc. All Rights Reserved"),
        ("", "", "(c) {y} {x} Ltd."),
        ("By {name} for {x}", "", ""), ("", "", "This article was originally published by {x}."),
        ("Source - {x}", "", ""),
    ),
}  # fmt: skip
_SHOWN_NOT: Final[Mapping[str, Sequence[tuple[str, str, str]]]] = {
    "dev": (
        ("", "", ""), ("By {name}", "", ""), ("By {name}, Staff Writer", "", ""), ("", "LONDON – ", ""),
        ("A ship leaves port. Photo: {name}/Reuters", "", ""),
        ("", "The company (formerly Dunmore) - now closed - made tin. ", ""),
        ("", "", "The Associated Press contributed to this report."), ("Photograph: Getty Images", "", ""),
        ("Share", "", "Source: Ministry of Health"),
    ),
    "test": (
        ("", "", ""), ("{name}", "", ""), ("By {name} in Geneva", "", ""), ("", "Kyiv, Ukraine — ", ""),
        ("A soldier stands guard [{name}/AP]", "", ""),
        ("", "The group (known as Meridian) – which sells tea – is for sale. ", ""),
        ("", "", "With files from Reuters and AFP"), ("© Getty Images", "", ""),
        ("", "", "Source: Company filings"), ("World News", "", ""),
    ),
}  # fmt: skip
_OUTLETS: Final[Mapping[str, Sequence[str]]] = {
    "dev": ("Stour Gazette", "BBC News", "Al Jazeera", "The Guardian", "Cleveland.com", "Daily Monitor", "Reuters"),
    "test": ("Tri-County Ledger", "The New York Times", "Deutsche Welle", "Fenland Herald", "oregonlive.com",
             "Sky News", "Associated Press", "The Harbour Post", "Radio Free Europe"),
}  # fmt: skip
_AGENCIES: Final = ("Reuters", "UPI", "TASS", "AP", "Xinhua", "Kyodo", "AFP", "Bloomberg", "MNA")


def made_up_sources(rng: random.Random, corpora: Corpora, part: str, n: int) -> Iterator[Case]:
    """Articles that show who published them in one place; in one case of three they do not."""
    articles = [a for a in corpora.articles if _has_headline(a) and not _names_an_agency(a)]
    for _ in range(n):
        article = rng.choice(articles)
        shows = rng.random() < 0.67
        outlet = rng.choice(_OUTLETS[part])
        fields = {"x": outlet, "name": rng.choice(_NAMES), "y": str(rng.randint(2005, 2026))}
        form = rng.choice((_SHOWN if shows else _SHOWN_NOT)[part])
        above, before, after = (text.format(**fields) for text in form)
        body = list(article.paragraphs[:8])
        body[0] = before + body[0]
        lines = [article.title, above, *body, after]
        truth = None
        if shows:
            truth = next((a for a in _AGENCIES if f"({a})" in before or f"/{a}/" in before), outlet)
        yield Case("\n".join(line for line in lines if line), truth)


def _names_an_agency(article: Article) -> bool:
    ends = " ".join((*article.paragraphs[:3], *article.paragraphs[6:8]))
    shown = any(f"({a})" in ends or f"{a}/" in ends for a in _AGENCIES) or "©" in ends or "Source" in ends
    return shown or any("(" in paragraph[:60] for paragraph in article.paragraphs[:3])


# a feed's texts, without line breaks: what they show of themselves, against what the feed says
# agencies that an outlet's datelines credit and holders that its copyright lines name
_FEED_SOURCES: Final = {
    "mehr-news": {"mna"}, "fox": {"fox news network"}, "egyptian": {"es media fz", "mena"}, "mainichi": {"kyodo", "ap"},
}  # fmt: skip


def count_feed(model: SegmentationModel, shared: Path, field: str, *, show: bool) -> Iterator[Counts]:
    """A date within two days of the feed's is right. Which texts show one is not known: recall is over all."""
    from email.utils import parsedate_to_datetime

    with gzip.open(shared / "data" / "news_2025-05-21.jsonl.gz", "rt", encoding="utf-8") as lines:
        for line in lines:
            record = json.loads(line)
            said = getattr(_only_segment(model, record["text"]), field)
            when = record["date"]
            day = date.fromisoformat(when[:10]) if when[:1] == "2" else parsedate_to_datetime(when).date()
            if field == "published":
                right = said is not None and abs((date.fromisoformat(said) - day).days) <= 2
            else:
                outlet = record["source"].split("-")[0]
                right = said is not None and _fold(said) in {
                    outlet,
                    *_FEED_SOURCES.get(record["source"], _FEED_SOURCES.get(outlet, ())),
                }
            if show and said is not None and not right:
                print(f"said {said!r} of {record['source']} {when}: {record['text'][:200]!r}")
            yield Counts(int(right), int(said is not None), 1)


# Kinds


def kind_cases(rng: random.Random, corpora: Corpora, part: str, n: int) -> Iterator[Case]:
    """Articles whole and short, their openings as blurbs, and prose of our own, each piece of it once."""
    for line in (DATA / "kinds.jsonl").read_text("utf-8").splitlines():
        record = json.loads(line)
        if record["part"] == part:
            yield Case("\n".join(record["lines"]), record["kind"])
    articles = [a for a in corpora.articles if _has_headline(a)]
    for k in range(n):
        article = rng.choice(articles)
        title = [article.title] if rng.random() < 0.4 else []
        if k % 3:
            short = article.paragraphs[: rng.randint(4, 8)] if k % 3 == 1 else article.paragraphs[:60]
            yield Case("\n".join((*title, *short)), "article")
        else:
            n_lead = 1 if rng.random() < 0.6 or len(" ".join(article.paragraphs[:2]).split()) > 90 else 2
            if len(" ".join(article.paragraphs[:n_lead]).split()) <= 90:
                yield Case("\n".join((*title, *article.paragraphs[:n_lead])), "blurb")
    for article in corpora.blurbs[: n // 6]:
        yield Case(article.paragraphs[0], "blurb")


def count_blocks(corpora: Corpora, part: str) -> Iterator[dict[str, Counts]]:
    """Blocks of lines from outside the articles of real pages, judged by hand (data/page_blocks.jsonl): is a block
    boilerplate, or readers' comments, recipes and other people's prose? Known by digests, since the text may not
    be kept."""
    known = {}
    for line in (DATA / "page_blocks.jsonl").read_text("utf-8").splitlines():
        record = json.loads(line)
        if record["part"] == part:
            known[record["digest"]] = record["boilerplate"]
    for block in _blocks(corpora.stock):
        true = known.pop(hashlib.sha256("\n".join(block).encode()).hexdigest()[:16], None)
        if true is not None:
            said = tell_kind(block, [True] * len(block)) == "boilerplate"
            yield {"boilerplate": Counts(int(said and true), int(said), int(true))}


def _blocks(stock: Sequence[str]) -> Iterator[list[str]]:
    """Up to four lines of five words or more that stand together."""
    for long, lines in groupby(stock, key=lambda line: len(line.split()) >= 5):
        if long:
            together = list(lines)
            yield from (together[k : k + 4] for k in range(0, len(together), 4))


def count_kind(model: SegmentationModel, case: Case, *, show: bool = False) -> dict[str, Counts]:
    """One segment, judged on its kind: counts for the kind it is and the kind it was called."""
    said = _only_segment(model, case.text).kind
    if show and said != case.truth:
        print(f"said {said}, true {case.truth}: {case.text[:300]!r}")
    return _kind_counts(said, case.truth)


def _kind_counts(said: str, true: str | None) -> dict[str, Counts]:
    return {kind: Counts(int(kind == said == true), int(kind == said), int(kind == true)) for kind in KINDS}


def count_gold(model: SegmentationModel, texts: Path, gold: Path, *, show: bool = False) -> Iterator[dict[str, Counts]]:
    """The true segments of whole dumps, each scored alone."""
    dumps = {dump.name: dump for dump in read_text_dumps(texts)}
    for name, known in read_gold(gold, dumps.values()).items():
        for segment in known.segments:
            said = _only_segment(model, dumps[name].text[segment.start : segment.end])
            if show:
                place = f"{name[:12]} at {segment.start}"
                facts = f"{said.published}, {said.source}, title {bool(said.title)}"
                print(f"{place}: {segment.kind}, said {said.kind}; {facts}")
            yield _kind_counts(said.kind, segment.kind)


# Furniture


def count_furniture(model: SegmentationModel, page: Page) -> Counts:
    """The lines of one page from its headline on, against the shipped roles."""
    chosen = _judged(page)
    scored = model.score("\n".join(page.lines[i] for i in chosen))
    lines = (chosen[paragraph.line - 1] for paragraph in scored.paragraphs)
    return _compare(page, zip(lines, assign_roles(scored).furniture.tolist(), strict=True))


def count_read(model: SegmentationModel, page: Page) -> Counts | None:
    """The same lines against what the reader said; None of a page that was not read."""
    read = read_furniture(page.lines)
    if read is None:
        return None
    chosen = _judged(page)
    paragraphs = split_paragraphs("\n".join(page.lines[i] for i in chosen), model.punkt)
    return _compare(page, ((i, i in read) for i in (chosen[paragraph.line - 1] for paragraph in paragraphs)))


def _judged(page: Page) -> range:
    return range(page.start, min(len(page.lines), page.last + 11))


def _compare(page: Page, said: Iterable[tuple[int, bool]]) -> Counts:
    counts = Counts()
    for i, is_said in said:
        true = page.labels[i] == 0
        counts += Counts(int(is_said and true), int(is_said), int(true))
    return counts


if __name__ == "__main__":
    parser = new_parser(str(__doc__))
    parser.add_argument("--model", help="model folder or name (default: the model named default)")
    parser.add_argument("--pieces", type=int, default=300, help="made-up pieces of each sort (300)")
    parser.add_argument("--json", type=Path, help="write the figures to this file too")
    parser.add_argument("--show", help='print what is wrong in one task, such as "dev published, made-up"')
    run_script(main, parser.parse_args())
