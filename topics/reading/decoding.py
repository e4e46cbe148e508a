"""Bytes to text: byte order mark, UTF-8, UTF-16 without a mark, else what charset-normalizer makes of them.

Line ends stay as they are, so offsets refer to the decoded text; a byte order mark is no part of it. Binary data is
told by its magic bytes and by control characters that no text holds.
"""

from __future__ import annotations

import codecs
import re
from typing import Final

from topics.reading.problems import Unreadable

__all__ = ["check_encoding", "decode", "find_encoding", "find_wide_encoding", "refuse_binary"]

_MARKS: Final = (  # longest first: the mark of UTF-32 LE begins like that of UTF-16 LE
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
_MAGIC: Final = (  # with a byte that no text begins with, or prose could be taken for them
    (b"\x89PNG", "PNG image"), (b"\xff\xd8\xff", "JPEG image"), (b"GIF87a", "GIF image"), (b"GIF89a", "GIF image"),
    (b"%PDF-", "PDF"), (b"PK\x03\x04", "ZIP archive, or an Office document"),
    (b"\xd0\xcf\x11\xe0", "old Office document"),
    (b"SQLite format 3\x00", "SQLite database"), (b"PAR1\x15", "Parquet file"), (b"Rar!\x1a", "RAR archive"),
    (b"7z\xbc\xaf", "7-Zip archive"), (b"\x7fELF", "program"), (b"MZ\x90", "program"), (b"OggS\x00", "Ogg media"),
    (b"ID3\x03", "MP3 audio"), (b"ID3\x04", "MP3 audio"), (b"\x00\x00\x00\x18ftyp", "MP4 video"),
    (b"\x00\x00\x00 ftyp", "MP4 video"),
)  # fmt: skip
_CONTROL: Final = re.compile(rb"[\x00-\x08\x0e-\x1a\x1c-\x1f]")
_LOOK_BYTES: Final = 8192
_GUESS_BYTES: Final = 1 << 18  # enough for the library to tell; more only takes longer
_BINARY_SHARE: Final = 0.02  # of control characters; prose has none
# Bytes above ASCII that cp1252 uses for quotes, dashes, dots, the euro and no-break spaces: in English text they are
# often the only ones, too few for statistics, and browsers read them so too (WHATWG Encoding Standard).
_WESTERN_MARKS: Final = re.compile(rb"[\x80\x85\x91-\x97\xa0\xa3\xa9\xab\xae\xb0\xb7\xbb]*")
_WESTERN: Final = "cp1252"
_LATIN: Final = {_WESTERN, "cp1250", "cp1254", "cp1257", "iso8859_2", "iso8859_15"}
_OF_HOST_NAMES: Final = {"idna", "punycode"}
_CANDIDATES: Final = [
    *sorted(_LATIN), "cp1251", "cp1253", "cp1255", "cp1256", "iso8859_5", "koi8_r", "koi8_u", "cp866", "gb18030",
    "big5", "shift_jis", "euc_jp", "euc_kr", "cp874",
]  # fmt: skip


def decode(data: bytes, encoding: str | None = None, *, declared: str | None = None) -> str:
    """The text of ``data``; ``encoding`` forces one. Raises :class:`Unreadable` (binary, undecodable).

    ``declared`` is the encoding that the data names itself, as pages do; what is UTF-8 is read as that nonetheless.
    """
    if encoding is not None:
        return _forced(data, encoding)
    for mark, name in _MARKS:
        if data.startswith(mark):
            try:
                return data[len(mark) :].decode(name)
            except UnicodeDecodeError as error:
                said = f"marked as {name}, but byte {error.start + len(mark)} is not. Convert it to UTF-8."
                raise Unreadable("undecodable", said) from None
    refuse_binary(data)
    for candidate in (find_wide_encoding(data), "utf-8", declared):
        if candidate:
            try:
                return data.decode(candidate)
            except (UnicodeError, LookupError):
                continue
    _refuse_damaged(data)
    return _guessed(data)


def check_encoding(encoding: str) -> None:
    """Raise :class:`Unreadable` where this names no encoding that a text file can have."""
    try:
        "x".encode(encoding)  # refuses codecs that turn text into text or bytes into bytes
        is_usable = codecs.lookup(encoding).name not in _OF_HOST_NAMES
    except (LookupError, ValueError):
        is_usable = False
    if not is_usable:
        said = f'no encoding of text files is called "{encoding}". Try utf-8, utf-16 or cp1252.'
        raise Unreadable("undecodable", said)


def find_encoding(head: bytes) -> tuple[int, str]:
    """What the beginning of a text tells of its encoding: how long its mark is, and a name; UTF-8 where it tells
    none."""
    for mark, name in _MARKS:
        if head.startswith(mark):
            return len(mark), name
    return 0, find_wide_encoding(head[: len(head) // 2 * 2]) or "utf-8"


def refuse_binary(data: bytes) -> None:
    """Raise :class:`Unreadable` where the data, or its beginning, is no text in any encoding."""
    for magic, what in _MAGIC:
        if data.startswith(magic):
            raise Unreadable("binary", f"binary data ({what}), not text. Remove it or extract its text first.")
    if find_wide_encoding(data) is None and _looks_binary(data):
        raise Unreadable("binary", "binary data, not text. Remove it or extract its text first.")


def find_wide_encoding(data: bytes) -> str | None:
    """UTF-16 or UTF-32 by its mark, or UTF-16 without one: NUL at every other place of mostly Latin text."""
    for mark, name in _MARKS:
        if name != "utf-8" and data.startswith(mark):
            return name
    sample = data[:_LOOK_BYTES]
    half = len(sample) // 2
    if half < 4 or len(data) % 2:
        return None
    even, odd = sample[0::2].count(0), sample[1::2].count(0)
    if odd > 0.4 * half and even < 0.05 * half:
        return "utf-16-le"
    if even > 0.4 * half and odd < 0.05 * half:
        return "utf-16-be"
    return None


def _forced(data: bytes, encoding: str) -> str:
    check_encoding(encoding)
    try:
        text = data.decode(encoding)
    except UnicodeError:
        raise Unreadable("undecodable", f"not {encoding}. Leave --encoding out, or name another.") from None
    return text.removeprefix("\ufeff")


def _looks_binary(data: bytes) -> bool:
    sample = data[:_LOOK_BYTES]
    n_control = len(_CONTROL.findall(sample))
    return n_control > _BINARY_SHARE * len(sample) or (n_control > 0 and sample.count(0) > 1 and len(sample) < 200)


def _refuse_damaged(data: bytes) -> None:
    """UTF-8 with a few bad bytes must not be taken for something else, or every accent in it would come out wrong."""
    try:
        data.decode("utf-8")
    except UnicodeDecodeError as error:
        first = error.start
    else:
        return
    text = data.decode("utf-8", "replace")
    n_bad = text.count("\ufffd")
    n_good = sum(1 for _ in re.finditer(r"[^\x00-\x7f\ufffd]", text))
    if n_good > n_bad:
        line = data.count(b"\n", 0, first) + 1
        said = f"UTF-8, but not all of it: see line {line}, byte {first}. Mend it there, or remove it."
        raise Unreadable("undecodable", said)


def _guessed(data: bytes) -> str:
    above = re.sub(rb"[\x00-\x7f]+", b"", data[:_GUESS_BYTES])
    if _WESTERN_MARKS.fullmatch(above):
        return data.decode(_WESTERN, "replace")
    from charset_normalizer import from_bytes

    found = from_bytes(data[:_GUESS_BYTES], cp_isolation=_CANDIDATES, threshold=0.3, enable_fallback=False)
    best = found.best()
    if best is not None and best.encoding in _LATIN:
        # The library puts Latin alphabets on a par, and takes the first of them: French came out as Baltic. Where
        # cp1252 reads as well as the best it is far the likeliest (49 right instead of 37 of 63 texts in 21 languages).
        western = next((match for match in found if _WESTERN in match.could_be_from_charset), None)
        best = western if western and western.coherence >= best.coherence else best
    if best is not None:
        try:
            return data.decode(best.encoding)
        except UnicodeDecodeError:
            pass
    raise Unreadable("undecodable", "no encoding fits these bytes. Convert it to UTF-8, or name one with --encoding.")
