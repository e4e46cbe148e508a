"""Words for what decided about a place: short sentences that quote the text and give the numbers they speak of.

In: a scored dump, some columns of its features, a group of ``explain.GROUPS`` and its effect. Out: a sentence. Words
follow the effect: what is said fits its sign, or is left open where nothing in plain sight does.
"""

# kernels are called, which have no types
# mypy: disable-error-code="no-untyped-call"

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import ClassVar, Final

import numpy as np

from topics.segmentation.analysis import Ragged
from topics.segmentation.furniture import assign_roles
from topics.segmentation.lexicon import ANAPHOR, STOP, word_classes
from topics.segmentation.model import Scored
from topics.segmentation.network import Array
from topics.segmentation.tokens import stem_term
from topics.segmentation.vocabulary import Vocabulary

__all__ = ["Teller"]

QUOTED: Final = 8  # words of a paragraph's opening, and of its end
MEMORY: Final = 25  # paragraphs back in which a name counts as known
AHEAD: Final = 4  # paragraphs from which examples are taken
N_EXAMPLES: Final = 3
CLEARLY: Final = 0.01  # two decimals are shown: what reads the same is not said to differ
SHORT: Final = 16  # words; a line shorter than that and without a full stop is no paragraph of text

_WORD: Final = re.compile(r"[^\W\d_]+(?:[-'’][^\W\d_]+)*")
_WINDOWS: Final = ("cosine_4", "cosine_8", "cosine_2", "cosine_8_1", "cosine_1")
_CLASSES: Final = word_classes()
_INNER: Final = str.maketrans({"“": "‘", "”": "’", '"': "'"})


@dataclass(frozen=True, slots=True)
class _Word:
    term: int
    text: str
    before: str  # what stands between it and the word before


class Teller:
    """Tells what a group's effect at a paragraph comes from."""

    COLUMNS: ClassVar = (*_WINDOWS, "meaning_3", "meaning_8", "words_new_3", "earlier_words_return")

    def __init__(
        self, text: str, scored: Scored, columns: Mapping[str, Array], vocabulary: Vocabulary, starts: Collection[int]
    ) -> None:
        self.starts = starts
        self.text = text
        self.scored = scored
        self.columns = columns
        self.vocabulary = vocabulary
        self.roles = assign_roles(scored)

    def tell(self, group: str, i: int, effect: float) -> str:
        """The words for a group of ``explain.GROUPS`` that speaks for (``effect`` > 0) or against a start at ``i``."""
        result: str = getattr(self, f"_tell_{group}")(i, effect > 0)
        return result

    def first_words(self, i: int, most: int = QUOTED) -> str:
        """The paragraph's first words on one line, ``…`` behind them where there are more."""
        words = self._split(i)
        return " ".join(words[:most]) + ("…" if len(words) > most else "")

    def last_words(self, i: int) -> str:
        """The paragraph's last words on one line, ``…`` before them where there are more."""
        words = self._split(i)
        return ("…" if len(words) > QUOTED else "") + " ".join(words[-QUOTED:])

    # one method a group

    def _tell_opening(self, i: int, speaks_for: bool) -> str:
        quote = _quote(self.first_words(i))
        if self.roles.furniture[i]:
            return f"{'a page line that pieces begin with' if speaks_for else 'reads like page furniture'}: {quote}"
        if self.roles.title[i]:
            return f"reads like {'a headline' if speaks_for else 'a heading inside a piece'}: {quote}"
        if speaks_for:
            is_line = self._measure("words", i) < SHORT and not self._measure("ends_in_stop", i)
            return f"{'reads like an opening line' if is_line else 'opens like a first paragraph'}: {quote}"
        if self._measure("opens_with_anaphor", i):
            return f"its first words lean on what stands before: {quote}"
        if self._measure("opens_with_quote", i):
            return f"opens with a quotation, as pieces seldom do: {quote}"
        return f"does not open like a piece: {quote}"

    def _tell_before(self, i: int, speaks_for: bool) -> str:
        just = [j for j in (i - 1, i - 2) if j in self.starts]
        if just and not speaks_for:
            return f"a piece has only just started: {_quote(self.first_words(just[0]))}"
        if self.roles.furniture[i - 1]:
            quote = _quote(self.first_words(i - 1))
            return f"{'page furniture' if speaks_for else 'a page line that may open the piece'} stands before: {quote}"
        quote = _quote(self.last_words(i - 1))
        if self.roles.title[i - 1]:
            return f"a short line stands before: {quote}" if speaks_for else f"a headline stands before: {quote}"
        return f"the text before {'could end there' if speaks_for else 'does not sound finished'}: {quote}"

    def _tell_follows(self, i: int, speaks_for: bool) -> str:
        if i + 1 == len(self.scored.paragraphs):
            return "the dump ends with it" if speaks_for else "nothing follows it"
        quote = _quote(self.first_words(i + 1))
        if speaks_for and self.roles.furniture[i + 1]:
            return f"a byline, a date or another page line follows: {quote}"
        if speaks_for and self.roles.title[i] and self.roles.body[i + 1]:
            return f"goes on as after a headline: {quote}"
        if speaks_for:
            return f"goes on as a new piece does: {quote}"
        kind = "a headline" if self.roles.title[i + 1] else "page furniture" if self.roles.furniture[i + 1] else ""
        return f"{kind} comes next: {quote}" if kind else f"does not go on as a new piece does: {quote}"

    def _tell_likeness(self, i: int, speaks_for: bool) -> str:
        name = self._first_fitting(_WINDOWS, i, low=speaks_for)
        if name is None:
            return f"its words beside those around it (likeness {self._against_middle(_WINDOWS[0], i)})"
        compared = f"likeness {self._against_middle(name, i)}"
        if speaks_for:
            return f"shares few words with the text before ({compared})"
        return f"shares words with the text before{self._listed(self._shared_words(i), ':')} ({compared})"

    def _tell_names(self, i: int, speaks_for: bool) -> str:
        analysis, since = self.scored.analysis, max(0, i - MEMORY)
        known, known_in_full = self._terms(analysis.names, since, i), self._terms(analysis.full_names, since, i)
        full, single = self._names_from(i)
        if speaks_for:
            if new := [name for name, term in full.items() if term not in known]:
                return f"new names{self._listed(new, ':')}"
            if again := [name for name, term in full.items() if term in known]:
                return f"a full name once more{self._listed(again, ':')}"
            if not any(term in known for term in single.values()):
                return "no name from before it comes up in its first lines"
            return "how names come and go around it"
        if taken_up := [name for name, term in single.items() if term in known_in_full]:
            return f"speaks of{self._listed(taken_up)} as already introduced"
        if shared := [name for name, term in (full | single).items() if term in known]:
            return f"the names from before it go on{self._listed(shared, ':')}"
        return "how names come and go around it" if full else "introduces nobody by full name"

    def _tell_words(self, i: int, speaks_for: bool) -> str:
        if speaks_for and self._fits("words_new_3", i, low=False):
            return f"brings new words{self._listed(self._new_words(i), ':')}"
        if speaks_for and self._fits("earlier_words_return", i, low=True):
            return "few words from before it come back"
        if not speaks_for and self._fits("earlier_words_return", i, low=False):
            if shared := self._shared_words(i):
                return f"words from before it come back{self._listed(shared, ':')}"
        if not speaks_for and self._fits("words_new_3", i, low=True):
            return "brings few new words"
        return "its mix of new and returning words"

    def _tell_meaning(self, i: int, speaks_for: bool) -> str:
        name = self._first_fitting(("meaning_3", "meaning_8"), i, low=speaks_for)
        if name is None:
            return f"its closeness in meaning to the text before ({self._against_middle('meaning_3', i)})"
        said = "turns to another subject" if speaks_for else "stays on the subject"
        return f"{said} (closeness in meaning {self._against_middle(name, i)})"

    def _tell_subject(self, i: int, speaks_for: bool) -> str:
        return f"what these lines are about fits {'a new piece' if speaks_for else 'the middle of a piece'}"

    def _tell_layout(self, i: int, speaks_for: bool) -> str:
        blank, inside_line = bool(self._measure("blank_line", i)), bool(self._measure("within_line", i))
        words, before = int(self._measure("words", i)), int(self._measure("words", i - 1))
        some_blank = 0.0 < self._mean_blank < 0.9
        said = []
        if speaks_for:
            if blank and some_blank:
                said.append("a blank line before it")
            if self.scored.is_flat and not inside_line:
                said.append("begins a line, as few sentences here do")
            if words < SHORT and not self._measure("ends_in_stop", i):
                said.append(f"a line of {_count(words)}, no full stop")
            elif before < SHORT <= words:
                said.append("a paragraph after a short line")
        else:
            if inside_line and not self.scored.is_flat:
                said.append("stands in the middle of a line")
            elif not blank and not inside_line and some_blank:
                said.append("no blank line before it")
            if words < SHORT:
                said.append(f"only {_count(words)}")
        return ", ".join(said) or f"its length and spacing ({_count(words)}, after {before})"

    # what the sentences are made of

    def _measure(self, name: str, i: int) -> float:
        return float(self.scored.measure(name)[i])

    @cached_property
    def _mean_blank(self) -> float:
        return float(self.scored.measure("blank_line").mean())

    @cached_property
    def _middles(self) -> dict[str, float]:
        body = self.roles.body
        return {name: float(np.median(column[body] if body.any() else column)) for name, column in self.columns.items()}

    def _fits(self, name: str, i: int, *, low: bool) -> bool:
        value, middle = float(self.columns[name][i]), self._middles[name]
        return value < middle - CLEARLY if low else value > middle + CLEARLY

    def _first_fitting(self, names: Sequence[str], i: int, *, low: bool) -> str | None:
        return next((name for name in names if self._fits(name, i, low=low)), None)

    def _against_middle(self, name: str, i: int) -> str:
        return f"{_decimal(float(self.columns[name][i]))}, this dump's middle {_decimal(self._middles[name])}"

    def _listed(self, examples: Sequence[str], mark: str = "") -> str:
        return f"{mark} " + ", ".join(_quote(example) for example in examples[:N_EXAMPLES]) if examples else ""

    def _split(self, i: int) -> list[str]:
        paragraph = self.scored.paragraphs[i]
        return self.text[paragraph.start : paragraph.end].split()

    def _terms(self, ragged: Ragged, start: int, end: int) -> set[int]:
        return set(ragged.values[ragged.starts[start] : ragged.starts[end]].tolist())

    def _ahead(self, i: int) -> range:
        return range(i, min(len(self.scored.paragraphs), i + AHEAD))

    def _words(self, i: int) -> Iterator[_Word]:
        paragraph = self.scored.paragraphs[i]
        text = self.text[paragraph.start : paragraph.end]
        codes = np.frombuffer(text.encode("utf-32-le", "surrogatepass"), dtype=np.uint32)
        last = 0
        for match in _WORD.finditer(text):
            begin, end = match.span()
            word = match.group()
            if len(word) > 2 and word[-1] == "s" and word[-2] in "'’":
                word, end = word[:-2], end - 2
            yield _Word(int(stem_term(codes, begin, end, self.vocabulary.characters)), word, text[last:begin])
            last = end

    def _new_words(self, i: int) -> list[str]:
        known = self._terms(self.scored.analysis.terms, max(0, i - MEMORY), i)
        return self._examples(i, lambda term: term not in known)

    def _shared_words(self, i: int) -> list[str]:
        known = self._terms(self.scored.analysis.terms, max(0, i - 8), i)
        return self._examples(i, lambda term: term in known)

    def _examples(self, i: int, wanted: Callable[[int], bool]) -> list[str]:
        """The rarest wanted content words of the paragraphs from ``i`` on, in the spelling that stands there first."""
        content = self._terms(self.scored.analysis.terms, i, self._ahead(i).stop)
        rarity: dict[int, float] = {}
        spelling: dict[int, str] = {}
        for x in self._ahead(i):
            for word in self._words(x):
                if word.term in content and wanted(word.term) and not _CLASSES.get(word.text.lower()):
                    spelling.setdefault(word.term, word.text)
                    rarity[word.term] = float(self.vocabulary.weight_of_term[word.term])
        return [spelling[term] for term in sorted(rarity, key=lambda term: -rarity[term])]

    def _names_from(self, i: int) -> tuple[dict[str, int], dict[str, int]]:
        """Names of the paragraphs from ``i`` on, of two words and more and of one, with the term of their last word."""
        analysis = self.scored.analysis
        full: dict[str, int] = {}
        single: dict[str, int] = {}
        for x in self._ahead(i):
            if self.roles.title[x] or self.roles.furniture[x]:
                continue
            terms_full, terms_single = (self._terms(r, x, x + 1) for r in (analysis.full_names, analysis.surnames))
            run: list[_Word] = []
            for word in (*self._words(x), _Word(-1, "", "")):
                capital = word.text[:1].isupper()
                if run and not (capital and word.before == " "):
                    while run and _CLASSES.get(run[0].text.lower(), 0) & (STOP | ANAPHOR):
                        del run[0]
                    if len(run) > 1 and run[-1].term in terms_full:
                        full.setdefault(" ".join(part.text for part in run), run[-1].term)
                    elif len(run) == 1 and run[0].term in terms_single:
                        single.setdefault(run[0].text, run[0].term)
                    run = []
                if capital:
                    run.append(word)
        return full, single


def _count(words: int) -> str:
    """``5 words``; the measure stops counting at 80."""
    return "80 words or more" if words >= 80 else f"{words} word{'' if words == 1 else 's'}"


def _quote(text: str) -> str:
    """The text in quotation marks; those inside it become single ones."""
    return f"“{text.translate(_INNER)}”"


def _decimal(value: float) -> str:
    """Two decimals without the leading zero: ``.04``."""
    return f"{value:.2f}".replace("0.", ".", 1)
