"""What a segment says about itself: its headline, when it was published, and who published it.

In: the segment's lines, with what the model takes them for. Out: a headline, an ISO date (``dates``) and a source, or
``None`` where the text does not show them beyond doubt.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection, Iterable, Sequence
from itertools import compress, islice
from typing import Final

from topics.segmentation.dates import MONTHS, find_published, is_date_line
from topics.segmentation.looks import (
    BYLINE,
    CLAIMING,
    DATE_REACH,
    DATED,
    DATELINE,
    NAMING,
    Looks,
    find_long,
    look_at,
)

__all__ = ["find_banners", "find_published", "find_source", "find_title", "part_title"]

LEAD_LINES: Final = 12  # a headline stands no deeper than that
TAIL_LINES: Final = 8
SOURCE_LINES: Final = 20
OPENING: Final = 3  # body paragraphs that may open with a dateline


# Title

TITLE_WORDS: Final = (3, 24)  # one headline of a thousand has more, and one first paragraph of six up to eight more
BODY_WORDS: Final = 16  # a body paragraph as long as that, if it is a sentence, ends the lead
TITLE_REACH: Final = 400  # code points
MASTHEAD_WORDS: Final = 4
BODY_READ: Final = 1000  # code points of the body that a headline's words are looked for in
# Points a line has to make to be the headline; the head's log-odds count within ±ODDS_SPAN. Set by hand on pages
# and articles of the development part (benchmarks/facts.py).
LEAST_POINTS: Final = 1.0
LATER_POINTS: Final = 0.75  # that a line must have over an earlier one
ODDS_SPAN: Final = 2.0
TRAIL_LINES: Final = 4  # below a trail of crumbs that the headline in which it ends may stand
TAKEN_UP_POINTS: Final = 4.0  # where the body takes up all its words
BYLINE_POINTS: Final = 1.0  # where a byline or a date follows

# A word of the page opens a line of the page only with what usually follows it: "More from", not "More than 40 killed".
_NO_TITLE_OPENS: Final = re.compile(
    r"(?:[(/@#|•·©]|by:? \S+(?:$|\s(?-i:[A-Z&|(–—-])|,? and (?-i:[A-Z]))|source: \S+$|"
    r"(?:photos?|images?|pictures?|files?|authors?|credits?|captions?|illustrations?|shares?|downloads?|related|"
    r"recommended|more|topics?|tags?|updated|published|posted|comments?|adverts?|advertisements?|advertising|listen|"
    r"sign|click|enlarge|hide|toggle|skip)(?:\s*[:|/•·(]|\s[–—-]|\s*$)|"
    r"(?:topics|tags) (?-i:[A-Z])|more (?-i:[A-Z]\w+ (?:News|Stories)\b)|"
    r"(?:photos?|images?|pictures?|illustrations?|captions?) \d|"
    r"follow (?-i:[A-Z]|@)\w+ on\b|(?:updated|modified|published|posted)\s\d|live updates?:?$|"
    r"(?:(?:photos?|images?|pictures?|illustrations?|captions?) (?:by|via|courtesy|credit|caption|source|provided|"
    r"gallery)|file (?:photo|image|picture)|author (?:bio|profile|archive)|(?:topics|tags) in|subscribe|"
    r"sign (?:up|in|on|out)|log (?:in|on|out|off)|follow us|"
    r"shares? (?:this|on|via|your|with|to|full|story|article|options|tweet|save|link)|"
    r"read (?:more|next|also)|listen(?: to this| now)|watch live|click (?:here|to|on|for|the)|"
    r"get (?:the (?:latest|best|day|news|most|top|app|free|morning|full|stories|daily|weekly)|our|short)|join us|"
    r"download (?:the|our|pdf|app|as|this|now)|"
    r"(?:related|recommended) (?:articles?|stories|story|topics?|content|links?|news|coverage|posts?|videos?|reading|"
    r"for|by|terms|tags|items)|"
    r"more (?:on|from|stories|news|about|in|like|by|coverage|top|to|videos?|here|articles?|info\w*|details|posts|"
    r"headlines|local|world|us|u\.s|politics|sports?|business|opinion)|see (?:all|more)|filed under|"
    r"last (?:modified|updated)|(?:updated|modified|published|posted)\s(?:on|at|by|in|an?|about|today|yesterday|just|"
    rf"(?:mon|tues?|wed(?:nes)?|thu(?:rs)?|fri|sat(?:ur)?|sun)(?:day)?|{'|'.join(MONTHS)})|"
    r"(?:advert\w*|story|article) continues|continues? (?:reading|below|after)|advertise (?:with|here|on)|story by|"
    r"editor.s note|enlarge (?:this|image)|hide (?:caption|comments?|this|all)|toggle (?:\w+ )?(?:caption|menu|nav\w*|"
    r"search|subm\w*)|skip (?:to|this|ad|ads|past|advert\w*|navigation|content)|\d+ (?:min|comments?|shares?)|"
    r"about the author|back to (?:top|home|the top|list|results|main|news|article|index|search)|"
    r"comments (?:on|are|closed|section|off|policy|have))\b)",
    re.IGNORECASE,
)
_NO_TITLE: Final = re.compile(
    r"toggle caption|\((?:photo|image|ap|reuters|afp|file)\b|\[[^\]]*(?:/|reuters|afp|ap)[^\]]*\]$|"
    r"(?:getty|shutterstock|istock|afp|reuters|epa|ap|/)\s*(?:images?|photos?|pool)\s*$|/(?:ap|afp|epa|reuters)$|©|"
    r"https?:|www\.|@|\bvia (?:ap|reuters|getty)|(?:photo|photograph|image|picture)(?: by|:)|"
    r"\bmin(?:ute)? read\b",
    re.IGNORECASE,
)
# one of these is in all that matches, in small letters; no i, k or s, which have more than one capital
_NO_TITLE_HOLDS: Final = (
    "toggle capt", "(", "[", "mage", "photo", "pool", "/", "©", "http", "www.", "@", "a ap", "a reuter", "a getty",
    "cture", " read",
)  # fmt: skip
# "A. Writer, Stour Times", "Home News Business", a quotation alone
_NO_HEADLINE_IS: Final = re.compile(
    r"(?:[A-Z][\w.’'-]+ ){1,2}[A-Z][\w.’'-]+, (?:[\w&.]+ ){0,4}(?:[Ww]riter|[Rr]eporter|[Ee]ditor|[Cc]orrespondent|"
    r"[Cc]olumnist|[Cc]ontributor|[Pp]roducer|Staff|Insider|Press|News|Times|Post)$|Home [A-Z]|[“\"].*[.,][”\"]$"
)
# "Sport > Football", "Facebook Twitter Email"
_NO_HEADLINE: Final = re.compile(
    r" [>»›] |(?i:facebook|twitter|whatsapp|linkedin|pinterest|reddit|email)\W+(?i:facebook|twitter|whatsapp|linkedin|"
    r"pinterest|reddit|email)\b|[.\w](?:Reuters|Getty|AFP)$"
)
_NO_HEADLINE_HOLDS: Final = (
    ">", "»", "›", "facebook", "tter", "app", "nked", "ntere", "redd", "ema", "reuter", "getty", "afp",
)  # fmt: skip
_SENTENCES: Final = re.compile(r"[a-z]{3}\. [A-Z]")
_CONTENT: Final = re.compile(r"[^\W\d_]{4,}")
_COMMON: Final = frozenset(
    "about after again also been before being could does down ever even from have here into just like more most "
    "much only over said says should some such than that their them then there these they this those were what "
    "when where which "
    "while will with would your first last make news story".split()
)


def find_title(
    lines: Sequence[str],
    odds: Sequence[float],
    is_title: Sequence[bool],
    is_body: Sequence[bool],
    looks: Looks | None = None,
) -> str | None:
    """The headline among the lines before the first body paragraph; ``odds`` are the title head's, ``looks`` those of
    the lines, if known.

    Points count: what the head says, whether the body takes the line's words up, whether a date or byline
    follows, whether it opens the segment. Kickers, bylines, captions and sentences are none.

    >>> lines = ["World", "Ferry fares rise again", "By A. Writer", "Ferry fares are to rise in May, the board said."]
    >>> find_title(lines, [0.1, 0.4, -1.0, -3.0], [True, True, False, False], [False, False, False, True])
    'Ferry fares rise again'
    """
    if all(is_body[:LEAD_LINES]):
        return None
    n_lead = next((i for i, line in enumerate(lines) if is_body[i] and _ends_lead(line)), len(lines))
    marks = (look_at(lines) if looks is None else looks).marks
    body = None
    best, title = LEAST_POINTS, None
    for i, line in enumerate(lines[: min(n_lead, LEAD_LINES)]):
        points = min(max(odds[i], -ODDS_SPAN), ODDS_SPAN) + 1.5 * (i == 0) - 1.0 * (not is_title[i])
        if points + TAKEN_UP_POINTS + BYLINE_POINTS <= best or not _is_built_as_title(line):
            continue
        if (is_body[i] and line.endswith(".")) or (i and lines[i - 1][-1] == ":"):
            continue
        if body is None:
            body = " ".join(lines[n_lead : n_lead + 8])[:BODY_READ].lower()
        words = _content(line)
        points += TAKEN_UP_POINTS * sum(word in body for word in words) / max(len(words), 5)
        points -= 1.0 * (_SENTENCES.search(line) is not None)
        if points + BYLINE_POINTS <= best or not _may_be_title(line, marks[i]):
            continue
        if _leads_to_another(line, lines[i + 1 : min(i + 1 + TRAIL_LINES, n_lead)]):
            continue
        points += BYLINE_POINTS * any(_is_byline_or_date(lines[k], marks[k]) for k in range(i + 1, min(i + 3, n_lead)))
        if points > best:
            best, title = points + LATER_POINTS, line
    return title


def _ends_lead(line: str) -> bool:
    n_words = len(line.split())
    return n_words > TITLE_WORDS[1] or (n_words >= BODY_WORDS and line[-1] in '.”"’!)')


def _is_built_as_title(line: str) -> bool:
    fewest, most = TITLE_WORDS
    n_words = len(line.split())
    return (
        len(line) <= TITLE_REACH
        and fewest <= n_words <= most
        and not (line[-1] in ".:;," and n_words > 9)
        and not line[0].islower()
    )


def _leads_to_another(line: str, below: Sequence[str]) -> bool:
    """Is it a trail of crumbs, "Home Politics Ferry fares rise again", that ends in the headline below it?

    What is less than half of it may be a place or a name that the headline ends in, and a tag.
    """
    return any(
        line.endswith(other) and line != other and len(other) > len(line) / 2 and _is_built_as_title(other)
        for other in below
    )


def _may_be_title(line: str, marks: int) -> bool:
    return not (
        _NO_TITLE_OPENS.match(line)
        or _is_masthead(line)
        or _NO_HEADLINE_IS.match(line)
        or (_holds(line, _NO_TITLE_HOLDS) and _NO_TITLE.search(line))
        or (_holds(line, _NO_HEADLINE_HOLDS) and _NO_HEADLINE.search(line))
        or _is_date_line(line, marks)
    )


def _is_masthead(line: str) -> bool:
    """Is it an outlet's name beyond doubt? Headlines in capitals may end in "Record" or "Star", too."""
    return len(line.split()) <= MASTHEAD_WORDS and _KNOWN_NAME.fullmatch(line) is not None and _outlet(line) == line


def part_title(title: str) -> tuple[str, str | None]:
    """A headline without the outlet that a page's title ends in, and that outlet.

    >>> part_title("Ferry fares rise again | Valley Ledger"), part_title("Ferry fares rise again - for good")
    (('Ferry fares rise again', 'Valley Ledger'), ('Ferry fares rise again - for good', None))
    """
    match = _ENDS_IN_OUTLET.match(title)
    if match is None or len(match["title"].split()) < TITLE_WORDS[0]:
        return title, None
    name = match["name"]
    if _outlet(name) != name or (match["joint"] != "|" and not _KNOWN_NAME.fullmatch(name)):
        return title, None
    return match["title"], name


def _content(text: str) -> set[str]:
    """Words that carry a topic, cut to their first letters so that endings do not matter."""
    return {word[:6] for word in _CONTENT.findall(text.lower()) if word not in _COMMON}


def _is_byline_or_date(line: str, marks: int) -> bool:
    return len(line) < 120 and (_BY.match(line) is not None or _is_date_line(line, marks))


def _is_date_line(line: str, marks: int) -> bool:
    return (marks & DATED != 0 or len(line) > DATE_REACH) and is_date_line(line)


# Source

# names that stand for an outlet wherever a source is expected, in one word or several
_KNOWN: Final = (
    r"(?:Thomson )?Reuters|(?:The )?Associated Press|AP|UPI|United Press International|AFP|Agence France-Presse|"
    r"dpa|DPA|TASS|RIA Novosti|Interfax(?:-Ukraine)?|Ukrinform|Xinhua|Bloomberg(?: News)?|PTI|Press Trust of India|"
    r"ANI|IANS|ANSA|EFE|Kyodo(?: News)?|Yonhap|CNN(?: Business| Sport| Travel)?|BBC(?: News| Sport)?|CBC(?: News)?|"
    r"CBS(?: News| Sports)?|NBC(?: News| Sports)?|ABC(?: News)?|PBS(?: NewsHour)?|NPR|CNBC|MSNBC|Fox (?:News|Business)|"
    r"Sky News|"
    r"ITV(?: News)?|Euronews|France 24|Deutsche Welle|DW|RT|Sputnik|Al Jazeera|Al Arabiya|Anadolu(?: Agency)?|AA|"
    r"WAFA|SANA|SPA|WAM|IRNA|MNA|Tasnim|Mehr News Agency|Politico|Axios|ProPublica|Vox|Wired|Forbes|Fortune|"
    r"Newsweek|TIME|The Atlantic|The Economist|The Hill|The Conversation|Le Monde|Der Spiegel|El País|Haaretz|"
    r"The Intercept|HuffPost|BuzzFeed News|Radio Free (?:Europe|Asia)(?:/Radio Liberty)?|Voice of America|VOA|"
    r"RFE/RL|TechCrunch|Ars Technica|Moneycontrol|South China Morning Post|Nikkei(?: Asia)?|Jiji(?: Press)?|Antara|"
    r"Bernama|Pravda|Meduza|UN News|AllAfrica"
)
# the last word of most other outlets' names
_OUTLET_WORD: Final = (
    r"(?:Advertiser|Advocate|Argus|Beacon|Broadcasting|Bulletin|Chronicle|Courier|Daily|Dispatch|Echo|Enquirer|"
    r"Examiner|Express|Gazette|Globe|Guardian|Herald|Independent|Inquirer|Journal|Ledger|Mail|Media|Mercury|Mirror|"
    r"Monitor|News|News Agency|News Service|Newspapers?|Newswire|Observer|Post|Press|Press Agency|Radio|Record|"
    r"Recorder|Register|Reporter|Review|Sentinel|Standard|Star|Star-Tribune|Sun|Telegraph|Times|Today|Tribune|TV|"
    r"Weekly|Welle|Wire|Zeitung)"
)
_NAME: Final = r"(?:(?:[A-Z][\w’'&-]*|of|and|the|&|de|la)\s+){0,5}?"
_DOMAIN: Final = r"[A-Za-z][\w-]*(?:\.[a-z]+)?\.(?:com|net|org|info|news|in|co\.uk|co|uk|ca|com\.au|de|eu|tv)"
_OUTLET: Final = re.compile(rf"(?:The\s+)?(?:(?i:{_KNOWN})|{_NAME}{_OUTLET_WORD}|{_DOMAIN})", re.ASCII)
_KNOWN_NAME: Final = re.compile(rf"(?i:{_KNOWN})|The .+|{_DOMAIN}")
_ENDS_IN_OUTLET: Final = re.compile(r"(?P<title>.*\S)\s+(?P<joint>[|–—-])\s+(?P<name>[^|–—]{2,40})$")
_NO_OUTLET: Final = re.compile(
    r"^(?:the )?(?:(?:previous|next|older|newer|new|recent|popular|featured|guest|blog|this|world|latest|breaking|"
    r"more|top|local|business|us|u\.s\.|uk|national|international|related|sports?|tech(?:nology)?|political|"
    r"politics|all|good|in the|in other|health|science|entertainment|press|live|today.?s|my|our|video|daily|"
    r"morning|evening|social|multi|home|european?|asian?|african?|middle east|india|general|other|"
    r"digital)\s+(?:news|media|press|review|tv|radio|today|mail|post|star|record)|news|media|press|mail|post|radio|"
    r"today|daily|tv|"
    r"review|standard|times|wire|weekly|getty.*|shutterstock.*)$",
    re.IGNORECASE,
)
_DATELINE_SOURCE: Final = re.compile(
    r"^(?:[^()]{0,60}?\((?P<name>[A-Z][\w. -]{1,24})\)\s*(?:[-–—]{1,2}\s|[:,]\s)"  # "LONDON (Reuters) - "
    r"|[A-Z][^()/]{2,45}?/(?P<slashed>[A-Z]{3,9})/\.?\s?"  # "MOSCOW, May 21. /TASS/. "
    r"|\((?P<first>[A-Z][\w. ]{1,24})\)\s?(?=[A-Z“\"‘])"  # "(CNN) The senator"
    r"|[A-Z][^()]{1,60}?[-–—]{1,2}\s?\((?P<after>[A-Z][\w. ]{1,24})\)\s?(?=[A-Z“\"‘])"  # "LEEDS, England — (AP) The"
    r"|[A-Z][^()]{1,60}? \d{1,2} \((?P<dated>[A-Z]{2,9})\)\s?(?=[A-Z“\"‘])"  # "New Delhi, Feb 4 (PTI) The"
    r"|[A-Z][^()]{1,40}?\((?P<glued>CNN(?: \w+)?)\)\s?(?=[A-Z“\"‘]))"  # "London (CNN Business)The"
)
_PLACE_AND_DAY: Final = re.compile(rf"^[A-Z][A-Z .,'-]+(?:, .{{0,20}})?,? (?:{'|'.join(MONTHS)})\.? \d", re.IGNORECASE)
_SITE_DATELINE: Final = re.compile(rf"^(?P<name>{_DOMAIN})\s*[-–—]\s+[A-Z]", re.IGNORECASE)
_SOURCE_LABEL: Final = re.compile(
    r"^(?:.{0,80}?[|•·]\s*)?(?:news )?sources?\s*(?::|[-–—]\s|\|)\s*(?P<name>.+)$", re.IGNORECASE
)
_FIRST_IN: Final = re.compile(
    r"^(?:this|the) (?:article|story|piece|report|post)\b[^.]{0,30}?\b(?:first |originally )?(?:published|"
    r"appeared)\b(?: first| originally)? (?:by|in|on|at) (?P<name>.+)$|^(?:(?:this|the) (?:article|story|piece) (?:is|"
    r"was|has been) )?(?:republished|reprinted)[^.]{0,40}? from (?P<other>.+?)(?: under\b.*|\. .*)?$",
    re.IGNORECASE,
)
# of small letters: what a line must hold to name a source, or to claim a copyright
_NAMING: Final = ("source", "published", "appeared", "printed")
_CLAIMING: Final = ("©", "(c)", "copyright")
_COPYRIGHT: Final = re.compile(
    r"(?:©|\(c\)|\bCopyright\b)\s*(?:©|\(c\))?\s*(?:(?:19|20)\d\d\s*[-–]\s*)?(?:19|"
    r"20)\d\d,?\s+(?:by\s+)?(?P<name>[A-Z][\w&.’' -]{1,40}?)(?:,?\s+(?:LLC|Inc|Ltd|Limited|PLC|Corp\w*|Company|Co|"
    r"GmbH|L\.?P)\b.*|\.(?:\s|$).*|,.*|\s*[|•·].*|\s+(?i:all rights).*|\s*)$"
)
_BY: Final = re.compile(r"^(?:(?:story|reporting|text|words|report) )?by[: ]\s*(?P<rest>.+)$", re.IGNORECASE)
_STAFF: Final = re.compile(
    r"\s+(?:staff(?: writers?| reporters?| and agencies)?|reporters?|correspondents?|newsroom|editors|"
    r"(?:web )?desk|and (?:news )?agencies|wire services?|and wire.*|contributors?)\b.*$",
    re.IGNORECASE,
)
_PART: Final = re.compile(r"\s*(?:[,|•·/]|\s[-–—]\s|\bfor\b|\bof\b|\bat\b|\()\s*")
_CREDIT: Final = re.compile(
    r"photo|picture|image|getty|file|credit|handout|pool\b|video|contribut|illustration|shutterstock|with files",
    re.IGNORECASE,
)
_CREDIT_HOLDS: Final = (
    "photo", "cture", "mage", "getty", "file", "fıle", "fi\u0307le", "cred", "handout", "pool", "deo", "contr", "llu",
    "hutter",
)  # fmt: skip


def find_source(
    lines: Sequence[str], is_body: Sequence[bool], banners: Collection[str] = (), looks: Looks | None = None
) -> str | None:
    """Who published the segment, as the text names them: the agency of its dateline, else what a source line, a
    byline, a copyright line or one of the dump's ``banners`` says. ``looks`` are those of the lines, if known.

    >>> find_source(["GENEVA (Reuters) - Delegates met on Monday."], [True])
    'Reuters'
    """
    looks = look_at(lines) if looks is None else looks
    marks = looks.marks
    if looks.all_marks & DATELINE:
        for i in islice(compress(range(SOURCE_LINES), is_body), OPENING):
            name = _dateline_source(lines[i]) if marks[i] & DATELINE else None
            if name:
                return name
    n_lead = _first_long_body(marks, is_body)
    tail = range(max(n_lead, len(marks) - TAIL_LINES), len(marks))
    if looks.all_marks & NAMING:
        for i in (*range(n_lead), *tail):
            if marks[i] & NAMING and len(lines[i]) < 160 and _holds(lines[i], _NAMING):
                match = _SOURCE_LABEL.match(lines[i]) if "ource" in lines[i].lower() else None
                match = match or _FIRST_IN.match(lines[i])
                name = _outlet(match[match.lastindex or 0]) if match else None
                if name:
                    return name
    if looks.all_marks & BYLINE:
        for i in range(n_lead):
            name = _byline_source(lines[i]) if marks[i] & BYLINE else None
            if name:
                return name
    if looks.all_marks & CLAIMING:
        for i in (*tail, *range(n_lead)):
            if marks[i] & CLAIMING and (i < n_lead or len(lines[i]) < 240) and _holds(lines[i], _CLAIMING):
                match = _find_copyright(lines[i])
                if match and not _is_credit(lines[i]) and not _NO_OUTLET.match(match["name"]):
                    return match["name"].strip()
    return next((_outlet(line) or line for line in lines[:n_lead] if line in banners), None) if banners else None


def _holds(line: str, wanted: Sequence[str]) -> bool:
    """Does the line hold one of some words, whatever their case?"""
    return any(map(line.lower().__contains__, wanted))


def _first_long_body(marks: Sequence[int], is_body: Sequence[bool]) -> int:
    """How many lines of the lead stand before its second body paragraph."""
    return next(islice(find_long(marks, is_body, LEAD_LINES), 1, None), min(len(marks), LEAD_LINES))


def _dateline_source(line: str) -> str | None:
    opening = line[:120]
    match = _DATELINE_SOURCE.match(opening) if "(" in opening or "/" in opening else None
    if match is None:
        match = _SITE_DATELINE.match(line[:80]) if "." in opening.partition(" ")[0] else None
        return match["name"] if match else None
    name = next(filter(None, match.groups()))
    acronym = name.isupper() and " " not in name and _PLACE_AND_DAY.match(line)
    return name if match["slashed"] or acronym or _outlet(name) == name else None


def _find_copyright(line: str) -> re.Match[str] | None:
    line = " ".join(line.split())
    places = [at for at in map(line.find, ("©", "(c)", "Copyright")) if at >= 0]
    return _COPYRIGHT.search(line, min(places)) if places else None


def _is_credit(line: str) -> bool:
    return _holds(line, _CREDIT_HOLDS) and _CREDIT.search(line) is not None


def _outlet(text: str) -> str | None:
    """The outlet that ``text`` is the name of, perhaps with "and news agencies" or "staff" behind it."""
    text = _STAFF.sub("", text.strip(" .;:/|")).strip(" .;:/|,")
    text = re.split(r"\s*[|•·,(]\s*", text)[0]
    if text.islower() and "." not in text:
        return None
    return text if _OUTLET.fullmatch(text) and not _NO_OUTLET.match(text) else None


def _byline_source(line: str) -> str | None:
    """The outlet in "By Reuters Staff", "By A. Writer, Stour Gazette", "/ CBS News"."""
    match = _BY.match(line)
    if not (match or line.startswith("/")) or _is_credit(line):
        return None
    if match is None:
        return _outlet(line)
    whole = _outlet(match["rest"])
    if whole and (_STAFF.search(match["rest"]) or _KNOWN_NAME.fullmatch(whole)):  # else it may be somebody called Post
        return whole
    return next(filter(None, map(_outlet, _PART.split(match["rest"])[1:])), None)


def find_banners(lines: Iterable[str]) -> frozenset[str]:
    """Lines of a dump that are an outlet's name and nothing else, and that stand in it more than once."""
    counts = Counter(line for line in lines if len(line) < 50)
    return frozenset(line for line, n in counts.items() if n > 1 and _outlet(line))
