"""All text that is named comes out, each under its own name; what cannot be read is said, and the rest is read."""

from __future__ import annotations

import bz2
import gzip
import io
import json
import lzma
import os
import random
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import zstandard
from hypothesis import given, settings
from hypothesis import strategies as st
from warcio.statusandheaders import StatusAndHeaders
from warcio.warcwriter import WARCWriter

from topics.errors import DumpError
from topics.reading import Problem, ReadOptions, compression, list_inputs, read_dumps
from topics.reading.decoding import decode
from topics.reading.parts import weigh_inputs
from topics.reading.problems import Unreadable
from topics.records import Dump

FERRY = "Ferry fares rise again\n\nThe harbour board raised fares on Monday.\n"
CRANE = "The old crane will be sold for scrap, and a café opens beneath it.\n"


def read(inputs: Any, *, stdin: bytes | None = None, **options: Any) -> tuple[list[Dump], list[Problem]]:
    problems: list[Problem] = []
    dumps = list(
        read_dumps(
            inputs,
            ReadOptions(**options),
            on_problem=problems.append,
            stdin=None if stdin is None else io.BytesIO(stdin),
        )
    )
    for problem in problems:
        assert_says_where_and_what_next(problem)
    return dumps, problems


def assert_says_where_and_what_next(problem: Problem) -> None:
    assert problem.message.isprintable()  # so it is one line
    assert problem.where in problem.message
    assert re.search(r"[.)] [A-Z][^.]*[\w )]\b.*\.$", problem.message), problem.message  # a second sentence: the move
    assert re.fullmatch(r"[a-z_]+", problem.reason)


def only_dump(inputs: Any, **options: Any) -> Dump:
    dumps, problems = read(inputs, **options)
    assert not problems
    assert len(dumps) == 1
    return dumps[0]


def only_problem(inputs: Any, **options: Any) -> Problem:
    dumps, problems = read(inputs, **options)
    assert not dumps
    assert len(problems) == 1
    return problems[0]


def write(path: Path, content: str | bytes) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return path


def names(inputs: Any) -> list[str]:
    return [dump.name for dump in read(inputs)[0]]


# Files, folders, globs, names


def test_a_file_is_a_dump_by_its_base_name(tmp_path: Path) -> None:
    dump = only_dump(write(tmp_path / "deep" / "ferry.txt", FERRY))
    assert dump == Dump("ferry.txt", FERRY)


def test_a_folder_is_read_recursively_in_order_and_names_say_the_path_below_it(tmp_path: Path) -> None:
    for name in ("b.txt", "a/z.txt", "a/b/c.txt", "B.txt", "a.txt"):
        write(tmp_path / "dumps" / name, f"{name} is a dump.")
    assert names(str(tmp_path / "dumps")) == ["B.txt", "a/b/c.txt", "a/z.txt", "a.txt", "b.txt"]


def test_a_folder_leaves_out_what_is_hidden_and_what_holds_no_dumps(tmp_path: Path) -> None:
    for name in (".hidden.txt", ".git/head.txt", "photo.png", "table.csv", "log.LOG", "old.zip", "x.py.gz"):
        write(tmp_path / name, "not a dump")
    for name in ("kept", "kept.txt", "kept.wet.gz", "kept.md", "2026.01"):
        write(tmp_path / name, "a dump, by its name")
    assert names(tmp_path) == ["2026.01", "kept", "kept.md", "kept.txt", "kept.wet.gz"]


def test_a_file_given_by_name_is_tried_whatever_its_suffix(tmp_path: Path) -> None:
    assert only_dump(write(tmp_path / "notes.csv", FERRY)).text == FERRY
    assert only_dump(write(tmp_path / ".hidden", FERRY)).text == FERRY


def test_a_folder_without_a_dump_is_a_problem(tmp_path: Path) -> None:
    write(tmp_path / "photo.png", b"\x89PNG")
    assert only_problem(tmp_path).reason == "no_readable_files"


def test_links_are_followed_but_not_in_circles_and_a_dead_one_is_said(tmp_path: Path) -> None:
    write(tmp_path / "dumps" / "a.txt", FERRY)
    (tmp_path / "dumps" / "round").symlink_to(tmp_path / "dumps")
    (tmp_path / "dumps" / "dead.txt").symlink_to(tmp_path / "nowhere.txt")
    dumps, problems = read(tmp_path / "dumps")
    assert [dump.name for dump in dumps] == ["a.txt"]
    assert [problem.reason for problem in problems] == ["missing"]


def test_two_stars_follow_links_but_not_in_circles(tmp_path: Path) -> None:
    write(tmp_path / "dumps" / "a.txt", FERRY)
    write(tmp_path / "dumps" / "sub" / "deep" / "b.txt", CRANE)
    (tmp_path / "dumps" / "round").symlink_to(tmp_path / "dumps")
    assert names(str(tmp_path / "dumps" / "**" / "*.txt")) == ["a.txt", "b.txt"]
    assert names(str(tmp_path / "**" / "sub" / "**")) == ["b.txt"]
    assert names(str(tmp_path / "d*" / "**" / "deep" / "*")) == ["b.txt"]


@pytest.mark.parametrize(
    ("mark", "content"),
    [
        (".topics-run", ""),
        ("manifest.json", '{\n "format": "topics-run",\n "format_version": 2}'),
        (".topics-export", "{}"),
    ],
)
def test_runs_and_exports_in_a_folder_are_no_dumps(tmp_path: Path, mark: str, content: str) -> None:
    write(tmp_path / "a.txt", FERRY)
    write(tmp_path / "sub" / "manifest.json", json.dumps({"text": CRANE}))  # somebody else's
    write(tmp_path / "sub" / "run" / mark, content)
    write(tmp_path / "sub" / "run" / "shards" / "0.jsonl", json.dumps({"text": CRANE}))
    assert names(tmp_path) == ["a.txt", "sub/manifest.json#1"]
    assert names(str(tmp_path / "**" / "*.*")) == ["a.txt", "manifest.json#1"]
    assert names(str(tmp_path / "*" / "*")) == ["manifest.json#1"]
    assert only_problem(str(tmp_path / "sub" / "r*")).reason == "missing"
    assert only_problem(tmp_path / "sub" / "run").reason == "results"
    assert names(str(tmp_path / "sub" / "run" / "shards" / "*")) == ["0.jsonl#1"]  # named, so meant


@pytest.mark.parametrize("stream", ["stdout", "stderr", None])
def test_a_file_that_output_goes_to_is_no_dump(
    tmp_path: Path, stream: str | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(tmp_path / "a.txt", FERRY)
    with (tmp_path / "out.txt").open("w+") as out:
        out.write(CRANE)
        out.flush()
        if stream is not None:
            monkeypatch.setattr(f"sys.{stream}", out)
        options = {} if stream is not None else {"output": tmp_path / "out.txt"}
        for given in (tmp_path, str(tmp_path / "*"), str(tmp_path / "**")):
            assert only_dump(given, **options).name == "a.txt"
        assert only_problem(tmp_path / "out.txt", **options).reason == "own_output"
        assert only_problem(str(tmp_path / "o*"), **options).reason == "missing"


def test_globs_match_in_order_and_two_stars_go_down(tmp_path: Path) -> None:
    for name in ("b.txt", "a.txt", "sub/c.txt", "sub/deep/d.txt", "e.md"):
        write(tmp_path / name, name)
    assert names(str(tmp_path / "*.txt")) == ["a.txt", "b.txt"]
    assert names(str(tmp_path / "[be].*")) == ["b.txt", "e.md"]
    assert names(str(tmp_path / "**" / "*.txt")) == ["a.txt", "b.txt", "c.txt", "d.txt"]
    assert names(str(tmp_path / "su?")) == ["c.txt", "deep/d.txt"]


def test_a_path_that_exists_is_no_glob(tmp_path: Path) -> None:
    write(tmp_path / "1.txt", "one")
    literal = write(tmp_path / "[1].txt", "brackets")
    assert only_dump(str(literal)).text == "brackets"
    assert only_dump(str(write(tmp_path / "what?.txt", "asked"))).text == "asked"


def test_names_that_clash_are_told_apart_by_their_folders(tmp_path: Path) -> None:
    paths = [write(tmp_path / folder / "page.txt", folder) for folder in ("mon", "tue", "wed/tue")]
    assert names(paths) == ["page.txt", "tue/page.txt", "wed/tue/page.txt"]


def test_names_stay_unique_whatever_is_given(tmp_path: Path) -> None:
    write(tmp_path / "a" / "page.txt", "one")
    write(tmp_path / "b" / "a" / "page.txt", "two")
    write(tmp_path / "stdin", "a file called stdin")
    given_paths = ["-", tmp_path / "stdin", tmp_path / "a", tmp_path / "b", tmp_path / "b" / "a" / "page.txt"]
    dumps, problems = read(given_paths, stdin=b"piped in")
    assert not problems
    assert len({dump.name for dump in dumps}) == len(dumps) == 4
    assert dumps[0] == Dump("stdin", "piped in")


def test_what_is_named_twice_is_read_once(tmp_path: Path) -> None:
    path = write(tmp_path / "a.txt", FERRY)
    assert names([path, str(tmp_path), str(tmp_path / "*.txt"), f"{tmp_path}/./a.txt"]) == ["a.txt"]


def test_inputs_can_be_counted_without_opening_them(tmp_path: Path) -> None:
    write(tmp_path / "a.txt", FERRY)
    write(tmp_path / "b.txt", b"\x89PNG")
    found = list_inputs([tmp_path, "-", tmp_path / "missing.txt"])
    assert [source.name for source in found] == ["a.txt", "b.txt", "stdin"]


def test_inputs_are_weighed_by_what_can_be_shared_out(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("x" * 300)
    (tmp_path / "b.txt.gz").write_bytes(b"x" * 50)
    (tmp_path / "c.jsonl").write_text("x" * 70)
    (tmp_path / "d.warc.gz").write_bytes(b"x" * 10)
    assert weigh_inputs(tmp_path) == ([300, 200], 110)
    assert weigh_inputs(["-", "memory://crawl/a.txt"]) == ([], 0), "nothing is opened, here or elsewhere"


def test_a_name_that_is_not_utf8_can_be_written_down(tmp_path: Path) -> None:
    path = os.fsencode(tmp_path) + b"/caf\xe9.txt"
    try:
        with open(path, "wb") as file:
            file.write(b"text")
    except OSError:
        pytest.skip("this file system takes only UTF-8 names")
    only_dump(os.fsdecode(path)).name.encode()
    os.remove(path)
    only_problem(os.fsdecode(path)).message.encode()


# Stdin


def test_stdin_may_be_text_compressed_or_json_lines() -> None:
    assert read("-", stdin=FERRY.encode())[0] == [Dump("stdin", FERRY)]
    assert read("-", stdin=gzip.compress(FERRY.encode()))[0] == [Dump("stdin", FERRY)]
    assert read("-", stdin=b'\n{"text": "one"}\n{"text": "two"}\n')[0] == [
        Dump("stdin#2", "one"),
        Dump("stdin#3", "two"),
    ]


def test_stdin_of_any_length_is_read_whole_and_left_open() -> None:
    stream = io.BytesIO(CRANE.encode() * 30_000)  # longer than what formats are told by
    assert [dump.text for dump in read_dumps("-", stdin=stream)] == [CRANE * 30_000]
    assert not stream.closed


def test_empty_stdin_is_a_problem() -> None:
    assert only_problem("-", stdin=b"") == Problem(
        "stdin", "empty", "stdin: no text in it. Remove it, or see whether it was written whole."
    )


def test_a_closed_stdin_is_a_problem(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdin", None)
    assert only_problem("-").reason == "missing"


# Compression

PACKERS: dict[str, Callable[[bytes], bytes]] = {
    ".gz": gzip.compress,
    ".bz2": bz2.compress,
    ".xz": lzma.compress,
    ".zst": lambda data: zstandard.ZstdCompressor(write_checksum=True).compress(data),
}
packed_any_way = pytest.mark.parametrize("suffix", PACKERS)


@packed_any_way
def test_compressed_text_is_read_under_its_own_name(tmp_path: Path, suffix: str) -> None:
    path = write(tmp_path / f"ferry.txt{suffix}", PACKERS[suffix](FERRY.encode()))
    assert only_dump(path) == Dump(f"ferry.txt{suffix}", FERRY)


@packed_any_way
def test_compression_is_told_by_content_and_not_by_name(tmp_path: Path, suffix: str) -> None:
    assert only_dump(write(tmp_path / "ferry.txt", PACKERS[suffix](FERRY.encode()))).text == FERRY
    assert only_dump(write(tmp_path / f"plain{suffix}", FERRY)).text == FERRY


@packed_any_way
def test_several_members_or_frames_in_a_file_are_one_text(tmp_path: Path, suffix: str) -> None:
    pack = PACKERS[suffix]
    path = write(tmp_path / f"two{suffix}", pack(FERRY.encode()) + pack(CRANE.encode()))
    assert only_dump(path).text == FERRY + CRANE


@packed_any_way
def test_a_file_cut_short_is_a_problem_and_the_next_is_read(tmp_path: Path, suffix: str) -> None:
    noise = random.Random(7).randbytes(40_000).hex().encode()
    packed = PACKERS[suffix](noise)
    for n_bytes in (len(packed) // 2, len(packed) - 3):
        cut = write(tmp_path / f"cut{suffix}", packed[:n_bytes])
        dumps, problems = read([cut, write(tmp_path / "ferry.txt", FERRY)])
        assert [dump.text for dump in dumps] == [FERRY]
        assert [(problem.where, problem.reason) for problem in problems] == [(str(cut), "corrupt")]


@packed_any_way
def test_damage_in_the_middle_is_a_problem(tmp_path: Path, suffix: str) -> None:
    packed = bytearray(PACKERS[suffix](random.Random(7).randbytes(40_000).hex().encode()))
    packed[len(packed) // 2 : len(packed) // 2 + 40] = b"\xa5" * 40
    assert only_problem(write(tmp_path / f"bad{suffix}", bytes(packed))).reason == "corrupt"


@packed_any_way
def test_lines_before_the_damage_are_read(tmp_path: Path, suffix: str) -> None:
    record = json.dumps({"text": random.Random(7).randbytes(30_000).hex()})
    packed = PACKERS[suffix](f"{record}\n".encode()) + PACKERS[suffix](f"{record}\n".encode())
    dumps, problems = read(write(tmp_path / f"lines.jsonl{suffix}", packed[:-100]))
    assert [dump.name for dump in dumps] == [f"lines.jsonl{suffix}#1"]
    assert [problem.reason for problem in problems] == ["corrupt"]


@packed_any_way
@pytest.mark.parametrize("name", ["bomb.txt", "bomb.jsonl", "bomb.json", "bomb.html"])
def test_a_bomb_is_given_up_before_it_fills_the_memory(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, suffix: str, name: str
) -> None:
    monkeypatch.setattr(compression, "MAX_TEXT_BYTES", 100_000)
    bomb = write(tmp_path / f"{name}{suffix}", PACKERS[suffix](b"a" * 3_000_000))
    dumps, problems = read([bomb, write(tmp_path / "ferry.txt", FERRY)])
    assert [dump.name for dump in dumps] == ["ferry.txt"]
    assert [problem.reason for problem in problems] == ["too_large"]
    assert "100000 bytes" in problems[0].message


def test_the_limit_holds_for_plain_files_and_stdin(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(compression, "MAX_TEXT_BYTES", 100)
    assert only_problem(write(tmp_path / "long.txt", "a" * 101)).reason == "too_large"
    assert only_problem("-", stdin=b"a" * 101).reason == "too_large"
    assert only_dump(write(tmp_path / "fits.txt", "a" * 100)).text == "a" * 100


# JSON


def lines(*records: Any) -> bytes:
    return b"".join(json.dumps(record).encode() + b"\n" for record in records)


def test_each_json_line_is_a_dump_named_by_its_line(tmp_path: Path) -> None:
    path = write(
        tmp_path / "feed.jsonl", b"\xef\xbb\xbf" + lines({"text": "one"}) + b"\r\n  \n" + lines({"text": "two"})
    )
    assert read(path)[0] == [Dump("feed.jsonl#1", "one"), Dump("feed.jsonl#4", "two")]


def test_a_record_brings_title_date_and_source(tmp_path: Path) -> None:
    records = [
        {"text": "a", "title": " Fares ", "source": "Wire", "published": "2026-01-05T10:30:00Z"},
        {"text": "b", "title": "", "source": 7, "published": "Monday", "date": "2026-02-28"},
        {"text": "c", "published": "2026-02-30", "date": None},
    ]
    dumps, _ = read(write(tmp_path / "feed.jsonl", lines(*records)))
    assert dumps == [
        Dump("feed.jsonl#1", "a", title="Fares", published="2026-01-05", source="Wire"),
        Dump("feed.jsonl#2", "b", published="2026-02-28"),
        Dump("feed.jsonl#3", "c"),
    ]


def test_bad_lines_are_named_by_number_and_the_others_are_read(tmp_path: Path) -> None:
    content = lines({"text": "one"}) + b'{"text": "cut\n' + lines(["text"], {"text": 3}, {"text": " "}) + b"\xff\xfe{\n"
    content += b'{"text": "caf\xe9"}\n' + b"[" * 100_000 + b"\n" + lines({"text": "last"})
    path = write(tmp_path / "feed.jsonl", content)
    dumps, problems = read(path)
    assert [dump.text for dump in dumps] == ["one", "last"]
    assert [(problem.where.removeprefix(f"{path}:"), problem.reason) for problem in problems] == [
        ("2", "bad_json"), ("3", "no_text_field"), ("4", "no_text_field"), ("5", "empty"), ("6", "undecodable"),
        ("7", "undecodable"), ("8", "bad_json"),
    ]  # fmt: skip


def test_the_text_field_can_be_named_and_a_missing_one_lists_those_there_are(tmp_path: Path) -> None:
    path = write(tmp_path / "feed.jsonl", lines({"body": "The text.", "headline": "H", "n": 1}))
    assert only_dump(path, text_field="body").text == "The text."
    message = only_problem(path).message
    assert message == (
        f'{path}:1: no text in field "text". Text is in: body, headline. '
        'Name one with --text-field, or call it "text" for commands without that option.'
    )


def test_whole_takes_the_name_from_the_record(tmp_path: Path) -> None:
    path = write(
        tmp_path / "feed.jsonl", lines({"text": "a", "id": "x/1"}, {"text": "b", "id": 7}, {"text": "c", "id": ""})
    )
    assert [dump.name for dump in read(path, whole=True)[0]] == ["x/1", "7", "feed.jsonl#3"]
    assert names(path) == ["feed.jsonl#1", "feed.jsonl#2", "feed.jsonl#3"]


def test_json_lines_are_known_by_their_first_line_whatever_the_name(tmp_path: Path) -> None:
    record = {"text": "A long record. " * 2000}
    for name in ("feed", "feed.txt", "feed.json", "feed.ndjson", "feed.jl.gz"):
        assert names(write(tmp_path / name, lines(record))) == [f"{name}#1"]
    assert only_dump(write(tmp_path / "brace.txt", "{sic} is what the editor wrote.")).name == "brace.txt"


def test_a_json_file_may_be_an_array_or_one_object_over_several_lines(tmp_path: Path) -> None:
    array = write(tmp_path / "feed.json", json.dumps([{"text": "one"}, "two", {"text": "three"}], indent=1))
    dumps, problems = read(array)
    assert dumps == [Dump("feed.json#1", "one"), Dump("feed.json#3", "three")]
    assert [(problem.where, problem.reason) for problem in problems] == [(f"{array}#2", "no_text_field")]
    assert names(write(tmp_path / "one.json", json.dumps({"text": "one"}, indent=1))) == ["one.json#1"]
    assert only_problem(write(tmp_path / "bad.json", "[1,")).reason == "bad_json"


@pytest.mark.parametrize(("name", "content"), [("a.jsonl", "\n \n"), ("a.json", ""), ("a.json", "[]"), ("a.jsonl", "")])
def test_a_container_without_a_record_is_a_problem(tmp_path: Path, name: str, content: str) -> None:
    assert only_problem(write(tmp_path / name, content)).reason == "empty"


def test_a_line_separator_inside_a_json_string_ends_no_line(tmp_path: Path) -> None:
    text = "one\u2028two\x85three"
    record = json.dumps({"text": text}, ensure_ascii=False) + "\n"
    assert only_dump(write(tmp_path / "utf8.jsonl", record)).text == text
    assert only_dump(write(tmp_path / "wide.jsonl", record.encode("utf-16"))).text == text
    assert only_dump(write(tmp_path / "bare.jsonl", record.encode("utf-16-le"))).text == text
    assert only_dump(write(tmp_path / "forced.jsonl", record.encode("utf-16-be")), encoding="utf-16-be").text == text


def test_half_a_surrogate_pair_becomes_something_a_file_can_hold(tmp_path: Path) -> None:
    path = write(tmp_path / "feed.jsonl", rb'{"text": "a\ud800b", "title": "\udc00", "id": "\ud801"}')
    dump = only_dump(path, whole=True)
    assert (dump.text, dump.title, dump.name) == ("a?b", "?", "?")


def test_a_binary_file_called_json_lines_is_one_problem_and_not_one_a_line(tmp_path: Path) -> None:
    assert only_problem(write(tmp_path / "photo.jsonl", b"\x89PNG\r\n\x1a\n" + b"\n" * 90)).reason == "binary"


# HTML, WARC, WET

PAGE = """<!DOCTYPE html>
<html><head><meta charset="{charset}"><title>Ferry fares rise | The Quay</title>
<meta property="og:title" content="Ferry fares rise"><meta property="og:site_name" content="The Quay">
<meta property="article:published_time" content="2026-01-05T08:00:00Z"></head>
<body><nav><a href="/">Home</a> <a href="/sport">Sport</a></nav>
<article><h1>Ferry fares rise</h1>
<p>The harbour board raised the fares of all its ferries on Monday, and said that the new crane could wait.</p>
<p>“Nobody asked us,” said Inès Okafor, who mends nets on the eastern quay and takes the boat twice a day.</p>
<p>The board meets again in March, when the price of fuel and the repair of the pier are to be talked about.</p>
</article><footer>Share this page</footer></body></html>
"""


def page(charset: str = "utf-8") -> bytes:
    return PAGE.format(charset=charset).encode(charset)


def assert_is_article(dump: Dump, source: str = "The Quay") -> None:
    assert "“Nobody asked us,” said Inès Okafor, who mends nets" in dump.text
    assert "Share this page" not in dump.text
    assert "Sport" not in dump.text
    assert (dump.title, dump.published, dump.source) == ("Ferry fares rise", "2026-01-05", source)


@pytest.mark.parametrize("name", ["page.html", "page.HTM", "page.txt", "page", "page.html.gz"])
def test_a_page_gives_its_article_title_date_and_outlet(tmp_path: Path, name: str) -> None:
    content = gzip.compress(page()) if name.endswith(".gz") else page()
    dump = only_dump(write(tmp_path / name, content))
    assert dump.name == name
    assert_is_article(dump)


STAMP = '<meta property="article:published_time" content="2026-01-05T08:00:00Z">'


@pytest.mark.parametrize(
    ("stamp", "expected"),
    [
        ('<meta name="date" content="2026-01-05">', "2026-01-05"),
        ('<meta name="date" content="20260105">', "2026-01-05"),
        ('<meta name="date" content="January 5, 2026">', "2026-01-05"),
        ('<meta name="date" content="Mon, 05 Jan 2026 08:00:00 GMT">', "2026-01-05"),
        ('<meta name="date" content="25/01/2026">', "2026-01-25"),
        ('<meta name="date" content="05/01/2026">', None),  # or the first of May
        ('<meta name="date" content="January 2026">', None),
        ("", None),
    ],
)
def test_a_page_s_date_is_taken_only_beyond_doubt(tmp_path: Path, stamp: str, expected: str | None) -> None:
    prose = " The pier was named in 1998, opens again on 5 June 2027, and is the board's since 3 March 2009.</p>"
    content = PAGE.format(charset="utf-8").replace(STAMP, stamp).replace("</p>", prose, 1)
    assert only_dump(write(tmp_path / "page.html", content.encode())).published == expected


@pytest.mark.parametrize("charset", ["windows-1252", "utf-16"])
def test_a_page_is_decoded_by_the_encoding_it_declares(tmp_path: Path, charset: str) -> None:
    assert_is_article(only_dump(write(tmp_path / "page.html", page(charset))))


def test_a_declared_encoding_beats_a_guess_and_is_beaten_by_the_user(tmp_path: Path) -> None:
    polish = PAGE.replace("Inès Okafor", "Świętosława Żółć")
    declared = write(tmp_path / "a.html", polish.format(charset="iso-8859-2").encode("iso-8859-2", "replace"))
    assert "Świętosława Żółć" in only_dump(declared).text
    lying = write(tmp_path / "b.html", polish.format(charset="big5").encode("cp1250"))
    assert "Świętosława Żółć" in only_dump(lying, encoding="cp1250").text


def test_a_bad_byte_does_not_cost_a_page(tmp_path: Path) -> None:
    assert_is_article(only_dump(write(tmp_path / "a.html", page().replace(b"</p>", b"\xff</p>", 1))))


def test_a_page_may_begin_with_a_declaration_and_comments(tmp_path: Path) -> None:
    before = b'<?xml version="1.0"?>\n<!-- saved -->\n' + b"<!-- wp:paragraph -->\n" * 60
    assert_is_article(only_dump(write(tmp_path / "a.txt", before + page())))


def test_comments_without_a_page_are_text_and_take_no_time(tmp_path: Path) -> None:
    posts = "<!-- wp:paragraph -->\n<p>Ferry fares rise.</p>\n<!-- /wp:paragraph -->\n\n" * 200
    for text in (posts, "<!-- note -->\n" * 600 + FERRY):
        assert only_dump(write(tmp_path / "a.txt", text)).text == text


def test_a_page_without_an_article_or_that_is_no_page_is_a_problem(tmp_path: Path) -> None:
    assert only_problem(write(tmp_path / "a.html", "<html><body></body></html>")).reason == "empty"
    assert only_problem(write(tmp_path / "b.html", b"\x89PNG\r\n\x1a\n\0\0")).reason == "binary"


def warc(*records: tuple[str, bytes, list[tuple[str, str]], str], gzipped: bool = False) -> bytes:
    """Records of (type, content, HTTP headers, status line); without a status line the headers are the record's own."""
    out = io.BytesIO()
    writer = WARCWriter(out, gzip=gzipped)
    for kind, content, headers, status in records:
        http = StatusAndHeaders(status, headers, protocol="HTTP/1.1") if status else None
        record = writer.create_warc_record(
            "http://news.example.org/ferry",
            kind,
            payload=io.BytesIO(content),
            http_headers=http,
            warc_content_type="" if status else dict(headers).get("Content-Type", "text/plain"),
        )
        writer.write_record(record)
        record.raw_stream.close()  # a temporary file, where warcio took digests
    return out.getvalue()


HTML = [("Content-Type", "text/html; charset=utf-8")]


@pytest.mark.parametrize("gzipped", [False, True])
def test_a_warc_gives_the_articles_of_its_pages(tmp_path: Path, gzipped: bool) -> None:
    content = warc(
        ("warcinfo", b"software: none\r\n", [("Content-Type", "application/warc-fields")], ""),
        ("response", page(), HTML, "200 OK"),
        ("response", b"\x89PNG", [("Content-Type", "image/png")], "200 OK"),
        ("response", page(), HTML, "404 Not Found"),
        ("response", b"<html><body>moved</body></html>", HTML, "301 Moved Permanently"),
        ("resource", page(), HTML, ""),
        gzipped=gzipped,
    )
    dumps, problems = read(write(tmp_path / "crawl.warc.gz", content))
    assert not problems
    assert [dump.name for dump in dumps] == ["crawl.warc.gz#2", "crawl.warc.gz#6"]
    for dump in dumps:
        assert_is_article(dump)


def test_the_host_is_the_source_where_the_page_names_none(tmp_path: Path) -> None:
    nameless = page().replace(b'<meta property="og:site_name" content="The Quay">', b"").replace(b" | The Quay", b"")
    dump = only_dump(write(tmp_path / "a.warc", warc(("response", nameless, HTML, "200 OK"))))
    assert_is_article(dump, source="news.example.org")


@pytest.mark.parametrize(
    ("coding", "pack"),
    [
        ("gzip", gzip.compress),
        ("deflate", lambda data: __import__("zlib").compress(data)),
        ("gzip", lambda data: data),  # crawlers keep the header and unpack the body
    ],
)
def test_http_codings_are_taken_off(tmp_path: Path, coding: str, pack: Callable[[bytes], bytes]) -> None:
    headers = [*HTML, ("Content-Encoding", coding)]
    assert_is_article(only_dump(write(tmp_path / "a.warc", warc(("response", pack(page()), headers, "200 OK")))))


def test_chunks_are_joined(tmp_path: Path) -> None:
    body = page()
    chunked = b"".join(b"%x\r\n%s\r\n" % (len(part), part) for part in (body[:300], body[300:])) + b"0\r\n\r\n"
    headers = [*HTML, ("Transfer-Encoding", "chunked")]
    assert_is_article(only_dump(write(tmp_path / "a.warc", warc(("response", chunked, headers, "200 OK")))))


@pytest.mark.parametrize("gzipped", [False, True])
def test_a_wet_gives_its_texts_as_they_are(tmp_path: Path, gzipped: bool) -> None:
    content = warc(
        ("conversion", FERRY.encode(), [], ""), ("conversion", b" ", [], ""), ("conversion", CRANE.encode(), [], ""),
        gzipped=gzipped,
    )  # fmt: skip
    dumps, problems = read(write(tmp_path / "a.wet.gz", content))
    assert [(dump.name, dump.text, dump.source) for dump in dumps] == [
        ("a.wet.gz#1", FERRY, "news.example.org"),
        ("a.wet.gz#3", CRANE, "news.example.org"),
    ]
    assert [(problem.where, problem.reason) for problem in problems] == [(f"{tmp_path}/a.wet.gz#2", "empty")]


def test_a_record_that_cannot_be_used_is_named_and_the_next_is_read(tmp_path: Path) -> None:
    content = warc(
        ("response", b"<html><body></body></html>", HTML, "200 OK"),
        ("response", b"\x89PNG\r\n\x1a\n\0\0", HTML, "200 OK"),
        ("response", page(), HTML, "200 OK"),
    )
    dumps, problems = read(write(tmp_path / "a.warc", content))
    assert [dump.name for dump in dumps] == ["a.warc#3"]
    assert [(p.where, p.reason) for p in problems] == [
        (f"{tmp_path}/a.warc#1", "empty"), (f"{tmp_path}/a.warc#2", "binary"),
    ]  # fmt: skip


@pytest.mark.parametrize("gzipped", [False, True])
@pytest.mark.parametrize("kept", [0.3, 0.8])
def test_a_crawl_cut_short_gives_the_records_before_and_one_problem(
    tmp_path: Path, gzipped: bool, kept: float, capfd: pytest.CaptureFixture[str]
) -> None:
    first = warc(("conversion", FERRY.encode(), [], ""), gzipped=gzipped)
    second = warc(("conversion", random.Random(7).randbytes(9000).hex().encode(), [], ""), gzipped=gzipped)
    path = write(tmp_path / "a.wet", first + second[: int(kept * len(second))])
    dumps, problems = read([path, write(tmp_path / "b.txt", CRANE)])
    assert [dump.text for dump in dumps] == [FERRY, CRANE]
    assert [(problem.where, problem.reason) for problem in problems] == [(f"{path}#2", "corrupt")]
    assert capfd.readouterr() == ("", "")


def test_a_record_in_a_bad_warc_is_named_in_one_line(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    good = warc(("conversion", FERRY.encode(), [], ""))
    nameless = warc(("response", page(), HTML, "200 OK")).replace(b"WARC-Target-URI", b"WARC-Target")
    endless = warc(("response", page(), HTML, "200 OK")).replace(b"Length: ", b"Length: " + b"9" * 20)
    for number, bad in enumerate(
        (good.replace(b"Length: ", b"Length: x"), b"WARC/1.0\r\nrubbish", b"a\n" * 9, nameless, endless)
    ):
        path = write(tmp_path / f"{number}.wet", good + bad)
        dumps, problems = read(path)
        assert [dump.text for dump in dumps] == [FERRY]
        assert [(problem.where, problem.reason) for problem in problems] == [(f"{path}#2", "corrupt")]
    assert capfd.readouterr() == ("", "")


def test_a_bomb_in_a_record_is_given_up_and_the_next_record_is_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(compression, "MAX_TEXT_BYTES", 100_000)
    headers = [*HTML, ("Content-Encoding", "gzip")]
    bomb = warc(("response", gzip.compress(b"a" * 3_000_000), headers, "200 OK"))
    dumps, problems = read(write(tmp_path / "a.warc", bomb + warc(("response", page(), HTML, "200 OK"))))
    assert [dump.name for dump in dumps] == ["a.warc#2"]
    assert [problem.reason for problem in problems] == ["too_large"]


# Encodings


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32"])
def test_unicode_is_read_with_and_without_a_mark(tmp_path: Path, encoding: str) -> None:
    assert only_dump(write(tmp_path / "a.txt", CRANE.encode(encoding))).text == CRANE


LEGACY = [
    ("cp1252", "“We’ll mend it – this week…” the mayor said. Tickets cost €5."),
    ("cp1252", "The El Niño rains closed São Tomé’s façade, said Señor Peña."),
    (
        "cp1252",
        "Le maire a annoncé jeudi que le café près de la gare resterait fermé jusqu’à l’été, à côté du château.",
    ),
    ("cp1252", "El alcalde anunció que la estación cerrará hasta el próximo año, según la señora Peña."),
    ("cp1252", "Der Bürgermeister kündigte an, dass die Straße über die Brücke größer werde."),
    ("cp1250", "Žluťoučký kůň přeběhl přes starý most, a starosta řekl, že příští týden začne oprava střechy."),
    ("cp1251", "Сегодня утром в гавани открыли новый мост, и жители деревни вышли посмотреть на первый паром."),
    ("shift_jis", "港の新しい橋が今朝開通し、村の人々は最初の船を見に集まった。市長は短いあいさつをした。"),
    ("gb18030", "今天早上港口的新桥通车了，村民们都来看第一班渡轮。市长作了简短的讲话。"),
    ("euc_kr", "오늘 아침 항구의 새 다리가 열렸고 마을 사람들은 첫 배를 보러 모였다. 시장은 짧게 인사했다."),
]


@pytest.mark.parametrize(("encoding", "text"), LEGACY)
def test_legacy_encodings_are_told_from_the_bytes(tmp_path: Path, encoding: str, text: str) -> None:
    assert only_dump(write(tmp_path / "a.txt", text.encode(encoding))).text == text


@pytest.mark.parametrize(("encoding", "text"), LEGACY)
def test_a_forced_encoding_is_taken(tmp_path: Path, encoding: str, text: str) -> None:
    assert only_dump(write(tmp_path / "a.txt", text.encode(encoding)), encoding=encoding).text == text


def test_a_forced_encoding_that_does_not_fit_or_does_not_exist_is_a_problem(tmp_path: Path) -> None:
    path = write(tmp_path / "a.txt", "café".encode("cp1252"))
    assert "not utf-8" in only_problem(path, encoding="utf-8").message
    assert only_problem(path, encoding="ascii").reason == "undecodable"
    for unknown in ("klingon", "rot13", "", "a\0b", "idna", "Punycode", "undefined"):
        assert "no encoding of text files is called" in only_problem(path, encoding=unknown).message


def test_a_forced_encoding_leaves_the_mark_out(tmp_path: Path) -> None:
    assert only_dump(write(tmp_path / "a.txt", CRANE.encode("utf-8-sig")), encoding="utf-8").text == CRANE


def test_utf8_with_a_bad_byte_is_not_taken_for_another_encoding(tmp_path: Path) -> None:
    text = "A café.\n" * 9 + "A naïve café"
    problem = only_problem(write(tmp_path / "a.txt", text.encode()[:-1]))
    assert problem.reason == "undecodable"
    assert "line 10" in problem.message


def test_bytes_that_no_encoding_fits_are_a_problem() -> None:
    with pytest.raises(Unreadable) as caught:
        decode(b"\xfe\xff\xd8\x00")  # marked as UTF-16, and half a surrogate pair
    assert caught.value.reason == "undecodable"


not_nul = st.characters(exclude_categories=["Cs"], exclude_characters="\0")


@given(st.text(not_nul, min_size=1).filter(str.strip))
@settings(max_examples=300, deadline=None)
def test_any_text_with_a_mark_comes_back(text: str) -> None:
    for encoding in ("utf-8-sig", "utf-16"):
        assert decode(text.encode(encoding)) == text


prose = st.text(st.characters(exclude_categories=["Cs", "Cc", "Co", "Cn"], include_characters="\t\n\r\f"), min_size=1)


@given(prose.filter(lambda text: text.strip() and not text.startswith("\ufeff")))
@settings(max_examples=300, deadline=None)
def test_any_text_as_utf8_comes_back(text: str) -> None:
    assert decode(text.encode()) == text


def test_line_ends_stay_and_offsets_are_those_of_the_text(tmp_path: Path) -> None:
    text = "One\r\nTwo\rThree\n\r\nfour\u2028five\x85six\x0c seven"
    dump = only_dump(write(tmp_path / "a.txt", text.encode("utf-8-sig")))
    assert dump.text == text
    assert dump.text.index("Two") == 5


# What is not text, or not there


@pytest.mark.parametrize("content", ["", "\ufeff", " \n\t\r\n", "\u2028\u00a0"])
def test_nothing_but_white_space_is_empty(tmp_path: Path, content: str) -> None:
    assert only_problem(write(tmp_path / "a.txt", content)).reason == "empty"


def test_a_million_blank_lines_are_read(tmp_path: Path) -> None:
    assert only_problem(write(tmp_path / "a.txt", "\n" * 1_000_000)).reason == "empty"
    assert only_problem(write(tmp_path / "a.jsonl", "\n" * 1_000_000)).reason == "empty"
    assert only_dump(write(tmp_path / "b.txt", "\n" * 1_000_000 + "x")).text.endswith("\nx")


@pytest.mark.parametrize("encoding", ["utf-8", "cp1252", "utf-16"])
def test_a_line_of_ten_megabytes_is_read(tmp_path: Path, encoding: str) -> None:
    text = ("The café is shut. " * 600_000)[:10_000_000]
    assert only_dump(write(tmp_path / "a.txt", text.encode(encoding))).text == text


@pytest.mark.parametrize(
    "content",
    [
        b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR",
        b"\xff\xd8\xff\xe0\0\x10JFIF",
        b"%PDF-1.7\nabc",
        random.Random(7).randbytes(20_000),
        b"\0" * 5000,
        b"a\0b\0\0c",
        FERRY.encode() + b"\x01\x02\x03\x04" * 20,
    ],
)
def test_binary_data_is_told_and_passed_over(tmp_path: Path, content: bytes) -> None:
    dumps, problems = read([write(tmp_path / "a.txt", content), write(tmp_path / "b.txt", FERRY)])
    assert [dump.name for dump in dumps] == ["b.txt"]
    assert [problem.reason for problem in problems] == ["binary"]


@pytest.mark.parametrize(
    "word", ["GIF8 was a stamp", "RIFFRAFF moves in", "ID3 cards", "Rar! cried the crow", "OggS", "PK"]
)
def test_prose_that_begins_like_a_file_format_is_prose(tmp_path: Path, word: str) -> None:
    assert only_dump(write(tmp_path / "a.txt", word)).text == word


def test_a_stray_nul_or_escape_does_not_make_prose_binary(tmp_path: Path) -> None:
    text = CRANE * 5 + "\0" + CRANE + "\x1b[1mbold\x1b[0m" * 20
    assert only_dump(write(tmp_path / "a.txt", text)).text == text


@pytest.mark.parametrize("given_path", ["missing.txt", "missing/", "no*thing.txt", "", "a\0b", "x" * 5000, "[a"])
def test_what_is_missing_is_said_and_the_rest_is_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, given_path: str
) -> None:
    monkeypatch.chdir(tmp_path)
    write(tmp_path / "ferry.txt", FERRY)
    dumps, problems = read([given_path, "ferry.txt"])
    assert [dump.name for dump in dumps] == ["ferry.txt"]
    assert [problem.reason for problem in problems] == ["missing"]


def refuse(*_: Any, **__: Any) -> Any:
    raise PermissionError(13, "Permission denied", "locked")


def test_a_file_without_permission_is_passed_over(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    real_open = open
    locked, ferry = write(tmp_path / "locked.txt", FERRY), write(tmp_path / "ferry.txt", FERRY)
    monkeypatch.setattr(
        compression,
        "open",
        lambda path, *rest, **more: refuse() if path == locked else real_open(path, *rest, **more),
        raising=False,
    )
    dumps, problems = read([locked, ferry])
    assert [dump.name for dump in dumps] == ["ferry.txt"]
    assert [(problem.where, problem.reason) for problem in problems] == [(str(locked), "no_permission")]


def test_a_disk_that_fails_is_a_problem(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: Any, **__: Any) -> Any:
        raise OSError(5, "Input/output error")

    monkeypatch.setattr(compression, "open", fail, raising=False)
    problem = only_problem(write(tmp_path / "a.txt", FERRY))
    assert problem.reason == "unreadable"
    assert "Input/output error" in problem.message


def test_a_folder_that_cannot_be_listed_is_a_problem_and_the_others_are_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(tmp_path / "locked" / "a.txt", FERRY)
    write(tmp_path / "open" / "b.txt", FERRY)
    real_scandir = os.scandir

    def scandir(path: Any = ".") -> Iterator[Any]:
        if os.path.basename(path) == "locked":
            raise PermissionError(13, "Permission denied", str(path))
        return real_scandir(path)

    with monkeypatch.context() as patched:
        patched.setattr(os, "scandir", scandir)
        dumps, problems = read(tmp_path)
    assert [dump.name for dump in dumps] == ["open/b.txt"]
    assert [(p.where, p.reason) for p in problems] == [(str(tmp_path / "locked"), "no_permission")]


def test_a_folder_that_can_be_listed_but_not_entered_is_a_problem(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    locked = write(tmp_path / "a.txt", FERRY)
    real_stat = os.stat
    with monkeypatch.context() as patched:
        patched.setattr(
            os, "stat", lambda path, *rest, **more: refuse() if path == str(locked) else real_stat(path, *rest, **more)
        )
        problem = only_problem(tmp_path)
    assert (problem.where, problem.reason) == (str(locked), "no_permission")


def test_a_pipe_is_read_like_a_file(tmp_path: Path) -> None:
    reading, writing = os.pipe()
    os.write(writing, FERRY.encode())
    os.close(writing)
    try:
        assert only_dump(f"/dev/fd/{reading}").text == FERRY
    finally:
        os.close(reading)


# The caller's side


def test_without_a_handler_the_first_problem_is_raised(tmp_path: Path) -> None:
    dumps = read_dumps([write(tmp_path / "a.txt", FERRY), tmp_path / "missing.txt"])
    assert next(dumps).text == FERRY
    with pytest.raises(DumpError) as caught:
        next(dumps)
    assert str(caught.value) == (
        f"{tmp_path}/missing.txt: no such file or folder. Check the path; relative paths start at the current folder."
    )


def test_a_message_is_one_line_even_where_a_path_is_not(tmp_path: Path) -> None:
    problem = only_problem(tmp_path / "two\nlines\x1b[2J.txt")
    assert "two\\nlines\\x1b[2J.txt" in problem.message


def test_dumps_come_one_at_a_time(tmp_path: Path) -> None:
    write(tmp_path / "a.txt", FERRY)
    later = write(tmp_path / "b.txt", "not yet")
    dumps = read_dumps(tmp_path)
    next(dumps)
    later.write_text("by now")
    assert next(dumps).text == "by now"
