"""A dump that comes in blocks is cut as it is whole, wherever the blocks end, and in memory that does not grow."""

from __future__ import annotations

import gzip
import io
import os
import threading
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from typer.testing import CliRunner

from topics.bundle import Model
from topics.cli import app
from topics.errors import DumpError, LabelError
from topics.paragraphs import Paragraphs, ParagraphStream, Punkt, lines, split_paragraphs
from topics.pipeline import classify_dump, stream_rows
from topics.reading import LongDump, ReadOptions, containers, list_inputs, long, read_dumps, stream_dumps
from topics.records import Dump, Segment, dump_digest
from topics.runs import read_rows
from topics.segmentation import segment_blocks, segment_dump, segmenter, streaming
from topics.segmentation.decode import Decoder, decode_starts
from topics.segmentation.furniture import assign_roles
from topics.segmentation.layout import DumpFacts
from topics.segmentation.streaming import TextBuffer, score_chapters

ROOT = Path(__file__).resolve().parent.parent
SEEDS = [path.read_text("utf-8") for path in sorted((ROOT / "seeds").glob("*.txt"))]
PUNKT = Punkt(abbreviations=frozenset({"dr", "u.s"}))

PIECES = st.sampled_from(
    ["\n", "\r", "\r\n", "\n\n", "\x0b", "\u2028",  " ", "  ", "\u00a0", "\t", "word ", "word", "Dr. Who went. ",
     "The end.”\n", "She left.He stayed. ", "x" * 40, "…", "é", "北京", "A. B. ", "?! "]
)  # fmt: skip
TEXTS = st.lists(PIECES, max_size=80).map("".join)


def cut_at(text: str, places: list[int]) -> list[str]:
    bounds = [0, *sorted({place % (len(text) + 1) for place in places}), len(text)]
    return [text[a:b] for a, b in pairwise(bounds)]


PLACES = st.lists(st.integers(0, 10**6), max_size=12)


# Paragraphs


@settings(max_examples=400)
@given(TEXTS, PLACES, st.sampled_from([1 << 20, 60, 30]))
def test_paragraphs_do_not_depend_on_blocks(text: str, places: list[int], longest: int) -> None:
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(lines, "MAX_LINE", 25)
        patched.setattr(lines, "_LONGEST_LINE", longest)
        patched.setattr(lines, "_SOON", 15)
        patched.setattr(lines, "_LATEST", 50)
        whole = split_paragraphs(text, PUNKT)
        stream = ParagraphStream(PUNKT)
        blocks = cut_at(text, places)
        parts = [stream.feed(block, is_last=k == len(blocks) - 1) for k, block in enumerate(blocks)]
        assert [paragraph for rows in parts for paragraph in Paragraphs(rows)] == whole
        covered = "".join(text[p.start : p.end] for p in whole)
        assert "".join(covered.split()) == "".join(text.split())
        assert all(a.end <= b.start for a, b in pairwise(whole))


def test_a_line_without_end_is_given_out_bit_by_bit(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lines, "_LONGEST_LINE", 5_000)
    monkeypatch.setattr(lines, "_SOON", 500)
    stream, n_kept = ParagraphStream(PUNKT), []
    sentence = "The ferry sailed at noon and nobody saw it leave the quay. "
    for _ in range(200):
        found = Paragraphs(stream.feed(sentence * 30))
        n_kept.append(len(stream._kept))
        assert all(paragraph.line == 1 for paragraph in found)
    assert max(n_kept) < 8_000


# Segments


def facts_of(text: str) -> DumpFacts:
    return DumpFacts("a.txt", dump_digest(text))


@pytest.fixture(scope="module")
def long_text() -> str:
    """Some two thousand paragraphs of every style: many stretches, and several chapters where they are short."""
    flat = " ".join(SEEDS[1].split())
    return "\n\n".join([*SEEDS, flat, SEEDS[0] * 2, flat * 2, *SEEDS[::-1], "• Share\n" * 700, *SEEDS]) + "\n"


@pytest.fixture(scope="module", params=[streaming.CHAPTER, 2 * streaming.STEP])
def chapter(request: pytest.FixtureRequest) -> Iterator[int]:
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(streaming, "CHAPTER", request.param)
        yield request.param


@pytest.fixture(scope="module")
def whole(long_text: str, model: Model, chapter: int) -> list[Segment]:
    return segment_dump(Dump("a.txt", long_text), model.segmentation)


@settings(max_examples=6)
@given(PLACES)
def test_segments_do_not_depend_on_blocks(
    whole: list[Segment], long_text: str, model: Model, places: list[int]
) -> None:
    assert len(list(split_paragraphs(long_text, model.segmentation.punkt))) > 3 * streaming.STEP
    blocks = cut_at(long_text, places)
    assert list(segment_blocks(blocks, facts_of(long_text), model.segmentation)) == whole


@pytest.mark.parametrize("size", [1000, 65_537])
def test_segments_do_not_depend_on_the_size_of_blocks(
    size: int, whole: list[Segment], long_text: str, model: Model
) -> None:
    blocks = (long_text[k : k + size] for k in range(0, len(long_text), size))
    assert list(segment_blocks(blocks, facts_of(long_text), model.segmentation)) == whole
    assert "".join(segment.text for segment in whole) == long_text


def test_starts_are_those_of_the_whole_text_scored_at_once(whole: list[Segment], long_text: str, model: Model) -> None:
    scored = model.segmentation.score(long_text)
    starts = decode_starts(scored.probabilities, assign_roles(scored).body, scored.threshold)
    assert [round(float(scored.probabilities[i]), 4) for i in starts] == [segment.boundary for segment in whole]
    begins = [long_text.index(segment.text.lstrip(), segment.start) for segment in whole]
    assert begins == [scored.paragraphs[i].start for i in starts]


def test_short_chapters_only_change_what_is_judged_by_chapter(long_text: str, model: Model) -> None:
    with pytest.MonkeyPatch.context() as patched:
        found = []
        for size in (streaming.CHAPTER, 2 * streaming.STEP):
            patched.setattr(streaming, "CHAPTER", size)
            found.append(segment_dump(Dump("a.txt", long_text), model.segmentation))
    assert [(s.start, s.end, s.boundary, s.furniture, s.title) for s in found[0]] == [
        (s.start, s.end, s.boundary, s.furniture, s.title) for s in found[1]
    ]


@pytest.mark.parametrize("text", ["", " \n ", "\n\n\r", "One.", "\n\nOne.\n\n", "One\rtwo\r", " x"])
def test_small_texts_do_not_depend_on_blocks(text: str, model: Model) -> None:
    for blocks in ([text], list(text), ["", text, ""], []):
        if "".join(blocks) == text:
            found = list(segment_blocks(blocks, facts_of(text), model.segmentation))
            assert found == segment_dump(Dump("a.txt", text), model.segmentation)


@settings(max_examples=10)
@given(st.dictionaries(st.integers(-5, 120_000), st.booleans(), max_size=8), PLACES)
def test_decisions_do_not_depend_on_blocks(model: Model, decided: dict[int, bool], places: list[int]) -> None:
    text = "\n\n".join(SEEDS[:6])
    found: list[tuple[list[Segment], list[str]]] = []
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(streaming, "CHAPTER", 2 * streaming.STEP)
        for blocks in ([text], cut_at(text, places)):
            said: list[LabelError] = []
            segments = list(
                segment_blocks(blocks, facts_of(text), model.segmentation, decided=decided, on_problem=said.append)
            )
            found.append((segments, [str(one) for one in said]))
    assert found[0] == found[1]


@settings(max_examples=300)
@given(
    st.lists(
        st.tuples(st.floats(0.0, 1.0), st.booleans(), st.sampled_from([None, None, None, True, False])), max_size=40
    ),
    st.integers(1, 7),
)
def test_starts_come_out_as_soon_as_they_are_sure_and_are_the_same(rows: list[Any], size: int) -> None:
    import numpy as np

    p, body = np.array([row[0] for row in rows]), np.array([row[1] for row in rows], dtype=bool)
    decided = {i: row[2] for i, row in enumerate(rows) if row[2] is not None}
    decoder, starts = Decoder(0.4), list[int]()
    for k in range(0, len(rows), size):
        starts += decoder.push(p[k : k + size], body[k : k + size], decided)
        if rows[: k + size][-1][1]:  # a body paragraph leaves a single way
            assert not decoder._began
    assert starts + decoder.finish() == decode_starts(p, body, 0.4, decided).tolist()


def test_what_is_held_of_a_text_does_not_grow_with_it(model: Model, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(streaming, "CHAPTER", 2 * streaming.STEP)
    held: list[int] = []
    read = TextBuffer.read

    def watch(text: TextBuffer) -> tuple[str, bool]:
        found = read(text)
        held.append(len(text._held))
        return found

    monkeypatch.setattr(TextBuffer, "read", watch)
    block = "\n\n".join(SEEDS) + "\n\n"
    n = sum(1 for _ in segment_blocks((block for _ in range(12)), facts_of(block), model.segmentation))
    assert n > 12 * len(SEEDS)
    assert max(held) < 5 * len(block)


def test_no_part_of_a_dump_at_hand_is_looked_at_again_and_again(model: Model, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(streaming, "CHAPTER", 2 * streaming.STEP)
    monkeypatch.setattr(segmenter, "BLOCK", 1 << 15)
    held: list[int] = []
    told: list[int] = []
    read, tell = TextBuffer.read, streaming.find_tongues

    def watch_read(text: TextBuffer) -> tuple[str, bool]:
        found = read(text)
        held.append(len(text._held))
        return found

    def watch_tell(text: str, *rest: Any) -> Any:
        told.append(len(text))
        return tell(text, *rest)

    monkeypatch.setattr(TextBuffer, "read", watch_read)
    monkeypatch.setattr(streaming, "find_tongues", watch_tell)
    text = "\n\n".join(SEEDS * 12)
    segments = segment_dump(Dump("a.txt", text), model.segmentation)
    assert max(held) < len(text) / 3
    told.clear()
    assert list(segment_blocks([text], facts_of(text), model.segmentation)) == segments
    assert sum(told) < 1.5 * len(text)


def test_chapters_tile_the_paragraphs(long_text: str, model: Model, chapter: int) -> None:
    chapters = list(score_chapters(TextBuffer([long_text]), model.segmentation))
    paragraphs = [p for each in chapters for p in each.scored.paragraphs]
    assert paragraphs == split_paragraphs(long_text, model.segmentation.punkt)
    assert [each.is_last for each in chapters] == [False] * (len(chapters) - 1) + [True]


# Reading


@pytest.fixture
def _short(monkeypatch: pytest.MonkeyPatch) -> None:
    for module in (long, containers):
        monkeypatch.setattr(module, "LONG_BYTES", 50_000)
    monkeypatch.setattr(long, "_BLOCK", 1000)


STREAM = ReadOptions(stream=True)
LONG = "\n\n".join(SEEDS)[:120_000] + "\nCafé “quoted” 北京 🙂\n" * 50


@pytest.mark.usefixtures("_short")
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-32", "cp1252"])
def test_a_long_dump_has_the_text_of_the_file(encoding: str, tmp_path: Path) -> None:
    text = LONG.replace("北京 🙂", "x") if encoding == "cp1252" else LONG
    (tmp_path / "a.txt").write_bytes(text.encode(encoding))
    (tmp_path / "b.txt.gz").write_bytes(gzip.compress(text.encode(encoding)))
    for item in stream_dumps(tmp_path, STREAM):
        if encoding == "cp1252":  # told by all of its bytes
            assert isinstance(item, Dump) and item.text == text
            continue
        assert isinstance(item, LongDump)
        assert item.digest == dump_digest(text)
        for _ in range(2):
            assert "".join(item.blocks()) == text
    assert [dump.text for dump in read_dumps(tmp_path)] == [text] * 2


@pytest.mark.usefixtures("_short")
@pytest.mark.parametrize("encoding", ["idna", "rot13", "hex", "klingon"])
def test_an_encoding_that_is_none_of_files_is_refused_for_a_long_dump_too(encoding: str, tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_bytes(LONG.encode())
    with pytest.raises(DumpError, match=f'no encoding of text files is called "{encoding}"'):
        list(stream_dumps(tmp_path, ReadOptions(stream=True, encoding=encoding)))


@pytest.mark.usefixtures("_short")
def test_long_standard_input_is_kept_while_it_is_needed() -> None:
    (item,) = stream_dumps("-", STREAM, stdin=io.BytesIO(LONG.encode()))
    assert isinstance(item, LongDump)
    assert "".join(item.blocks()) == LONG and item.digest == dump_digest(LONG)
    path = Path(str(item.source.path))
    assert path.exists()
    del item
    assert not path.exists()
    (plain,) = stream_dumps("-", STREAM, stdin=io.BytesIO(LONG.replace("北京 🙂", "é").encode("latin-1", "replace")))
    assert isinstance(plain, Dump)


@pytest.mark.usefixtures("_short")
def test_a_long_pipe_is_kept_while_it_is_needed(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    writer = threading.Thread(target=pipe.write_bytes, args=(LONG.encode(),))
    writer.start()
    (item,) = stream_dumps(pipe, STREAM)
    writer.join()
    assert isinstance(item, LongDump)
    assert item.source.path != pipe  # which nobody writes to any more
    assert "".join(item.blocks()) == LONG and item.digest == dump_digest(LONG)


@pytest.mark.usefixtures("_short")
def test_what_is_wrong_with_a_long_dump_is_said_as_of_a_short_one(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_bytes(b" \n" * 40_000)
    (tmp_path / "b.txt").write_bytes(b"\x89PNG" + bytes(90_000))
    (tmp_path / "c.txt").write_bytes(LONG.encode() + b"\xff\xfe\x80 caf\xc3\xa9")
    (tmp_path / "d.txt.gz").write_bytes(gzip.compress(LONG.encode())[:-300])
    problems: list[list[Any]] = []
    for options in (STREAM, ReadOptions()):
        problems.append([])
        assert list(stream_dumps(tmp_path, options, on_problem=problems[-1].append)) == []
    assert problems[0] == problems[1] and len(problems[0]) == 4


@pytest.mark.usefixtures("_short")
@pytest.mark.parametrize("content", [None, LONG[:70_000], LONG.replace("a", "b"), LONG + "\ufffd", b"\xff" * 200_000])
def test_a_long_dump_that_is_another_the_second_time_is_said_to_be(content: str | bytes | None, tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    path.write_text(LONG, "utf-8")
    (item,) = stream_dumps(path, STREAM)
    assert isinstance(item, LongDump)
    path.unlink()
    if content is not None:
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
    with pytest.raises(DumpError, match=f"^{path}: changed or went away while it was read"):
        list(item.blocks())


@pytest.mark.usefixtures("_short")
@pytest.mark.parametrize("target", ["rows.jsonl", "run"])
def test_a_long_dump_that_goes_away_meanwhile_is_passed_over(
    target: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path, output = tmp_path / "dumps" / "b.txt", tmp_path / target
    path.parent.mkdir()
    for name in ("a.txt", "b.txt", "c.txt"):
        (path.parent / name).write_text(LONG if name == "b.txt" else SEEDS[0], "utf-8")
    read = LongDump.blocks

    def read_late(dump: LongDump) -> Iterator[str]:
        path.unlink()
        yield from read(dump)

    words = ["classify", str(path.parent), "--output", str(output), "--no-labels", "--jobs", "1"]
    with monkeypatch.context() as patched:
        patched.setattr(LongDump, "blocks", read_late)
        done = CliRunner().invoke(app, words)
    assert done.exit_code == 1
    said = done.stderr.splitlines()
    assert said[0].startswith(f"topics: {path}: changed or went away") and said[1].endswith("1 input passed over")
    assert {row["dump"] for row in read_rows(output)} == {"a.txt", "c.txt"}
    path.write_text(LONG, "utf-8")
    assert CliRunner().invoke(app, words).exit_code == 0
    assert {row["dump"] for row in read_rows(output)} == {"a.txt", "b.txt", "c.txt"}


@pytest.mark.usefixtures("_short")
def test_rows_of_a_long_dump_are_those_of_a_short_one(tmp_path: Path, model: Model) -> None:
    (tmp_path / "a.txt").write_text(LONG, "utf-8", newline="")
    (item,) = stream_dumps(tmp_path, STREAM)
    assert isinstance(item, LongDump)
    (short,) = read_dumps(tmp_path)
    for options in ({"topics": False}, {"clean": True, "boundaries": 0.7}):
        rows = list(stream_rows(item, model, decided={}, **options))
        assert rows == classify_dump(short, model, decided={}, **options)
    assert len(list_inputs(tmp_path)) == 1
