"""Which legacy encoding bytes are in, for text that is neither UTF-8 nor UTF-16.

Every candidate decodes a sample, and the candidate wins whose characters then read best: letters of one
language's alphabet, in places where letters stand, with quotes, dashes and signs where those stand. This tells
cp1252 from cp1250 or a Chinese encoding by a handful of curly quotes, which is all that most English text has and
too little for a statistical guesser. What fits no alphabet here is left to charset-normalizer.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from functools import cache
from typing import NamedTuple

__all__ = ["guess_encodings"]

_SAMPLE_BYTES = 1 << 16
_SAMPLE_CHARACTERS = 2000  # characters beyond ASCII that are looked at
_SURE = 0.85  # measured on prose in 30 languages: right readings score above 0.93, wrong ones below 0.8
_POSSIBLE = 0.6

# Letters beyond ASCII of the languages an encoding serves; a language not named is read by the union.
_WESTERN = {
    "french": "àâæçéèêëîïôœùûüÿ",
    "german": "äöüßé",
    "spanish": "áéíñóúüªº",
    "portuguese": "áâãàçéêíóôõúüªº",
    "italian": "àèéìòùíóúî",
    "catalan": "àçèéíïòóúü·",
    "swedish and finnish": "åäöéšž",
    "danish and norwegian": "åæøéóòô",
    "dutch": "éëïóöüèáêí",
    "icelandic and faroese": "áéíóúýþæöðø",
    "estonian": "õäöüšž",
    "irish": "áéíóú",
    "albanian": "çë",
}
_CENTRAL = {
    "polish": "ąćęłńóśźż",
    "czech": "áčďéěíňóřšťúůýž",
    "slovak": "áäčďéíĺľňóôŕšťúýž",
    "hungarian": "áéíóöőúüű",
    "romanian": "ăâîşţșț",
    "croatian and slovene": "čćđšž",
}
_BALTIC = {"lithuanian": "ąčęėįšųūž", "latvian": "āčēģīķļņšūž", "estonian": "õäöüšž"}
_TURKISH = {"turkish": "çğıöşüâîûi"}  # i: what İ is in lower case

# Alphabets without ASCII letters, in falling order of frequency: the order tells a permuted reading from the right one.
_CYRILLIC = {
    "russian": "оеаинтсрвлкмдпуяыьгзбчйхжшюцщэфъё",
    "ukrainian": "оанивіертскулдмпзяьбгчйхцїжюєшщфґ",
    "belarusian": "анірыеоцсклятдувмпзьбгйчжшхўюёэф",
    "bulgarian": "аиоетнрсвлкдпмзяъбугчцжщшхйюфь",
    "serbian": "аоиенрстјукдвмплзбгчшцжћхњљђџф",
    "macedonian": "аоеитнрсвкдмлпузјбгшчцжќхњљџѓѕф",
}
_GREEK = {"greek": "αοιετσνρηυπκλμςίόάωδέγθήύφχβώξζψϊΐϋΰ"}
_HEBREW = {"hebrew": "יוהלאתרמבשנעדקחפגסצטזכםןךףץ"}
_ARABIC = {
    "arabic": "اليمنوترهبعدقسفكجحةأشطصىخثذضءئغزإؤظآًٌٍَُِّْ،؛؟ـ",
    "persian": "اینردهموتشبسکلخزفگعپقآجحطغچصضژذثظئ،؟",
}
_THAI = {"thai": "านรกเอง่มยลวดท้ีัตสิะปบคหแจพชขใไุูโผ์ำืถ็ธศณึภซษญฐฟฉฎฝฏฆฌฮฒฤๆฯฬ๊๋๐๑๒๓๔๕๖๗๘๙ฑฃฅ"}

# In order of preference where two score the same.
_SINGLE_BYTE: tuple[tuple[str, dict[str, str]], ...] = (
    ("cp1252", _WESTERN),
    ("iso8859_15", _WESTERN),
    ("cp1250", _CENTRAL),
    ("iso8859_2", _CENTRAL),
    ("cp1257", _BALTIC),
    ("iso8859_13", _BALTIC),
    ("cp1254", _TURKISH),
    ("iso8859_9", _TURKISH),
    ("cp1251", _CYRILLIC),
    ("koi8_u", _CYRILLIC),
    ("koi8_r", _CYRILLIC),
    ("iso8859_5", _CYRILLIC),
    ("cp866", _CYRILLIC),
    ("cp1253", _GREEK),
    ("iso8859_7", _GREEK),
    ("cp1255", _HEBREW),
    ("iso8859_8", _HEBREW),
    ("cp1256", _ARABIC),
    ("iso8859_6", _ARABIC),
    ("cp874", _THAI),
    ("mac_roman", _WESTERN),
    ("cp850", _WESTERN),
)


class _Eastern(NamedTuple):
    """Where an encoding keeps the signs and syllables in everyday use: lead bytes, and the lowest trail byte.

    ``script`` matches the characters that a text in it cannot do without; ``share`` is how many there are.
    """

    codec: str
    leads: tuple[tuple[int, int], ...]
    trail: int
    script: re.Pattern[str]
    share: float


_KANA = re.compile("[぀-ヿ]")
_HANGUL = re.compile("[가-힣]")
_HAN = re.compile("[一-鿿]")
_EASTERN = (
    _Eastern("cp932", ((0x81, 0x83), (0x88, 0x98)), 0x40, _KANA, 0.1),
    _Eastern("euc_jp", ((0xA1, 0xA5), (0xB0, 0xCF)), 0xA1, _KANA, 0.1),
    _Eastern("cp949", ((0xA1, 0xA3), (0xB0, 0xC8)), 0xA1, _HANGUL, 0.6),
    _Eastern("gb18030", ((0xA1, 0xA3), (0xB0, 0xD7)), 0xA1, _HAN, 0.5),
    _Eastern("big5hkscs", ((0xA1, 0xC6),), 0x40, _HAN, 0.5),
)

_QUOTES_AND_DASHES = frozenset("‘’“”–—…•·«»‹›†‡™®©°§\xa0\xad№")
_OPENING = frozenset("¿¡‚„")
_MONEY = frozenset("£€¥¢")
_AFTER_A_FIGURE = frozenset("²³¹½¼¾ªº±×÷µ‰")
_ASCII_LETTER = re.compile("[A-Za-z]")
_BEYOND_ASCII = re.compile(rb"[\x80-\xff]")


def guess_encodings(data: bytes) -> Iterator[str]:
    """Names of codecs that ``data`` may be in, the likeliest first, none of them tried on all of it."""
    sample = _take_sample(data)
    scores: list[tuple[float, int, str]] = []
    for codec, languages in _SINGLE_BYTE:
        scores.append((_score_single(sample, codec, languages), -len(scores), codec))
    for eastern in _EASTERN:
        scores.append((_score_eastern(sample, eastern), -len(scores), eastern.codec))
    ranked = sorted(scores, reverse=True)
    yield from (codec for score, _, codec in ranked if score >= _SURE)

    from charset_normalizer import from_bytes

    yield from (match.encoding for match in from_bytes(sample))
    yield from (codec for score, _, codec in ranked if _POSSIBLE <= score < _SURE)


def _take_sample(data: bytes) -> bytes:
    """The first lines that are not all ASCII: what the others say fits every candidate."""
    lines: list[bytes] = []
    n_bytes = at = 0
    while n_bytes < _SAMPLE_BYTES and (found := _BEYOND_ASCII.search(data, at)):
        start = data.rfind(b"\n", at, found.start()) + 1 or at
        end = data.find(b"\n", found.start())
        end = len(data) if end < 0 else end + 1
        if end - start > _SAMPLE_BYTES:  # a text without line breaks: from a space to a space
            start = max(start, data.rfind(b" ", start, found.start()) + 1)
            stop = data.find(b" ", start + _SAMPLE_BYTES, end)
            end = stop if stop >= 0 else end
        lines.append(data[start:end])
        n_bytes += end - start
        at = end
    return b"".join(lines)


def _score_single(sample: bytes, codec: str, languages: dict[str, str]) -> float:
    try:
        text = sample.decode(codec)
    except UnicodeDecodeError:
        return 0.0
    is_latin = any(languages is latin for latin in (_WESTERN, _CENTRAL, _BALTIC, _TURKISH))
    fits = _fits_latin if is_latin else _fits_other
    union = frozenset("".join(languages.values()))
    signs, n_characters, letters = 0.0, 0, []
    for at, character in enumerate(text):
        if character < "\x80":
            continue
        n_characters += 1
        before, after = text[at - 1 : at], text[at + 1 : at + 2]
        if (character.isalpha() and character not in "ªº") or (character in union and not is_latin):
            letters.append(character.lower()[0] if fits(character, before, after, text[at - 2 : at - 1]) else "")
        else:
            signs += _score_sign(character, before, after)
        if n_characters == _SAMPLE_CHARACTERS:
            break
    best = max(_score_letters(letters, alphabet, by_frequency=not is_latin) for alphabet in languages.values())
    if is_latin:
        best = max(best, 0.95 * sum(letter in union for letter in letters))
    return (signs + best) / max(n_characters, 1)


def _fits_latin(letter: str, before: str, after: str, before_that: str) -> bool:
    """Letters beyond ASCII stand among ASCII letters: two in a row are seen, three are not."""
    if letter.isupper() and before.islower():
        return False
    return not (before > "\x7f" and before.isalpha() and before_that > "\x7f" and before_that.isalpha())


def _fits_other(letter: str, before: str, after: str, before_that: str) -> bool:
    if _ASCII_LETTER.match(before) or _ASCII_LETTER.match(after):
        return False
    return not (letter.isupper() and before.islower())


def _score_letters(letters: list[str], alphabet: str, by_frequency: bool) -> float:
    """How many letters are of the alphabet; less for a reading where the rare ones are the frequent ones."""
    places = _places(alphabet)
    found = [places[letter] for letter in letters if letter in places]
    if not by_frequency or not found:
        return len(found)
    mean_place = sum(found) / len(found) / len(places)  # 0.5 for letters at random, about 0.25 for a text
    return len(found) * min(1.0, 1.3 - mean_place)


@cache
def _places(alphabet: str) -> dict[str, int]:
    return {letter: place for place, letter in enumerate(alphabet)}


def _score_sign(sign: str, before: str, after: str) -> float:
    if sign in _QUOTES_AND_DASHES:
        return 1.0
    if sign in _OPENING:
        return float(not before.isalnum() and not after.isspace())
    if sign in _MONEY:
        return float(not before.isalpha() and not after.isalpha())
    if sign in _AFTER_A_FIGURE:
        return float(before.isdigit() or before in tuple("mNn ") or not before)
    return 0.0


def _score_eastern(sample: bytes, eastern: _Eastern) -> float:
    try:
        text = sample.decode(eastern.codec)
    except UnicodeDecodeError as error:
        if error.start < len(sample) - 4:
            return 0.0
        text = sample[: error.start].decode(eastern.codec)  # the sample ends inside a character
    beyond = [character for character in text if character >= "\x80"][:_SAMPLE_CHARACTERS]
    if not beyond:
        return 0.0
    common: Callable[[str], bool] = _everyday(eastern)
    share = sum(map(common, beyond)) / len(beyond)
    n_script = len(eastern.script.findall("".join(beyond)))
    return share * min(1.0, n_script / len(beyond) / eastern.share)


def _everyday(eastern: _Eastern) -> Callable[[str], bool]:
    @cache
    def common(character: str) -> bool:
        packed = character.encode(eastern.codec)
        return (
            len(packed) == 2
            and packed[1] >= eastern.trail
            and any(low <= packed[0] <= high for low, high in eastern.leads)
        )

    return common
