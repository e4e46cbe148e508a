"""Bytes to text: byte order mark, UTF-8, UTF-16 without a mark, else what charset-normalizer makes of them.

Line ends stay as they are, so offsets refer to the decoded text; a byte order mark is no part of it. Binary data is
told by its magic bytes and by control characters that no text holds.
"""

from __future__ import annotations

import codecs
import re
from typing import Final

from topics.reading.problems import Unreadable

__all__ = ["decode"]

_MARKS: Final = (  # longest first: the mark of UTF-32 LE begins like that of UTF-16 LE
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
_MAGIC: Final = (
    (b"\x89PNG", "PNG image"), (b"\xff\xd8\xff", "JPEG image"), (b"GIF8", "GIF image"), (b"%PDF-", "PDF"),
    (b"PK\x03\x04", "ZIP archive, or an Office document"), (b"\x7fELF", "program"), (b"MZ\x90", "program"),
    (b"\xd0\xcf\x11\xe0", "old Office document"), (b"SQLite format 3", "SQLite database"), (b"PAR1", "Parquet file"),
    (b"Rar!", "RAR archive"), (b"7z\xbc\xaf", "7-Zip archive"), (b"OggS", "Ogg media"), (b"ID3", "MP3 audio"),
    (b"RIFF", "media file"), (b"\x00\x00\x00\x18ftyp", "MP4 video"), (b"\x00\x00\x00 ftyp", "MP4 video"),
)  # fmt: skip
_CONTROL: Final = re.compile(rb"[\x00-\x08\x0e-\x1a\x1c-\x1f]")
_LOOK_BYTES: Final = 8192
_GUESS_BYTES: Final = 1 << 18  # enough for the library to tell; more only takes longer
_BINARY_SHARE: Final = 0.02  # of control characters; prose has none
# Bytes above ASCII that cp1252 uses for quotes, dashes, dots, the euro and no-break spaces: in English text they are
# often the only ones, too few for statistics, and browsers read them so too (WHATWG Encoding Standard).
_WESTERN_MARKS: Final = re.compile(rb"[\x80\x85\x91-\x97\xa0\xa3\xa9\xab\xae\xb0\xb7\xbb]*")
_CANDIDATES: Final = [
    "cp1252", "cp1250", "cp1251", "cp1253", "cp1254", "cp1255", "cp1256", "cp1257", "iso8859_2", "iso8859_5",
    "iso8859_15", "koi8_r", "koi8_u", "cp866", "gb18030", "big5", "shift_jis", "euc_jp", "euc_kr", "iso2022_jp", "cp874",
]  # fmt: skip


def decode(data: bytes, encoding: str | None = None) -> str:
    """The text of ``data``; ``encoding`` forces one. Raises :class:`Unreadable` (binary, undecodable)."""
    if encoding is not None:
        return _forced(data, encoding)
    for mark, name in _MARKS:
        if data.startswith(mark):
            try:
                return data[len(mark) :].decode(name)
            except UnicodeDecodeError as error:
                raise Unreadable("undecodable", f"marked as {name}, but not all of it is. Convert it to UTF-8.") from error
    for magic, what in _MAGIC:
        if data.startswith(magic):
            raise Unreadable("binary", f"binary data ({what}), not text. Remove it or extract its text first.")
    wide = _wide_encoding(data)
    if wide is None and _looks_binary(data):
        raise Unreadable("binary", "binary data, not text. Remove it or extract its text first.")
    for name in ((wide,) if wide else ()) + ("utf-8",):
        try:
            return data.decode(name)
        except UnicodeDecodeError:
            continue
    return _guessed(data)


def _forced(data: bytes, encoding: str) -> str:
    try:
        text = data.decode(encoding)
    except LookupError:
        raise Unreadable("undecodable", f'no encoding is called "{encoding}". Try utf-8, utf-16 or cp1252.') from None
    except UnicodeError:
        raise Unreadable("undecodable", f"not {encoding}. Leave --encoding out, or name another.") from None
    return text.removeprefix("\ufeff")


def _wide_encoding(data: bytes) -> str | None:
    """UTF-16 without a mark shows as NUL at every other place of mostly Latin text."""
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


def _looks_binary(data: bytes) -> bool:
    sample = data[:_LOOK_BYTES]
    n_control = len(_CONTROL.findall(sample))
    return n_control > _BINARY_SHARE * len(sample) or (n_control > 0 and sample.count(0) > 1 and len(sample) < 200)


def _guessed(data: bytes) -> str:
    above = re.sub(rb"[\x00-\x7f]+", b"", data[:_GUESS_BYTES])
    if _WESTERN_MARKS.fullmatch(above):
        return data.decode("cp1252", "replace")
    from charset_normalizer import from_bytes

    best = from_bytes(data[:_GUESS_BYTES], cp_isolation=_CANDIDATES, threshold=0.3, enable_fallback=False).best()
    if best is not None:
        try:
            return data.decode(best.encoding)
        except UnicodeDecodeError:
            pass
    raise Unreadable("undecodable", "no encoding fits these bytes. Convert it to UTF-8, or name one with --encoding.")
