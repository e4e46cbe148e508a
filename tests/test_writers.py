"""Writers: each format on rows of both kinds, terminals of all widths, and disks that are full."""

from __future__ import annotations

import csv
import errno
import html.parser
import io
import json
import os
import re
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from html import escape
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.console import Console
from sample_rows import DERBY, FERRY, Piece, files_of_at_most, harbour, make_rows

from topics.errors import OutputError
from topics.writers import FORMATS, check_format, format_for, render_table, write_rows, write_topics_folder
from topics.writers.atomic import TEMPORARY, write_text
from topics.writers.jsonl import encode_row
from topics.writers.markdown import escape_markdown
from topics.writers.rows import body_lines, find_topic, split_runs
from topics.writers.tally import Tally
from topics.writers.text import clean_cell, spell_in

Row = Mapping[str, Any]


def listing(folder: Path) -> list[str]:
    return sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*"))


def written(rows: list[Row], format: str, tmp_path: Path) -> bytes:
    path = tmp_path / f"out.{format}"
    assert write_rows(iter(rows), path, format) == len(rows)
    return path.read_bytes()


def no_space(*_: Any, **__: Any) -> Any:
    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


# --- names of formats


@pytest.mark.parametrize(
    ("name", "format"), [("a.jsonl", "jsonl"), ("a.MD", "md"), ("a.markdown", "md"), ("x/a.b.htm", "html")]
)
def test_a_suffix_names_a_format(name: str, format: str) -> None:
    assert format_for(Path(name)) == format


@pytest.mark.parametrize("name", ["a.xlsx", "folder", "a.jsonl.gz"])
def test_an_unknown_suffix_is_refused_with_those_that_are_known(name: str) -> None:
    with pytest.raises(OutputError, match=re.escape(".jsonl, .csv, .parquet, .md, .html")):
        format_for(Path(name))


def test_a_format_has_one_name() -> None:
    assert check_format("Markdown") == "md"
    with pytest.raises(OutputError, match='unknown format "xls"'):
        check_format("xls")


# --- formats


def test_jsonl_gives_every_row_back_with_its_keys_in_order(tmp_path: Path) -> None:
    rows = harbour()
    lines = written(rows, "jsonl", tmp_path).decode().splitlines()
    assert [json.loads(line) for line in lines] == rows
    assert [list(json.loads(line)) for line in lines] == [list(row) for row in rows]


@given(st.text(st.characters(codec=None, exclude_categories=()), max_size=30))
def test_a_jsonl_line_is_one_line_and_gives_any_text_back(text: str) -> None:
    line = encode_row({"text": text})
    assert len(line.decode().splitlines()) == 1 and line.endswith(b"\n")
    back = json.loads(line)["text"]
    assert back == text or back.encode("utf-16", "surrogatepass") == text.encode("utf-16", "surrogatepass")


# every kind of character that is escaped, and some that are not
ODD_TEXT = st.text(
    st.sampled_from(list('a é"\\/\n\r\t\b\f\x00\x1f\x7f\x85\xa0\u2028\u202e\u200b“😀\ud800')), max_size=12
)
VALUES = st.recursive(
    st.one_of(ODD_TEXT, st.none(), st.booleans(), st.integers(), st.floats(allow_nan=False, allow_infinity=False)),
    lambda inside: st.one_of(st.lists(inside, max_size=3), st.dictionaries(ODD_TEXT, inside, max_size=3)),
)


@given(st.dictionaries(ODD_TEXT, VALUES, max_size=5))
def test_a_jsonl_line_is_what_the_standard_library_makes_of_the_row(row: dict[str, object]) -> None:
    line = json.dumps(row, ensure_ascii=False)
    if "\ud800" in line:
        line = json.dumps(row)
    else:
        line = re.sub("[\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069]", lambda m: f"\\u{ord(m[0]):04x}", line)
    assert encode_row(row) == line.encode() + b"\n"


def test_a_jsonl_line_has_no_line_end_that_others_may_see() -> None:
    text = "a\u2028b\u2029c\x85d\x0be\x0cf"
    (line,) = encode_row({"text": text}).decode().splitlines()
    assert json.loads(line)["text"] == text


def test_a_jsonl_line_cannot_command_a_terminal() -> None:
    line = encode_row({"text": "\x1b[2J \x9b2J \x7f \u202e"})
    assert line.decode().isprintable() is False  # the line end alone
    assert line.decode()[:-1].isprintable()


def test_csv_is_rfc_4180_with_a_header(tmp_path: Path) -> None:
    rows = make_rows("a.txt", Piece(['She said "no", twice', "and left."], topic="world", score=0.5))
    data = written(rows, "csv", tmp_path).decode()
    head, *_ = data.split("\r\n")
    assert head.split(",") == list(rows[0])
    assert '"She said ""no"", twice\nand left.\n"\r\n' in data
    assert not data.startswith("\ufeff")


def test_csv_cells_of_every_kind(tmp_path: Path) -> None:
    data = written(harbour(), "csv", tmp_path).decode()
    ferry, derby, _, appeal = csv.DictReader(io.StringIO(data, newline=""))
    assert ferry["also"] == "world" and derby["also"] == ""
    assert ferry["furniture"] == "[[28,40],[75,80]]"
    assert json.loads(ferry["topics"])[0] == {"topic": "business", "score": 0.9}
    assert (ferry["unknown"], ferry["score"], ferry["title"]) == ("false", "0.9", FERRY.title)
    assert (appeal["topic"], appeal["score"], appeal["duplicate_of"]) == ("", "", "")


def test_csv_joins_secondary_topics_with_semicolons(tmp_path: Path) -> None:
    rows = make_rows("a.txt", Piece(["Text."], topic="gaza", score=0.5, also=("iran", "world")))
    assert ",iran;world," in written(rows, "csv", tmp_path).decode()


@pytest.mark.parametrize("start", ["=", "+", "-", "@", "\t", "\r", "\n"])
def test_csv_cells_cannot_be_formulas(start: str, tmp_path: Path) -> None:
    rows = [{**harbour()[0], "title": f"{start}HYPERLINK()", "source": "a=b", "also": [f"{start}x", "y"]}]
    data = written(rows, "csv", tmp_path).decode()
    (row,) = csv.DictReader(io.StringIO(data, newline=""))
    assert row["title"] == f"'{start}HYPERLINK()"
    assert row["also"] == f"'{start}x;y"
    assert row["source"] == "a=b"


@pytest.mark.parametrize("topics", [True, False])
@pytest.mark.parametrize("clean", [True, False])
def test_parquet_gives_rows_of_every_shape_back(topics: bool, clean: bool, tmp_path: Path) -> None:
    import pyarrow.parquet as pq

    rows = harbour(topics=topics, clean=clean)
    written(rows, "parquet", tmp_path)
    assert pq.read_table(tmp_path / "out.parquet").to_pylist() == rows


def test_the_parquet_schema_does_not_depend_on_the_rows(tmp_path: Path) -> None:
    import pyarrow.parquet as pq

    write_rows(harbour()[:1], tmp_path / "one.parquet", "parquet")
    write_rows(harbour()[3:], tmp_path / "boilerplate.parquet", "parquet")
    write_rows([], tmp_path / "none.parquet", "parquet")
    schemas = [pq.read_schema(tmp_path / f"{name}.parquet") for name in ("one", "boilerplate", "none")]
    assert schemas[0].equals(schemas[1]) and schemas[0].equals(schemas[2])
    assert str(schemas[0].field("furniture").type) == "list<element: list<element: int64>>"
    assert str(schemas[0].field("topics").type) == "list<element: struct<topic: string, score: double>>"


def test_parquet_is_written_in_row_groups_as_rows_come(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import pyarrow.parquet as pq

    monkeypatch.setattr("topics.writers.parquet._GROUP_ROWS", 3)
    rows = harbour() * 2
    written(rows, "parquet", tmp_path)
    file = pq.ParquetFile(tmp_path / "out.parquet")
    assert [file.metadata.row_group(n).num_rows for n in range(file.num_row_groups)] == [3, 3, 2]
    assert file.read().to_pylist() == rows


def test_a_value_of_the_wrong_type_is_one_line_and_no_file(tmp_path: Path) -> None:
    rows = [{**harbour()[0], "start": "nine"}]
    with pytest.raises(OutputError, match=r"harbour\.txt.*Write JSONL\.") as caught:
        write_rows(rows, tmp_path / "a.parquet", "parquet")
    assert "\n" not in str(caught.value)
    assert listing(tmp_path) == []


@pytest.mark.parametrize("format", ["csv", "parquet"])
def test_a_late_column_is_refused_and_not_dropped(format: str, tmp_path: Path) -> None:
    rows = [*harbour()[:1], *harbour(clean=True)[1:]]
    with pytest.raises(OutputError, match=r'row 2 \(harbour\.txt\) has "body"'):
        write_rows(rows, tmp_path / "a", format)
    assert listing(tmp_path) == []


@pytest.mark.parametrize("format", FORMATS)
def test_no_rows_make_a_file_all_the_same(format: str, tmp_path: Path) -> None:
    data = written([], format, tmp_path)
    assert data == b"" if format == "jsonl" else data
    if format in ("md", "html"):
        assert b"No segments" in data


@pytest.mark.parametrize("format", FORMATS)
def test_the_same_rows_give_the_same_bytes(format: str, tmp_path: Path) -> None:
    assert written(harbour(), format, tmp_path) == written(harbour(), format, tmp_path)


@pytest.mark.parametrize("format", FORMATS)
def test_lone_surrogates_do_not_stop_a_writer(format: str, tmp_path: Path) -> None:
    rows = make_rows("a\udcff.txt", Piece(["Half \ud83d a pair."], topic="world", score=0.5, title="\udc00"))
    assert written(rows, format, tmp_path)


@pytest.mark.parametrize("format", ["jsonl", "csv", "parquet"])
def test_data_formats_do_not_hold_all_rows(format: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("topics.writers.parquet._GROUP_ROWS", 10)
    sizes: list[int] = []

    def watch() -> Iterator[Row]:
        row = harbour()[0]
        for number in range(200):
            if number % 50 == 49:
                (temporary,) = tmp_path.iterdir()
                sizes.append(temporary.stat().st_size)
            yield {**row, "text": os.urandom(2000).hex()}

    assert write_rows(watch(), tmp_path / "a", format) == 200
    assert 0 < sizes[0] < sizes[1] < sizes[2] < sizes[3]


# --- Markdown and HTML


def test_markdown_reads_from_top_to_bottom_without_furniture(tmp_path: Path) -> None:
    text = written(harbour(), "md", tmp_path).decode()
    assert text.count("Ferry crews go back to work") == 1  # the heading; not again as the first paragraph
    assert "## harbour.txt\n\n### Ferry crews go back to work\n\n*business 90% · also world" in text
    assert "Deckhands voted on Tuesday night.\n\nSailings resume.\n" in text
    assert "Ines Tamm" not in text and "Share\n" not in text
    assert "*unknown · nearest: culture 30%, world 20% · line 8 · segment 2*" in text
    assert "| sport | 1 |" in text


def test_markdown_of_rows_without_topics(tmp_path: Path) -> None:
    text = written(harbour(topics=False), "md", tmp_path).decode()
    assert "*starts here with 90% · lines 1–5 · segment 0*" in text and "| topic |" not in text


@pytest.mark.parametrize(
    "line",
    ["# no heading", "1. no list", "12) no list", "- no list", "+ no", "--- ", "===", "> no quote",
     "a*b*c _d_ `e`", "[no](link) ![no](image)", "<b>no</b> &amp; <!-- no -->", "a | b", "no\\*escape\\",
     "~~no~~", "```", "*", "***"],
)  # fmt: skip
def test_markdown_shows_what_was_written(line: str) -> None:
    assert_shown_as_written(line)


@given(st.text(st.characters(codec="utf-8", exclude_characters="\ufffd"), max_size=40))
def test_markdown_shows_any_text_as_it_was_written(line: str) -> None:
    assert_shown_as_written(line)


def assert_shown_as_written(line: str) -> None:
    from markdown_it import MarkdownIt

    plain = clean_cell(line).replace("\x00", "")
    shown = MarkdownIt("commonmark").enable(["table", "strikethrough"]).render(escape_markdown(line))
    assert shown == (f"<p>{escape(plain, quote=False).replace(chr(34), '&quot;')}</p>\n" if plain else "")


class _Page(html.parser.HTMLParser):
    """Every tag with its attributes, and the text of the page outside of styles."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.open: list[str] = []
        self.shown = ""
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        if tag not in ("meta", "input"):
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if "style" not in self.open:
            self.shown += data

    def all(self, name: str) -> list[dict[str, str | None]]:
        return [attributes for tag, attributes in self.tags if tag == name]


def test_an_html_page_needs_nothing_from_outside_and_runs_nothing(tmp_path: Path) -> None:
    evil = '<script>alert(1)</script> <img src="http://tracker.test/x.png" onerror=alert(1)> {{ 7 * 7 }}'
    rows = make_rows('<b>"dump".txt', Piece([evil, f"~{evil}"], topic='a"b', score=0.5, title=evil, language='"x'))
    text = written([{**rows[0], "id": '" onclick="x', "source": evil}], "html", tmp_path).decode()
    page = _Page(text)
    assert page.open == []
    assert {tag for tag, _ in page.tags}.isdisjoint({"script", "img", "link", "iframe", "b"})
    assert not any(key.startswith("on") for _, attributes in page.tags for key in attributes)
    assert all(value.startswith("#") for a in page.all("a") if (value := a["href"]) is not None)
    assert "url(" not in text and "@import" not in text
    assert "default-src 'none'" in text
    assert page.shown.count(evil) >= 3


def test_html_greys_furniture_and_links_to_every_segment(tmp_path: Path) -> None:
    rows = harbour()
    page = _Page(written(rows, "html", tmp_path).decode())
    anchors = [article["id"] for article in page.all("article")]
    assert anchors == [f"s-{row['id']}" for row in rows]
    assert {f"#{anchor}" for anchor in anchors} <= {a["href"] for a in page.all("a")}
    assert [p.get("class") for p in page.all("p") if p.get("dir")] == [
        "furniture", None, "furniture", None, None, None, None, "furniture", "furniture",
    ]  # fmt: skip
    assert "Ines Tamm" in page.shown


def test_html_greys_furniture_inside_a_line(tmp_path: Path) -> None:
    (row,) = make_rows("flat.txt", Piece(["It rained. Sign up now. It snowed."], topic="climate", score=0.6))
    text = written([{**row, "furniture": [[11, 24]]}], "html", tmp_path).decode()
    assert '<p dir="auto">It rained. <span class="furniture">Sign up now. </span>It snowed.</p>' in text


def test_html_leaves_furniture_out_where_rows_carry_the_body(tmp_path: Path) -> None:
    page = _Page(written(harbour(clean=True), "html", tmp_path).decode())
    assert "Ines Tamm" not in page.shown and "Sailings resume." in page.shown


def test_html_anchors_are_unique_where_two_dumps_hold_the_same_text(tmp_path: Path) -> None:
    rows = [*make_rows("a.txt", DERBY), *make_rows("b.txt", DERBY)]
    page = _Page(written(rows, "html", tmp_path).decode())
    first, second = (article["id"] for article in page.all("article"))
    assert first != second


def test_html_shows_rows_without_topics(tmp_path: Path) -> None:
    page = _Page(written(harbour(topics=False), "html", tmp_path).decode())
    assert "starts here with 90%" in page.shown and not any(i.get("type") == "radio" for i in page.all("input"))


# --- rows and summaries


@given(
    st.text("ab \n", max_size=40),
    st.lists(st.tuples(st.integers(-5, 60), st.integers(-5, 60)), max_size=4),
    st.integers(0, 5),
)
def test_cutting_at_furniture_loses_nothing_but_white_space(
    text: str, spans: list[tuple[int, int]], start: int
) -> None:
    lines = split_runs({"text": text, "start": start, "furniture": spans})
    joined = ["".join(run.text for run in runs) for runs in lines]
    assert joined == [line.strip() for line in text.split("\n") if line.strip()]


def test_body_lines_are_the_body_that_the_record_gives() -> None:
    for row, clean in zip(harbour(), harbour(clean=True), strict=True):
        assert "\n".join(body_lines(row)) == clean["body"]


def test_a_tally_counts_by_topic_with_unknown_and_boilerplate_last() -> None:
    tally = Tally()
    rows = harbour()
    for row in [*rows[:2], {**rows[2], "text": "b" * 400}, {**rows[3], "text": "a" * 900}]:
        tally.add(row)
    counts = tally.topics()
    assert [count.topic for count in counts] == ["business", "sport", "unknown", "boilerplate"]
    assert [count.mean_score for count in counts] == [0.9, 0.7, None, None]
    assert sum(count.share for count in counts) == pytest.approx(1)
    assert find_topic(harbour(topics=False)[0]) is None


# --- the table


def table(rows: list[Row], width: int = 80, encoding: str = "utf-8") -> str:
    out = io.TextIOWrapper(io.BytesIO(), encoding=encoding, newline="")
    render_table(iter(rows), console=Console(file=out, width=width, color_system=None))
    out.flush()
    raw = out.buffer
    assert isinstance(raw, io.BytesIO)
    return raw.getvalue().decode(encoding)


def test_a_table_at_80_columns() -> None:
    lines = [line.rstrip() for line in table(harbour()).splitlines()]
    assert lines[0] == "harbour.txt"
    assert lines[1].split() == ["#", "topic", "score", "lines", "title", "kind"]
    assert lines[2] == "   0 business           0.90       1–5 Ferry crews go back to work   article"
    assert lines[4].startswith("   2 unknown                         8 The bell has not")
    assert lines[5].startswith("   3 –                            9–10 Give 3 a month. Keep")
    assert any(re.fullmatch(r"business +1 +\d\d% █{20} +0\.90", line) for line in lines)
    assert lines[-1] == "4 segments in 1 dump: 3 articles, 1 boilerplate"


@pytest.mark.parametrize("width", [24, 40, 60, 80, 132, 200])
@pytest.mark.parametrize("topics", [True, False])
def test_a_table_fits_its_terminal(width: int, topics: bool) -> None:
    rows = make_rows("d" * 300, FERRY, DERBY, Piece(["w" * 400], topic="t" * 60, score=0.5), topics=topics)
    assert max(len(line) for line in table(rows, width).splitlines()) <= width


def test_a_table_of_rows_without_topics_shows_where_pieces_start() -> None:
    lines = table(harbour(topics=False)).splitlines()
    assert lines[1].split() == ["#", "start", "lines", "title", "kind"]
    assert " 0.90 " in lines[2] and "business" not in "".join(lines)


def test_each_dump_has_its_own_head() -> None:
    rows = [*harbour(), *make_rows("second.txt", DERBY)]
    lines = table(rows).splitlines()
    assert lines[lines.index("") + 1] == "second.txt"
    assert lines[-1].startswith("5 segments in 2 dumps")


def test_a_long_dump_is_one_table(monkeypatch: pytest.MonkeyPatch) -> None:
    whole = table(harbour())
    monkeypatch.setattr("topics.writers.table._ROWS_A_TABLE", 2)
    assert table(harbour()) == whole


def test_headlines_cannot_command_the_terminal_or_the_table() -> None:
    evil = "\x1b[31mRed\x9b2J\u202e \u2066[bold]loud[/bold] :smile: 👩\u200d🚒\r\n\tend\x7f"
    rows = make_rows("dump\x1b]0;title\x07.txt", Piece([evil], topic="spo\x1brt", score=0.5, title=evil))
    shown = table(rows, 200)
    assert not re.search("[\x00-\x09\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]", shown)
    assert "[31mRed2J [bold]loud[/bold] :smile: 👩\u200d🚒 end" in shown


@pytest.mark.parametrize("encoding", ["ascii", "latin-1", "cp437"])
def test_a_terminal_gets_only_what_it_can_show(encoding: str) -> None:
    rows = make_rows("d.txt", Piece(["Zoë – “so” 漢 " + "long " * 40], topic="world", score=0.5, also=()))
    shown = table(rows, 80, encoding)  # strict: what cannot be encoded raises
    assert "world" in shown and "?" in shown
    assert ("Zoe" if encoding == "ascii" else "Zoë") in shown


def test_an_empty_table_says_so() -> None:
    assert table([]) == "No segments.\n"


@given(st.text(max_size=30), st.sampled_from(["ascii", "latin-1", "cp1252", "utf-8", "no-such-encoding"]))
def test_any_text_can_be_spelled_in_any_encoding(text: str, encoding: str) -> None:
    spelled = spell_in(text, encoding)
    spelled.encode("ascii" if encoding.startswith("no") else encoding)


# --- whole or absent


@pytest.mark.parametrize("format", FORMATS)
@pytest.mark.parametrize("call", ["fsync", "replace"])
def test_a_full_disk_is_one_line_and_leaves_the_old_file(
    format: str, call: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / f"out.{format}"
    path.write_bytes(b"old")
    monkeypatch.setattr(os, call, no_space)
    with pytest.raises(OutputError) as caught:
        write_rows(harbour(), path, format)
    reason = "No space left on device. Free some space or choose another --output."
    assert str(caught.value) == f"cannot write {path}: {reason}"
    assert path.read_bytes() == b"old" and listing(tmp_path) == [path.name]


class _FullFile(io.BytesIO):
    """Takes some bytes and then has no room."""

    def __init__(self, room: int) -> None:
        super().__init__()
        self.room = room

    def write(self, data: Any) -> int:
        if self.tell() + len(data) > self.room:
            no_space()
        return super().write(data)


@pytest.mark.parametrize("format", FORMATS)
@pytest.mark.parametrize("room", [0, 300])
def test_a_full_disk_while_writing_is_one_line(format: str, room: int) -> None:
    with pytest.raises(OutputError, match="No space left on device") as caught:
        write_rows(harbour() * 50, None, format, stream=_FullFile(room))
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("format", FORMATS)
def test_a_file_that_cannot_grow_leaves_nothing(format: str, tmp_path: Path) -> None:
    rows = [{**row, "text": os.urandom(5000).hex()} for row in harbour()]
    with files_of_at_most(4000), pytest.raises(OutputError, match=r"File too large\. Free some space"):
        write_rows(rows, tmp_path / "a", format)
    with files_of_at_most(4000), pytest.raises(OutputError, match=r"File too large\. Free some space"):
        write_topics_folder(rows, tmp_path / "b", format=format)
    assert listing(tmp_path) == []


@pytest.mark.parametrize("format", FORMATS)
def test_a_full_device_is_one_line(format: str) -> None:
    full = Path("/dev/full")  # only ever opened as a stream: a writer that is wrong must not get to replace it
    if not full.is_char_device():
        pytest.skip("there is no /dev/full on this system")
    with open(full, "wb", buffering=0) as stream, pytest.raises(OutputError, match="cannot write /dev/full: No sp"):
        write_rows(harbour(), None, format, stream=stream)


@pytest.mark.parametrize("format", FORMATS)
def test_a_named_pipe_is_written_to_and_not_replaced(format: str, tmp_path: Path) -> None:
    if not hasattr(os, "mkfifo"):
        pytest.skip("there are no named pipes on this system")
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    reader = os.open(pipe, os.O_RDONLY | os.O_NONBLOCK)
    try:
        write_rows(harbour(), pipe, format)
        got = os.read(reader, 1 << 20)
    finally:
        os.close(reader)
    assert pipe.is_fifo()
    assert got == written(harbour(), format, tmp_path)


@pytest.mark.parametrize("format", FORMATS)
def test_rows_that_fail_leave_no_file_and_keep_their_own_error(format: str, tmp_path: Path) -> None:
    def fail() -> Iterator[Row]:
        yield harbour()[0]
        raise OSError(errno.EIO, "the input is gone")

    with pytest.raises(OSError, match="the input is gone"):
        write_rows(fail(), tmp_path / "a", format)
    assert listing(tmp_path) == []


def test_half_a_parquet_stream_does_not_pass_for_a_whole_one() -> None:
    import pyarrow as pa
    import pyarrow.parquet as pq

    def fail() -> Iterator[Row]:
        yield harbour()[0]
        raise RuntimeError("stop")

    out = io.BytesIO()
    with pytest.raises(RuntimeError, match="stop"):
        write_rows(fail(), None, "parquet", stream=out)
    with pytest.raises(pa.ArrowInvalid):
        pq.read_table(io.BytesIO(out.getvalue()))


@pytest.mark.parametrize("format", FORMATS)
@pytest.mark.parametrize("call", ["write", "flush"])
@pytest.mark.parametrize("error", [BrokenPipeError(), OSError(errno.ENOSPC, "No space left on device")])
def test_a_broken_pipe_is_left_to_the_caller_and_other_errors_are_not(error: OSError, call: str, format: str) -> None:
    class Gone(io.BytesIO):
        n_written = 0

        def write(self, data: Any) -> int:
            self.n_written += len(data)
            if call == "write":
                raise error
            return len(data)

        def flush(self) -> None:  # is called before the first byte too
            if self.n_written:
                raise error

    with pytest.raises(BrokenPipeError if isinstance(error, BrokenPipeError) else OutputError):
        write_rows(harbour(), None, format, stream=Gone())


@pytest.mark.parametrize(
    ("place", "move"), [("no/folder/a.csv", "Make the folder first"), ("file/a.csv", "Make the folder first")]
)
def test_a_place_that_is_not_there_is_one_line(place: str, move: str, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x")
    with pytest.raises(OutputError, match=move):
        write_rows(harbour(), tmp_path / place, "csv")


def test_a_folder_is_no_file(tmp_path: Path) -> None:
    with pytest.raises(OutputError, match="it is a folder"):
        write_rows(harbour(), tmp_path, "csv")


def test_a_link_is_written_through(tmp_path: Path) -> None:
    (tmp_path / "real.txt").write_text("old")
    (tmp_path / "link.txt").symlink_to("real.txt")
    write_text(tmp_path / "link.txt", "new")
    assert (tmp_path / "link.txt").is_symlink()
    assert (tmp_path / "real.txt").read_text() == "new"


def test_a_new_file_has_the_mode_that_any_new_file_has(tmp_path: Path) -> None:
    write_text(tmp_path / "a", "x")
    (tmp_path / "b").touch()
    assert (tmp_path / "a").stat().st_mode == (tmp_path / "b").stat().st_mode


# --- streams


@pytest.mark.parametrize("format", FORMATS)
def test_a_stream_gets_the_bytes_that_a_file_gets(format: str, tmp_path: Path) -> None:
    out = io.BytesIO()
    assert write_rows(harbour(), None, format, stream=out) == 4
    assert out.getvalue() == written(harbour(), format, tmp_path)
    assert not out.closed


def test_standard_output_is_utf_8_whatever_its_encoding(monkeypatch: pytest.MonkeyPatch) -> None:
    raw = io.BytesIO()
    monkeypatch.setattr(sys, "stdout", io.TextIOWrapper(raw, encoding="ascii", newline="\r\n"))
    sys.stdout.write("before\n")
    write_rows(make_rows("a.txt", Piece(["Zoë"])), None, "jsonl")
    before, line = raw.getvalue().split(b"\r\n")
    assert before == b"before" and json.loads(line.decode())["text"] == "Zoë\n"


def test_a_stream_of_text_takes_text_but_not_parquet() -> None:
    out = io.StringIO()
    write_rows(harbour(), None, "jsonl", stream=out)
    assert [json.loads(line) for line in out.getvalue().splitlines()] == harbour()
    with pytest.raises(OutputError, match="Parquet is binary"):
        write_rows(harbour(), None, "parquet", stream=io.StringIO())


def test_parquet_does_not_go_to_a_terminal() -> None:
    class Terminal(io.BytesIO):
        def isatty(self) -> bool:
            return True

    out = Terminal()
    with pytest.raises(OutputError, match=r"Use --output FILE\.parquet\."):
        write_rows(harbour(), None, "parquet", stream=out)
    assert out.getvalue() == b""


def test_a_path_may_be_a_string(tmp_path: Path) -> None:
    assert write_rows(harbour(), str(tmp_path / "a.csv"), "csv") == len(harbour())
    assert (tmp_path / "a.csv").read_bytes() == written(harbour(), "csv", tmp_path)


def test_a_path_and_a_stream_are_one_too_many(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="not both"):
        write_rows([], tmp_path / "a", "csv", stream=io.BytesIO())


def test_importing_the_writers_imports_no_heavy_library() -> None:
    code = (
        "import sys, topics.writers, topics.runs; "
        "print([n for n in ('pyarrow', 'jinja2', 'rich', 'numpy', 'filelock') if n in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


# --- a folder a topic


def test_an_export_has_a_page_a_topic_and_an_index(tmp_path: Path) -> None:
    folder = tmp_path / "monday"
    counts = write_topics_folder(harbour(), folder)
    assert counts == {"business": 1, "sport": 1, "unknown": 1, "world": 1}
    assert listing(folder) == [
        ".topics-export", "business", "business/index.html", "index.html", "sport", "sport/index.html",
        "unknown", "unknown/index.html", "world", "world/index.html",
    ]  # fmt: skip
    index = _Page((folder / "index.html").read_text("utf-8"))
    assert {a["href"] for a in index.all("a")} == {f"{topic}/index.html" for topic in counts}
    page = _Page((folder / "business/index.html").read_text("utf-8"))
    assert "Sailings resume." in page.shown and "Ines Tamm" not in page.shown and "derby" not in page.shown
    assert {"href": "../index.html"} in page.all("a")
    assert listing(tmp_path)[0] == "monday" and not list(tmp_path.glob(f"{TEMPORARY}*"))


def test_an_export_in_several_formats_links_them_all(tmp_path: Path) -> None:
    formats = ["html", "md", "csv", "parquet"]
    write_topics_folder(harbour(), tmp_path / "a", format=formats, topics=["sport"], names={"sport": "Games & sport"})
    assert listing(tmp_path / "a") == [
        ".topics-export", "index.html", "index.md",
        "sport", "sport/README.md", "sport/index.html", "sport/sport.csv", "sport/sport.parquet",
    ]  # fmt: skip
    index = _Page((tmp_path / "a/index.html").read_text("utf-8"))
    names = ("index.html", "README.md", "sport.csv", "sport.parquet")
    assert {a["href"] for a in index.all("a")} == {f"sport/{name}" for name in names}
    assert "Games & sport" in index.shown
    page = _Page((tmp_path / "a/sport/index.html").read_text("utf-8"))
    assert {"../index.html", *names[1:]} <= {a["href"] for a in page.all("a")}
    header = (tmp_path / "a/sport/sport.csv").read_text("utf-8").split(",")
    assert header[:4] == ["topic", "also", "kind", "score"] and "text" in header


def test_an_export_of_furniture_and_all(tmp_path: Path) -> None:
    write_topics_folder(harbour(), tmp_path / "a", clean=False)
    assert "Ines Tamm" in (tmp_path / "a/business/index.html").read_text("utf-8")


def test_an_export_in_markdown_links_its_pages(tmp_path: Path) -> None:
    write_topics_folder(harbour(), tmp_path / "a", format="markdown", topics=["sport"])
    assert listing(tmp_path / "a") == [".topics-export", "index.md", "sport", "sport/README.md"]
    assert "[sport](sport/README.md) | 1 |" in (tmp_path / "a/index.md").read_text("utf-8")
    assert "# sport\n" in (tmp_path / "a/sport/README.md").read_text("utf-8")


@pytest.mark.parametrize("clean", [True, False])
def test_an_export_of_records_keeps_them(clean: bool, tmp_path: Path) -> None:
    write_topics_folder(harbour(), tmp_path / "a", format="jsonl", also=False, clean=clean)
    lines = (tmp_path / "a/business/business.jsonl").read_text("utf-8").splitlines()
    assert [json.loads(line) for line in lines] == harbour(clean=clean)[:1]


@pytest.mark.parametrize("format", ["csv", "parquet"])
def test_an_export_in_a_table_format_has_one_file_a_topic(format: str, tmp_path: Path) -> None:
    write_topics_folder(harbour(), tmp_path / "a", format=format, topics={"sport"})
    assert listing(tmp_path / "a") == [".topics-export", "index.md", "sport", f"sport/sport.{format}"]


def test_an_export_takes_the_topics_that_are_asked_for(tmp_path: Path) -> None:
    assert write_topics_folder(harbour(), tmp_path / "a", topics=["sport", "boilerplate", "health"]) == {
        "boilerplate": 1,
        "sport": 1,
    }


@pytest.mark.parametrize(
    ("min_score", "kept"),
    [(0.4, ["business", "sport", "unknown", "world"]), (0.5, ["business", "sport", "unknown"]),
     (0.7, ["business", "sport", "unknown"]), (0.71, ["business", "unknown"]), (1.0, ["unknown"])],
)  # fmt: skip
def test_an_export_asks_the_score_for_the_topic_a_segment_stands_under(
    min_score: float, kept: list[str], tmp_path: Path
) -> None:
    assert list(write_topics_folder(harbour(), tmp_path / "a", min_score=min_score)) == kept


def test_an_export_of_nothing_says_so_and_leaves_what_is_there(tmp_path: Path) -> None:
    write_topics_folder(harbour(), tmp_path / "a")
    before = listing(tmp_path)
    for name in "ab":
        with pytest.raises(OutputError, match="nothing fits that choice of topics and scores, and nothing was written"):
            write_topics_folder(harbour(), tmp_path / name, topics=["iran"])
    assert listing(tmp_path) == before


def test_an_export_replaces_an_export_and_leaves_nothing_of_it(tmp_path: Path) -> None:
    folder = tmp_path / "a"
    write_topics_folder(harbour(), folder)
    (folder / ".DS_Store").touch()
    write_topics_folder(harbour(), folder, topics=["sport"], format="csv")
    assert listing(folder) == [".topics-export", "index.md", "sport", "sport/sport.csv"]
    assert listing(tmp_path) == ["a", *(f"a/{name}" for name in listing(folder))]


def test_an_export_fills_an_empty_folder_and_makes_the_way_to_a_new_one(tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    assert write_topics_folder(harbour(), tmp_path / "empty")
    assert write_topics_folder(harbour(), tmp_path / "some/way/down")


@pytest.mark.parametrize("fill", ["a file in a folder", "a file", "a damaged marker"])
def test_an_export_does_not_replace_what_it_did_not_write(fill: str, tmp_path: Path) -> None:
    target = tmp_path / "mine"
    if fill == "a file":
        target.write_text("mine")
    else:
        target.mkdir()
        (target / (".topics-export" if "marker" in fill else "thesis.txt")).write_text("mine")
    before = listing(tmp_path)
    with pytest.raises(OutputError, match=r"mine exists and .* Choose another --output\."):
        write_topics_folder(harbour(), target)
    assert listing(tmp_path) == before


def test_an_export_does_not_delete_a_file_that_was_put_into_one(tmp_path: Path) -> None:
    write_topics_folder(harbour(), tmp_path / "a")
    (tmp_path / "a/sport/notes.txt").write_text("mine")
    with pytest.raises(OutputError, match=r"notes\.txt was not written by the export"):
        write_topics_folder(harbour(), tmp_path / "a")
    assert (tmp_path / "a/sport/notes.txt").read_text() == "mine"


@pytest.mark.parametrize(
    ("name", "move"),
    [("sport/sport.csv", r"Run `topics labels import .*a --format csv`, then move it away or"),
     ("sport/README.md", "Move it away or"), ("index.md", "Move it away or")],
)  # fmt: skip
def test_an_export_does_not_replace_a_file_that_was_edited_since(name: str, move: str, tmp_path: Path) -> None:
    folder = tmp_path / "a"
    write_topics_folder(harbour(), folder, format=["csv", "md"])
    edited = (folder / name).read_bytes() + b"\n"
    (folder / name).write_bytes(edited)
    said = re.escape(f"{folder / name} was edited since the export. ") + move
    with pytest.raises(OutputError, match=rf"{said} choose another --output\.$"):
        write_topics_folder(harbour(), folder, format=["csv", "md"])
    assert (folder / name).read_bytes() == edited
    (folder / name).rename(tmp_path / "kept")
    write_topics_folder(harbour(), folder, format=["csv", "md"])
    assert (folder / name).read_bytes() + b"\n" == edited


def test_an_export_of_an_earlier_version_is_not_replaced_since_it_may_have_been_edited(tmp_path: Path) -> None:
    write_topics_folder(harbour(), tmp_path / "a", format="csv")
    marker = tmp_path / "a/.topics-export"
    files = json.loads(marker.read_bytes())["files"]
    marker.write_text(json.dumps({"format_version": 1, "files": list(files)}))
    before = listing(tmp_path)
    with pytest.raises(OutputError, match=r"a was exported by an earlier version, .* choose another --output\.$"):
        write_topics_folder(harbour(), tmp_path / "a", format="csv")
    assert listing(tmp_path) == before


def test_exports_of_the_same_rows_have_the_same_bytes(tmp_path: Path) -> None:
    for name in "ab":
        write_topics_folder(harbour(), tmp_path / name, format=["csv", "html"])
    for name in listing(tmp_path / "a"):
        if (tmp_path / "a" / name).is_file():
            assert (tmp_path / "a" / name).read_bytes() == (tmp_path / "b" / name).read_bytes()


def _spoil_fsync(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "fsync", no_space)


def _spoil_last_rename(monkeypatch: pytest.MonkeyPatch) -> None:
    rename = os.rename

    def spoiled(source: Any, target: Any) -> None:
        if Path(target).name == "a" and (Path(source) / "fresh").exists():
            no_space()
        rename(source, target)

    monkeypatch.setattr(os, "rename", spoiled)


@pytest.mark.parametrize("spoil", [_spoil_fsync, _spoil_last_rename])
def test_an_export_that_fails_leaves_the_old_one(
    spoil: Callable[[pytest.MonkeyPatch], None], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_topics_folder(harbour(), tmp_path / "a")
    before = listing(tmp_path)
    spoil(monkeypatch)
    fresh = make_rows("a.txt", Piece(["New."], topic="fresh", score=0.9))
    with pytest.raises(OutputError) as caught:
        write_topics_folder(fresh, tmp_path / "a")
    assert str(caught.value).startswith(f"cannot write {tmp_path / 'a'}")
    assert TEMPORARY not in str(caught.value)
    assert listing(tmp_path) == before


def test_an_export_whose_rows_fail_leaves_the_old_one(tmp_path: Path) -> None:
    def fail() -> Iterator[Row]:
        yield harbour()[0]
        raise RuntimeError("stop")

    write_topics_folder(harbour(), tmp_path / "a")
    before = listing(tmp_path)
    with pytest.raises(RuntimeError, match="stop"):
        write_topics_folder(fail(), tmp_path / "a")
    assert listing(tmp_path) == before


@pytest.mark.parametrize("topic", ["../up", "a/b", "", ".hidden", "x" * 200])
def test_a_topic_cannot_lead_out_of_the_folder(topic: str, tmp_path: Path) -> None:
    rows = [{**harbour()[1], "also": [topic], "topics": [{"topic": topic, "score": 0.9}]}]
    with pytest.raises(OutputError, match="cannot name a folder"):
        write_topics_folder(rows, tmp_path / "a")
    assert listing(tmp_path) == []


def test_an_export_of_rows_without_topics_is_refused(tmp_path: Path) -> None:
    with pytest.raises(OutputError, match="no topics in it"):
        write_topics_folder(harbour(topics=False), tmp_path / "a")


def test_the_spool_gives_rows_back_in_order_however_often_it_is_emptied(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    rows = [row for name in "abcde" for row in make_rows(f"{name}.txt", FERRY, DERBY)]
    write_topics_folder(rows, tmp_path / "once", format="jsonl")
    monkeypatch.setattr("topics.writers.topics_folder._SPOOL_BYTES", 700)
    write_topics_folder(rows, tmp_path / "often", format="jsonl")
    for name in listing(tmp_path / "once"):
        if (tmp_path / "once" / name).is_file():
            assert (tmp_path / "often" / name).read_bytes() == (tmp_path / "once" / name).read_bytes()
    found = (tmp_path / "once/sport/sport.jsonl").read_text().splitlines()
    assert [json.loads(line)["dump"] for line in found] == [f"{name}.txt" for name in "abcde"]
