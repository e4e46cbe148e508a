"""Decisions as lines, and the label files that hold them, under kill -9 and two writers."""

from __future__ import annotations

import errno
import json
import os
import signal
import subprocess
import sys
import time
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from filelock import FileLock
from hypothesis import given
from hypothesis import strategies as st

from topics.errors import LabelError, OutputError
from topics.labels import store
from topics.labels.boundaries import read_boundaries
from topics.labels.decisions import (
    BoundaryDecision,
    Decision,
    Note,
    TopicDecision,
    Undo,
    date_behind,
    from_json,
    to_json,
)
from topics.labels.store import append_decisions, find_label_files, read_decisions, write_decisions
from topics.labels.taxonomy import load_own_taxonomy, parse_taxonomy
from topics.records import KINDS

TAXONOMY = parse_taxonomy(
    "\n".join(f'[[topic]]\nslug = "{slug}"\nname = "x"\ndescription = "x"' for slug in ("rivers", "hills")),
    "labels/taxonomy.toml",
)
TOPIC = TopicDecision(
    dump="d" * 64,
    start=10,
    end=90,
    segment="5" * 64,
    topic="rivers",
    also=("hills",),
    kind="article",
    by="ada",
    at="2026-03-01T10:00:00Z",
    name="wire/march.txt",
)
BOUNDARY = BoundaryDecision(
    dump="d" * 64, offset=90, starts=True, by="ada", at="2026-03-01T10:00:00Z", name="wire/march.txt"
)


def row(**changes: Any) -> dict[str, Any]:
    """The topic decision as the object of its line; a value of ``...`` takes the field away."""
    plain = json.loads(to_json(TOPIC)) | changes
    return {key: value for key, value in plain.items() if value is not ...}


def read(path: Path) -> list[Decision]:
    decisions = read_decisions([path])
    entries = sorted((*decisions.topics, *decisions.boundaries), key=lambda entry: entry.rank)
    return [entry.decision for entry in entries]


digests = st.text("0123456789abcdef", min_size=64, max_size=64)
names = st.text(min_size=1).filter(str.strip)
times = st.datetimes().map(lambda moment: moment.isoformat() + "Z")
slugs = st.lists(st.from_regex(r"[a-z]{1,8}", fullmatch=True), unique=True, max_size=3)


@st.composite
def topic_decisions(draw: st.DrawFn) -> TopicDecision:
    kind = draw(st.sampled_from(KINDS))
    said = [] if kind == "boilerplate" else draw(slugs)
    places = draw(st.lists(st.integers(0, 10**9), unique=True, min_size=2, max_size=8).map(sorted))
    start, *inner, end = places
    spans = tuple(zip(inner[::2], inner[1::2], strict=False))
    return TopicDecision(
        dump=draw(digests),
        start=start,
        end=end,
        segment=draw(digests),
        topic=said[0] if said else None,
        also=tuple(said[1:]),
        kind=kind,
        by=draw(names),
        at=draw(times),
        name=draw(st.text()),
        source=draw(st.none() | names),
        published=draw(st.none() | st.dates().map(lambda day: day.isoformat())),
        confidence=draw(st.sampled_from((None, "h", "m", "l"))),
        title=draw(st.none() | st.text()),
        furniture=draw(st.sampled_from((None, spans))),
        text=draw(st.none() | st.text()),
    )


boundary_decisions = st.builds(
    BoundaryDecision,
    dump=digests,
    offset=st.integers(0, 10**9),
    starts=st.booleans(),
    by=names,
    at=times,
    name=st.text(),
)


@given(topic_decisions() | boundary_decisions)
def test_a_decision_survives_its_line(decision: Decision):
    line = to_json(decision)
    assert "\n" not in line
    assert from_json(line) == decision


def test_a_line_has_exactly_the_fields_of_the_format_in_their_order():
    assert list(row()) == "type dump start end segment topic also kind by at name".split()
    assert list(json.loads(to_json(BOUNDARY))) == "type dump offset starts by at name".split()
    assert row()["type"] == "topic"


def test_a_file_name_that_is_not_utf8_survives():
    decision = replace(BOUNDARY, name="caf\udce9.txt")
    assert from_json(to_json(decision).encode().decode()) == decision


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"type": "opinion"}, 'type "opinion" is none of "topic", "boundary", "note" and "undo".'),
        ({"type": ...}, 'type null is none of "topic", "boundary", "note" and "undo".'),
        ({"topics": []}, 'unknown field "topics".'),
        ({"by": ...}, 'field "by" is missing.'),
        ({"by": " "}, 'field "by" is not a text.'),
        ({"dump": "D" * 64}, 'field "dump" is not a SHA-256 in lower case hex.'),
        ({"segment": "5" * 63}, 'field "segment" is not a SHA-256'),
        ({"start": -1}, 'field "start" is not an offset of 0 or more.'),
        ({"start": True}, 'field "start" is not an offset of 0 or more.'),
        ({"start": 90}, "the segment ends (90) before it starts (90)."),
        ({"topic": 7}, 'field "topic" is not a text.'),
        ({"also": "hills"}, 'field "also" is not a list of slugs.'),
        ({"also": ["hills", "hills"]}, '"also" repeats a topic.'),
        ({"also": ["rivers"]}, '"also" repeats a topic.'),
        ({"kind": "essay"}, 'field "kind" is none of article, blurb, boilerplate.'),
        ({"kind": "boilerplate"}, 'a segment of kind "boilerplate" has no topic.'),
        ({"at": "yesterday"}, 'field "at" is not an ISO 8601 time'),
        ({"at": None}, 'field "at" is not an ISO 8601 time'),
        ({"name": None}, 'field "name" is not a text.'),
        ({"source": " "}, 'field "source" is not a text.'),
        ({"published": "20260131"}, 'field "published" is not an ISO 8601 date such as 2026-01-31.'),
        ({"published": "21 May"}, 'field "published" is not an ISO 8601 date such as 2026-01-31.'),
        ({"confidence": "high"}, 'field "confidence" is none of h, m, l.'),
        ({"furniture": [[20]]}, 'field "furniture" is not a list of [start, end].'),
        ({"furniture": [[20, 30], [25, 40]]}, "furniture [25, 40] is out of order or outside the segment."),
        ({"furniture": [[80, 91]]}, "furniture [80, 91] is out of order or outside the segment."),
    ],
)
def test_a_wrong_field_is_refused_with_its_place(changes: dict[str, Any], message: str):
    with pytest.raises(LabelError) as raised:
        from_json(json.dumps(row(**changes)), "labels/2026.jsonl:17")
    assert str(raised.value).startswith(f"labels/2026.jsonl:17: {message}")
    assert "\n" not in str(raised.value)


@pytest.mark.parametrize("line", ["<<<<<<< HEAD", "[1]", "null", '{"type": "topic"', "[" * 100_000, "9" * 5_000])
def test_a_line_that_is_no_decision_is_refused(line: str):
    with pytest.raises(LabelError, match=r"^here:3: not "):
        from_json(line, "here:3")


@pytest.mark.parametrize("value", [1, "true", None])
def test_starts_is_a_flag(value: object):
    with pytest.raises(LabelError, match='"starts" is neither true nor false'):
        from_json(json.dumps(json.loads(to_json(BOUNDARY)) | {"starts": value}))


def test_a_time_without_zone_is_utc():
    assert replace(TOPIC, at="2026-03-01T10:00:00").when == TOPIC.when
    assert replace(TOPIC, at="2026-03-01T12:00:00+02:00").when == TOPIC.when
    assert replace(TOPIC, at="2026-03-01T10:00:01Z").when > TOPIC.when


def test_what_replaces_a_decision_is_dated_behind_it_whatever_date_that_has():
    now, future = "2026-03-01T10:00:02Z", replace(BOUNDARY, at="2099-01-01T00:00:00+02:00")
    assert date_behind(now, []) == now
    assert date_behind(now, [replace(TOPIC, at="2026-03-01T12:00:01+02:00")]) == now
    assert date_behind(now, [replace(TOPIC, at=now), TOPIC]) == "2026-03-01T10:00:02.000001Z"
    assert date_behind(now, [TOPIC, future, NOTE]) == "2098-12-31T22:00:00.000001Z"
    with pytest.raises(LabelError, match=r"dated 9999-12-31, and nothing comes after that\."):
        date_behind(now, [replace(TOPIC, at=datetime.max.isoformat())])


def test_what_is_appended_is_read_back_with_its_places(tmp_path: Path):
    path = tmp_path / "labels" / "new.jsonl"
    append_decisions(path, [TOPIC])
    append_decisions(path, [BOUNDARY, TOPIC])
    decisions = read_decisions([path], TAXONOMY)
    assert [entry.place for entry in decisions.topics] == [f"{path}:1", f"{path}:3"]
    assert [entry.rank for entry in decisions.boundaries] == [1]
    assert read(path) == [TOPIC, BOUNDARY, TOPIC]


def test_a_folder_gives_its_label_files_by_name_and_nothing_else(tmp_path: Path):
    for name in ("b.jsonl", "a.jsonl", "a.terms.jsonl", "taxonomy.toml"):
        (tmp_path / name).touch()
    assert [path.name for path in find_label_files(tmp_path)] == ["a.jsonl", "b.jsonl"]
    append_decisions(tmp_path / "b.jsonl", [BOUNDARY])
    append_decisions(tmp_path / "a.jsonl", [TOPIC])
    assert read(tmp_path) == [TOPIC, BOUNDARY]
    assert read_decisions([]).topics == ()


def test_a_folder_with_the_name_of_a_label_file_is_named(tmp_path: Path):
    (tmp_path / "a.jsonl").mkdir()
    with pytest.raises(LabelError) as raised:
        read_decisions([tmp_path])
    assert (
        str(raised.value) == f"{tmp_path / 'a.jsonl'}: a folder, and no label file. Move it, or give it another name."
    )


def test_a_label_folder_that_cannot_be_read_is_one_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    def refuse(path: Path) -> bool:
        raise PermissionError(errno.EACCES, "Permission denied", str(path))

    monkeypatch.setattr(Path, "iterdir", refuse)
    with pytest.raises(LabelError, match=r"cannot be read \(Permission denied\)\. Make it readable\."):
        find_label_files(tmp_path)
    monkeypatch.setattr(Path, "is_file", refuse)
    with pytest.raises(LabelError, match=r"taxonomy.toml: cannot be read \(Permission denied\)"):
        load_own_taxonomy(tmp_path)


def test_an_unknown_topic_is_named_with_file_and_line(tmp_path: Path):
    path = tmp_path / "2026.jsonl"
    append_decisions(path, [TOPIC, replace(TOPIC, topic="sprots"), replace(TOPIC, also=("sprots",))])
    with pytest.raises(LabelError) as raised:
        read_decisions([path], TAXONOMY)
    expected = f'{path}:2: unknown topic "sprots". Known topics are in labels/taxonomy.toml.'
    assert str(raised.value) == expected
    problems: list[LabelError] = []
    assert len(read_decisions([path], TAXONOMY, problems.append).topics) == 1
    assert [str(problem).split(": ")[0] for problem in problems] == [f"{path}:2", f"{path}:3"]
    assert len(read_decisions([path]).topics) == 3


def test_bad_lines_are_collected_and_blank_ones_passed_over(tmp_path: Path):
    path = tmp_path / "a.jsonl"
    good = to_json(TOPIC).encode()
    path.write_bytes(b"\xef\xbb\xbf" + good + b"\r\n\n\xff\n" + b"{}\n" + good + b"\n")
    problems: list[LabelError] = []
    decisions = read_decisions([path], on_problem=problems.append)
    assert [entry.line for entry in decisions.topics] == [1, 5]
    assert [str(problem).split(": ")[0] for problem in problems] == [f"{path}:3", f"{path}:4"]


def test_a_label_file_that_is_not_there_is_a_mistake(tmp_path: Path):
    with pytest.raises(LabelError, match="no such label file"):
        read_decisions([tmp_path / "a.jsonl"])


def test_a_decision_that_could_not_be_read_again_is_not_written(tmp_path: Path):
    path = tmp_path / "a.jsonl"
    with pytest.raises(LabelError, match="ends"):
        append_decisions(path, [BOUNDARY, replace(TOPIC, end=3)])
    assert not path.exists()
    append_decisions(path, [])
    assert not path.exists()


def test_a_torn_last_line_is_reported_and_set_aside_by_the_next_append(tmp_path: Path):
    path = tmp_path / "a.jsonl"
    append_decisions(path, [TOPIC])
    torn = to_json(BOUNDARY)[:40]
    with path.open("a", encoding="utf-8") as file:
        file.write(torn)
    problems: list[LabelError] = []
    assert len(read_decisions([path], on_problem=problems.append).topics) == 1
    assert str(problems.pop()).startswith(f"{path}:2: the line is cut off")

    append_decisions(path, [BOUNDARY], problems.append)
    assert read(path) == [TOPIC, BOUNDARY]
    assert (tmp_path / "a.jsonl.torn").read_text() == torn + "\n"
    assert "a.jsonl.torn" in str(problems.pop())
    assert find_label_files(tmp_path) == [path]


def test_a_whole_last_line_without_line_end_stays(tmp_path: Path):
    path = tmp_path / "a.jsonl"
    path.write_text(to_json(TOPIC), encoding="utf-8")
    assert read(path) == [TOPIC]
    append_decisions(path, [BOUNDARY])
    assert read(path) == [TOPIC, BOUNDARY]
    assert not (tmp_path / "a.jsonl.torn").exists()


def test_a_long_torn_line_is_set_aside_whole(tmp_path: Path):
    path = tmp_path / "a.jsonl"
    append_decisions(path, [TOPIC])
    with path.open("a", encoding="utf-8") as file:
        file.write('{"text": "' + "reed " * 40_000)
    append_decisions(path, [BOUNDARY])
    assert read(path) == [TOPIC, BOUNDARY]
    assert (tmp_path / "a.jsonl.torn").stat().st_size == 10 + 200_000 + 1


def test_a_failed_write_leaves_the_file_as_it_was(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    path = tmp_path / "a.jsonl"
    append_decisions(path, [TOPIC])
    before = path.read_bytes()
    real_write = os.write

    def write_half(file: int, content: bytes) -> int:
        return real_write(file, content[: len(content) // 2])

    def write_nothing(file: int, content: bytes) -> int:
        real_write(file, content[:7])
        raise OSError(28, "No space left on device")

    for broken, message in ((write_half, "only a part"), (write_nothing, "No space left")):
        with monkeypatch.context() as patched:
            patched.setattr(os, "write", broken)
            with pytest.raises(OutputError, match=message):
                append_decisions(path, [BOUNDARY])
        assert path.read_bytes() == before


def test_a_whole_file_is_replaced_at_once_or_not_at_all(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    path = tmp_path / "a.jsonl"
    write_decisions(path, [TOPIC, BOUNDARY])
    write_decisions(path, [BOUNDARY])
    assert read(path) == [BOUNDARY]

    def refuse(*_names: object) -> None:
        raise OSError(13, "Permission denied")

    monkeypatch.setattr(os, "replace", refuse)
    with pytest.raises(OutputError, match="It is as it was"):
        write_decisions(path, [TOPIC])
    assert read(path) == [BOUNDARY]
    assert sorted(entry.name for entry in tmp_path.iterdir()) == [".lock", "a.jsonl"]


WRITER = """
import os, signal, sys
from pathlib import Path
from topics.labels.decisions import BoundaryDecision
from topics.labels.store import append_decisions

path, by, count, half = Path(sys.argv[1]), sys.argv[2], int(sys.argv[3]), sys.argv[4] == "half"
real_write = os.write
for offset in range(count):
    if half and offset == count - 1:
        def write_half(file, content):
            real_write(file, content[: len(content) // 2])
            os.kill(os.getpid(), signal.SIGKILL)
        os.write = write_half
    append_decisions(path, [BoundaryDecision(
        dump="d" * 64, offset=offset, starts=True, by=by, at="2026-03-01T10:00:00Z", name="wire.txt")])
    print(offset, flush=True)
"""


def start_writer(path: Path, by: str, count: int, *, half: bool = False) -> subprocess.Popen[str]:
    arguments = [sys.executable, "-c", WRITER, str(path), by, str(count), "half" if half else "whole"]
    return subprocess.Popen(arguments, stdout=subprocess.PIPE, text=True)


def offsets_by_writer(path: Path) -> dict[str, list[int]]:
    found: dict[str, list[int]] = {}
    for entry in read_decisions([path]).boundaries:
        found.setdefault(entry.decision.by, []).append(entry.decision.offset)
    return found


@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="no kill -9 on this system")
def test_a_process_killed_in_the_middle_of_a_write_loses_only_that_write(tmp_path: Path):
    path = tmp_path / "a.jsonl"
    with start_writer(path, "ada", 4, half=True) as writer:
        said, _ = writer.communicate(timeout=60)
    assert writer.returncode == -signal.SIGKILL
    assert said.split() == ["0", "1", "2"]
    assert not path.read_bytes().endswith(b"\n")
    with pytest.raises(LabelError, match=":4: the line is cut off"):
        read_decisions([path])

    append_decisions(path, [TOPIC])  # the lock of the dead does not hold
    assert read(path)[3:] == [TOPIC]
    assert offsets_by_writer(path) == {"ada": [0, 1, 2]}


@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="no kill -9 on this system")
def test_kill_9_at_any_moment_loses_nothing_that_was_confirmed(tmp_path: Path):
    path = tmp_path / "a.jsonl"
    with start_writer(path, "ada", 1_000_000) as writer:
        assert writer.stdout is not None
        confirmed = [int(writer.stdout.readline()) for _ in range(20)]
        time.sleep(0.02)
        writer.kill()
        confirmed += [int(line) for line in writer.stdout.read().split()]
    append_decisions(path, [TOPIC])
    offsets = offsets_by_writer(path)["ada"]
    assert offsets[: len(confirmed)] == confirmed
    assert len(offsets) <= len(confirmed) + 1
    assert read(path)[-1] == TOPIC


def test_an_append_waits_for_its_turn_and_says_so_when_it_never_comes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    path = tmp_path / "a.jsonl"
    monkeypatch.setattr(store, "_LOCK_SECONDS", 0.05)
    with FileLock(tmp_path / ".lock"), pytest.raises(OutputError, match="another process holds it"):
        append_decisions(path, [TOPIC])
    assert not path.exists()
    append_decisions(path, [TOPIC])
    assert read(path) == [TOPIC]


def test_two_processes_append_without_losing_or_mixing_lines(tmp_path: Path):
    path = tmp_path / "a.jsonl"
    writers = [start_writer(path, by, 200) for by in ("ada", "ben")]
    for writer in writers:
        writer.communicate(timeout=120)
        assert writer.returncode == 0
    assert offsets_by_writer(path) == {"ada": list(range(200)), "ben": list(range(200))}


NOTE = Note(
    dump="d" * 64,
    start=10,
    end=90,
    segment="5" * 64,
    note="ask the desk",
    by="ada",
    at="2026-03-02T10:00:00Z",
    name="x",
)


@pytest.mark.parametrize("decision", [NOTE, replace(NOTE, note=""), Undo(decided=NOTE.at, by="ada", at=TOPIC.at)])
def test_notes_and_undos_survive_a_line(decision: Decision):
    assert from_json(to_json(decision)) == decision


@pytest.mark.parametrize(
    ("line", "message"),
    [
        (to_json(replace(NOTE, start=90)), "the segment ends (90) before it starts (90)"),
        ('{"type": "undo", "decided": "yesterday", "by": "ada", "at": "2026-03-01"}', 'field "decided" is not an ISO'),
        ('{"type": "undo", "by": "ada", "at": "2026-03-01"}', 'field "decided" is missing'),
    ],
)
def test_a_wrong_note_or_undo_is_refused(line: str, message: str):
    with pytest.raises(LabelError) as raised:
        from_json(line, "labels/x.jsonl:3")
    assert str(raised.value).startswith(f"labels/x.jsonl:3: {message}")


def test_what_is_taken_back_is_not_read_and_everything_else_is(tmp_path: Path):
    """Both decisions of one moment go; another person's of that moment, and an earlier one on that text, stay."""
    late = "2026-03-05T09:00:00.000001Z"
    others = replace(TOPIC, by="bo", at=late, topic="hills", also=())
    append_decisions(tmp_path / "a.jsonl", [TOPIC, replace(TOPIC, at=late), replace(BOUNDARY, at=late), others, NOTE])
    append_decisions(tmp_path / "b.jsonl", [Undo(decided=late, by="ada", at="2026-03-05T09:00:01Z")])
    found = read_decisions([tmp_path])
    assert [entry.decision for entry in found.topics] == [TOPIC, others]
    assert found.boundaries == ()
    assert [entry.decision for entry in found.notes] == [NOTE]


def test_a_boundary_that_is_taken_back_binds_no_more(tmp_path: Path):
    append_decisions(tmp_path / "a.jsonl", [TOPIC, BOUNDARY, replace(BOUNDARY, offset=200, at="2026-03-02T00:00:00Z")])
    assert read_boundaries(tmp_path) == {"d" * 64: {90: True, 200: True}}
    append_decisions(tmp_path / "b.jsonl", [Undo(decided=BOUNDARY.at, by="ada", at="2026-03-05T09:00:01Z")])
    assert read_boundaries(tmp_path) == {"d" * 64: {200: True}}
