"""Labels to other tools and back: what a person said comes back as it was, and nothing else is taken for it."""

from __future__ import annotations

import csv
import io
import json
import string
from collections.abc import Iterable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from topics.errors import LabelError
from topics.interchange import FORMATS, Answer, Item, apply_answers, find_format
from topics.interchange.applying import Places, Rules, State
from topics.interchange.gathering import gather_labels, gather_run, refer_rows
from topics.interchange.refs import REF, Ref, parse_ref
from topics.interchange.rows import Guess
from topics.labels.decisions import TopicDecision
from topics.labels.store import Decisions, Entry, write_decisions
from topics.labels.taxonomy import Taxonomy, Topic
from topics.records import KINDS, Dump, dump_digest, segment_id, text_digest

SLUGS = ("harbour", "garden", "music")
TAXONOMY = Taxonomy(tuple(Topic(slug, f"The {slug}", "") for slug in SLUGS), "labels/taxonomy.toml")
RULES = Rules("anna", "2026-11-24T12:00:00Z")
CONFIRMED = replace(RULES, confirm=True)
DUMP = "A crane fell on the quay.\n\nRoses need straw.\n\nThe choir sang.\n"
SPANS = {"harbour": (0, 27), "garden": (27, 46), "music": (46, 62)}


def refer(topic: str, said: str | None = "same", also: tuple[str, ...] = (), kind: Any = "article") -> Ref:
    start, end = SPANS[topic]
    topic_said = topic if said == "same" else said
    return Ref(dump_digest(DUMP), start, end, text_digest(DUMP[start:end]), kind, topic_said, also, "own.txt")


def item(ref: Ref, text: str | None = None, *, decided: bool = True, guesses: tuple[Guess, ...] = ()) -> Item:
    return Item(
        ref, segment_id(ref.dump, ref.start, ref.end), text if text is not None else DUMP[ref.start : ref.end], decided,
        title="A title", by="anna", at="2026-01-01T00:00:00Z", model="default@0123", guesses=guesses,
    )  # fmt: skip


def decide(ref: Ref, **changes: Any) -> TopicDecision:
    decision = TopicDecision(
        dump=ref.dump, start=ref.start, end=ref.end, segment=ref.segment, topic=ref.topic, also=ref.also, kind=ref.kind,
        by="anna", at="2026-01-01T00:00:00Z", name=ref.name,
    )  # fmt: skip
    return replace(decision, **changes)


def write(format: str, items: Iterable[Item], path: Path) -> Path:
    path.write_bytes(b"".join(find_format(format).write(items, SLUGS)))
    return path


def send(format: str, items: Sequence[Item], path: Path) -> list[Answer]:
    """Out and back without anybody touching it."""
    return list(find_format(format).read(write(format, items, path)))


def apply(
    answers: Iterable[Answer],
    current: Iterable[Ref] = (),
    known: Iterable[Ref] = (),
    rules: Rules = RULES,
    taxonomy: Taxonomy = TAXONOMY,
    **more: Any,
) -> Any:
    labels = {ref.segment: decide(ref) for ref in current}
    refs = [*known, *current]
    places = Places.of([(segment_id(ref.dump, ref.start, ref.end), ref) for ref in refs], **more)
    return apply_answers(answers, taxonomy, labels, places, rules)


def state_of(ref: Ref) -> State:
    return State(ref.topic, ref.also, ref.kind)


def states(applied: Any) -> dict[str, State]:
    return {change.decision.segment: change.after for change in applied.changes}


# ---- references

NAMES = st.text(st.characters(codec=None, exclude_characters="\x00"), max_size=12)
TOPICS = st.lists(st.sampled_from(SLUGS), unique=True, max_size=3)


@given(NAMES, TOPICS, st.sampled_from(["article", "blurb"]))
def test_a_reference_is_read_as_it_was_written(name: str, topics: list[str], kind: Any) -> None:
    first = topics[0] if topics else None
    ref = Ref("a" * 64, 3, 9, "b" * 64, kind, first, tuple(topics[1:]), name)
    assert parse_ref(str(ref)) == ref == parse_ref(f" {ref}\n")
    assert not set(str(ref)) & set(string.whitespace)
    for label in (State(None, (), "boilerplate"), State(first, tuple(topics[1:]), kind)):
        labelled = replace(ref, label=label)
        assert parse_ref(str(labelled)) == labelled and not set(str(labelled)) & set(string.whitespace)


@pytest.mark.parametrize("text", ["", "topics:1:", "topics:2:" + "a" * 64, None, 7, "=cmd()"])
def test_anything_else_is_no_reference(text: object) -> None:
    assert parse_ref(text) is None


# ---- out and back, every format

LETTERS = st.characters(codec="utf-8", exclude_characters="\ufeff\u200b", exclude_categories=["Cc"])
TEXTS = st.text(LETTERS, min_size=1).map(lambda text: f"=Start {text}\nand\tan __label__end, 'quoted' \"twice\".")


@pytest.mark.parametrize("format", FORMATS)
@settings(max_examples=40, deadline=None)
@given(st.lists(st.tuples(TEXTS, TOPICS.filter(bool)), min_size=1, max_size=4))
def test_decisions_come_back_as_they_were(
    format: str, tmp_path_factory: pytest.TempPathFactory, pieces: list[tuple[str, list[str]]]
) -> None:
    path = tmp_path_factory.mktemp("out") / "file"
    items = {}
    for number, (text, (first, *also)) in enumerate(pieces):
        ref = Ref(dump_digest(text), 0, len(text), text_digest(text), "article", first, tuple(also), f"{number}.txt")
        items[ref.segment] = item(ref, text)
    answers = send(format, list(items.values()), path)
    known = [replace(each.ref, topic=None, also=()) for each in items.values()]
    applied = apply(answers, known=known, rules=replace(RULES, confirm=True))
    assert applied.problems == ()
    assert states(applied) == {s: State(each.ref.topic, each.ref.also, "article") for s, each in items.items()}


@pytest.mark.parametrize("format", FORMATS)
def test_what_is_known_already_changes_nothing(format: str, tmp_path: Path) -> None:
    refs = [refer(topic, also=("music",) if topic == "garden" else ()) for topic in SLUGS]
    applied = apply(send(format, [item(ref) for ref in refs], tmp_path / "file"), current=refs)
    assert (applied.changes, applied.problems) == ((), ())
    assert applied.counts["same"] == 3


@pytest.mark.parametrize("format", FORMATS)
def test_second_topics_of_a_piece_that_none_fits_best_stay(format: str, tmp_path: Path) -> None:
    refs = [refer("garden", None, also=("music",)), refer("harbour")]
    applied = apply(send(format, [item(ref) for ref in refs], tmp_path / "file"), current=refs)
    assert (applied.changes, applied.problems) == ((), ())


@pytest.mark.parametrize("format", FORMATS)
def test_suggestions_are_not_taken_for_decisions(format: str, tmp_path: Path) -> None:
    """What a model said goes out; nobody touches it; nothing of it becomes a label."""
    guesses = (Guess("garden", 0.9), Guess("music", 0.1))
    items = [
        item(refer("garden"), decided=False, guesses=guesses),
        item(refer("music", None), decided=False, guesses=guesses),
    ]
    applied = apply(send(format, items, tmp_path / "file"), known=[each.ref for each in items])
    assert (applied.changes, applied.problems) == ((), ())


@pytest.mark.parametrize("format", FORMATS)
def test_a_file_of_something_else_is_refused_by_name(format: str, tmp_path: Path) -> None:
    path = tmp_path / "letter.txt"
    for content in ("Dear choir,\nwe meet on Monday.\n", '{"number": 3}\n'):
        path.write_text(content, "utf-8")
        with pytest.raises(LabelError, match=r"letter\.txt"):
            list(find_format(format).read(path))
    with pytest.raises(LabelError, match="no such file"):
        list(find_format(format).read(tmp_path / "gone"))


def test_an_unknown_format_names_the_known_ones() -> None:
    with pytest.raises(LabelError, match=r'no format "brat".*csv, doccano, label-studio'):
        find_format("brat")


# ---- each format's own rules


def read_json(path: Path) -> list[Any]:
    text = path.read_text("utf-8")
    return json.loads(text) if text.startswith("[") else [json.loads(line) for line in text.splitlines()]


def answers_of(format: str, rows: Any, path: Path) -> list[Answer]:
    path.write_text(json.dumps(rows) if isinstance(rows, list) else rows, "utf-8")
    return list(find_format(format).read(path))


def test_doccano_sorts_labels_and_the_primary_topic_stays(tmp_path: Path) -> None:
    ref = refer("music", also=("garden",))
    [row] = read_json(write("doccano", [item(ref)], tmp_path / "out.jsonl"))
    assert row == {"text": DUMP[46:62], "label": ["music", "garden"], "title": "A title", REF: str(ref)}
    back = {"id": 7, **row, "label": ["garden", "music"], "Comments": []}
    applied = apply(answers_of("doccano", [back], tmp_path / "in.json"), current=[ref])
    assert applied.changes == () and applied.counts["same"] == 1
    added = {**back, "label": ["garden", "harbour", "music"]}
    applied = apply(answers_of("doccano", [added], tmp_path / "in.json"), current=[ref])
    assert list(states(applied).values()) == [State("music", ("garden", "harbour"), "article")]
    replaced = {**back, "label": ["garden", "harbour"]}
    applied = apply(answers_of("doccano", [replaced], tmp_path / "in.json"), current=[ref])
    assert list(states(applied).values()) == [State("harbour", ("garden",), "article")]


def test_doccano_of_another_project_is_read_by_its_text(tmp_path: Path) -> None:
    rows = [
        {"id": 1, "data": "The tanker left the quay.", "labels": ["harbour"]},
        {"id": 2, "text": "Nobody knows.", "label": []},
    ]
    applied = apply(answers_of("doccano", rows, tmp_path / "in.json"))
    [change] = applied.changes
    assert change.decision.text == "The tanker left the quay." and change.decision.name == "in.json#1"
    assert change.decision.dump == dump_digest("The tanker left the quay.")
    assert applied.counts["unanswered"] == 1


def label_studio_task(ref: Ref, annotations: Any, **more: Any) -> dict[str, Any]:
    return {"id": 5, "data": {"text": DUMP[ref.start : ref.end], REF: str(ref)}, "annotations": annotations, **more}


def choose(*topics: str, at: str = "2026-02-01T00:00:00Z", **more: Any) -> dict[str, Any]:
    result = [{"from_name": "topic", "to_name": "text", "type": "choices", "value": {"choices": list(topics)}}]
    return {"id": 1, "result": result if topics else [], "was_cancelled": False, "created_at": at, **more}


def test_label_studio_gets_predictions_with_score_and_version(tmp_path: Path) -> None:
    ref = refer("garden")
    guesses = (Guess("garden", 0.93),)
    [task] = read_json(write("label-studio", [item(ref, decided=False, guesses=guesses)], tmp_path / "t.json"))
    assert "annotations" not in task and task["data"]["text"] == DUMP[27:46]
    assert task["predictions"] == [
        {
            "model_version": "default@0123",
            "score": 0.93,
            "result": [{"from_name": "topic", "to_name": "text", "type": "choices", "value": {"choices": ["garden"]}}],
        }
    ]


@pytest.mark.parametrize("predictions", [[], [17, 18], [{"model_version": "x", "result": []}]])
def test_label_studio_s_predictions_come_back_as_objects_or_ids_and_say_nothing(
    predictions: Any, tmp_path: Path
) -> None:
    ref = refer("garden")
    tasks = [
        label_studio_task(ref, [], predictions=predictions),
        label_studio_task(refer("music"), [choose("harbour")]),
    ]
    applied = apply(answers_of("label-studio", tasks, tmp_path / "t.json"), known=[ref, refer("music")])
    assert list(states(applied).values()) == [State("harbour", (), "article")]
    assert applied.counts["unanswered"] == 1


def test_label_studio_s_newest_annotation_that_was_not_cancelled_counts(tmp_path: Path) -> None:
    ref = refer("garden")
    annotations = [
        choose("harbour", at="2026-02-03T00:00:00Z", completed_by={"id": 3, "email": "ben@example.org"}),
        choose("music", at="2026-02-09T00:00:00Z", was_cancelled=True),
        choose("garden", at="2026-02-01T00:00:00Z"),
    ]
    [answer] = answers_of("label-studio", [label_studio_task(ref, annotations)], tmp_path / "t.json")
    assert (answer.outcome, answer.topics, answer.by) == ("labelled", ("harbour",), "ben@example.org")
    [answer] = answers_of(
        "label-studio", [label_studio_task(ref, [choose("music", was_cancelled=True)])], tmp_path / "t.json"
    )
    assert answer.outcome == "skipped"
    [answer] = answers_of("label-studio", [label_studio_task(ref, [choose()])], tmp_path / "t.json")
    assert answer.outcome == "none"


def test_label_studio_agreeing_with_a_prediction_is_a_decision(tmp_path: Path) -> None:
    ref = refer("garden")
    task = label_studio_task(ref, [choose("garden")], predictions=[4])
    rules = replace(RULES, personal=find_format("label-studio").personal)
    applied = apply(answers_of("label-studio", [task], tmp_path / "t.json"), known=[ref], rules=rules)
    assert list(states(applied).values()) == [State("garden", (), "article")]


def test_label_studio_s_short_json_is_read(tmp_path: Path) -> None:
    ref = refer("garden")
    row = {"text": DUMP[27:46], REF: str(ref), "id": 1, "topic": {"choices": ["music", "garden"]}, "annotation_id": 9}
    [answer] = answers_of(
        "label-studio",
        [
            row,
        ],
        tmp_path / "min.json",
    )
    assert answer.topics == ("music", "garden") and answer.ref == ref
    [answer] = answers_of("label-studio", [{**row, "topic": "harbour"}], tmp_path / "min.json")
    assert answer.topics == ("harbour",)


@pytest.mark.parametrize(
    ("row", "outcome", "topics"),
    [
        (
            {"answer": "accept", "accept": ["music"], "options": [{"id": "music", "text": "music"}]},
            "labelled",
            ("music",),
        ),
        ({"answer": "accept", "label": "music"}, "labelled", ("music",)),
        ({"answer": "reject", "label": "music"}, "rejected", ()),
        ({"answer": "ignore", "accept": ["music"], "options": []}, "skipped", ()),
        ({"answer": "accept", "accept": [], "options": []}, "none", ()),
        ({"accept": ["music"], "options": []}, "unanswered", ()),
    ],
)
def test_prodigy_s_answers(row: dict[str, Any], outcome: str, topics: tuple[str, ...], tmp_path: Path) -> None:
    row = {
        "text": "The choir sang.",
        "_input_hash": 3,
        "_task_hash": 4,
        "_annotator_id": "ben",
        "_timestamp": 1767225600,
        **row,
    }
    [answer] = answers_of("prodigy", [row], tmp_path / "p.json")
    assert (answer.outcome, answer.topics, answer.by, answer.at) == (outcome, topics, "ben", "2026-01-01T00:00:00Z")


def test_prodigy_gets_options_and_what_is_suggested_without_an_answer(tmp_path: Path) -> None:
    guesses = (Guess("garden", 0.8),)
    rows = read_json(
        write("prodigy", [item(refer("garden"), decided=False, guesses=guesses), item(refer("music"))], tmp_path / "p")
    )
    assert [option["id"] for option in rows[0]["options"]] == list(SLUGS)
    assert (rows[0]["accept"], rows[0]["score"], "answer" in rows[0]) == (["garden"], 0.8, False)
    assert (rows[1]["accept"], rows[1]["answer"]) == (["music"], "accept")


def argilla_record(ref: Ref, responses: Any, **more: Any) -> dict[str, Any]:
    return {
        "id": "x", "fields": {"text": DUMP[ref.start : ref.end]}, "metadata": {REF: str(ref)}, "suggestions": {},
        "responses": responses, "vectors": {}, "status": "completed", **more,
    }  # fmt: skip


def test_argilla_s_nested_and_flat_records(tmp_path: Path) -> None:
    ref = refer("garden")
    suggestion = {"topic": {"value": ["music"], "score": [0.9], "agent": "default"}}
    nested = argilla_record(ref, {"topic": [{"value": ["harbour"], "user_id": "u1", "status": "submitted"}]})
    [answer] = answers_of("argilla", [{**nested, "suggestions": suggestion}], tmp_path / "a.json")
    assert (answer.outcome, answer.topics, answer.by, answer.ref) == ("labelled", ("harbour",), "u1", ref)
    flat = {
        "id": "x", "text": DUMP[27:46], REF: str(ref), "topic.suggestion": ["music"], "topic.suggestion.score": [0.9],
        "topic.responses": [["music"], ["harbour"], ["harbour"]], "topic.responses.users": ["u1", "u2", "u3"],
        "topic.responses.status": ["submitted", "submitted", "submitted"],
    }  # fmt: skip
    [answer] = answers_of("argilla", [flat], tmp_path / "a.json")
    assert (answer.topics, answer.by) == (("harbour",), "u2")
    [answer] = answers_of(
        "argilla", [{**flat, "topic.responses.status": ["draft", "discarded", "draft"]}], tmp_path / "a.json"
    )
    assert answer.outcome == "skipped"
    unseen = {key: value if "responses" not in key else None for key, value in flat.items()}
    [answer] = answers_of("argilla", [unseen], tmp_path / "a.json")
    assert answer.outcome == "unanswered"


def test_spacy_s_cats_hold_every_topic(tmp_path: Path) -> None:
    [row] = read_json(write("spacy", [item(refer("music", also=("garden",)))], tmp_path / "s.jsonl"))
    assert row["cats"] == {"harbour": 0.0, "garden": 1.0, "music": 1.0} and row["topics"] == ["music", "garden"]
    pairs = [["Roses.", {"cats": {"garden": 0.8, "harbour": 0.6, "music": 0.2}}]]
    [answer] = answers_of("spacy", pairs, tmp_path / "pairs.json")
    assert (answer.topics, answer.ordered) == (("garden", "harbour"), True)
    [answer] = answers_of("spacy", [["Roses.", {"cats": {"garden": 1.0, "harbour": 1.0}}]], tmp_path / "pairs.json")
    assert not answer.ordered


def test_fasttext_is_one_line_a_piece_and_a_prefix_in_the_text_is_no_label(tmp_path: Path) -> None:
    text = "Two\nlines and a __label__fake word."
    ref = Ref(dump_digest(text), 0, len(text), text_digest(text), "article", "music", ("garden",), "x.txt")
    path = write("fasttext", [item(ref, text)], tmp_path / "f.txt")
    line = path.read_text("utf-8")
    assert line.startswith("__label__music __label__garden Two lines and a ") and line.count("\n") == 1
    assert sum(word.startswith("__label__") for word in line.split()) == 2
    [answer] = find_format("fasttext").read(path)
    assert answer.topics == ("music", "garden") and text_digest(answer.text or "") == ref.segment


# ---- spreadsheets


def as_windows_shows(text: str) -> str:
    """UTF-8 opened as Windows text: bytes that cp1252 has no character for become controls."""
    return "".join(bytes([byte]).decode("cp1252", "replace").replace("\ufffd", chr(byte)) for byte in text.encode())


GUARDED = '=Start of\nthe piece, with "quotes"; and Umläute – “so”.'


def sheet(tmp_path: Path, refs: Sequence[Ref]) -> tuple[list[str], list[dict[str, str]]]:
    path = write("csv", [item(ref) for ref in refs], tmp_path / "out.csv")
    rows = list(csv.DictReader(io.StringIO(path.read_bytes().decode("utf-8-sig"), newline="")))
    return list(rows[0]), rows


def save(
    path: Path,
    names: Sequence[str],
    rows: Iterable[dict[str, str]],
    delimiter: str = ",",
    encoding: str = "utf-8",
    end: str = "\r\n",
) -> list[Answer]:
    out = io.StringIO()
    writer = csv.DictWriter(out, names, delimiter=delimiter, lineterminator=end, extrasaction="ignore", restval="")
    writer.writeheader()
    writer.writerows(rows)
    path.write_bytes(out.getvalue().encode(encoding))
    return list(find_format("csv").read(path))


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
@pytest.mark.parametrize("end", ["\r\n", "\n"])
def test_a_topic_changed_in_a_spreadsheet_is_the_only_change(
    encoding: str, delimiter: str, end: str, tmp_path: Path
) -> None:
    refs = [refer(topic) for topic in SLUGS]
    names, rows = sheet(tmp_path, refs)
    rows[1]["topic"] = " Music "
    order = [*reversed(names), "my notes"]  # reordered, and a column of their own
    shuffled = [rows[2], dict.fromkeys(names, ""), rows[0], rows[1]]
    answers = save(tmp_path / "in.csv", order, shuffled, delimiter=delimiter, encoding=encoding, end=end)
    applied = apply(answers, current=refs)
    assert applied.problems == () and applied.counts["same"] == 2
    [change] = applied.changes
    assert (str(change.before), str(change.after)) == ("garden", "music")
    assert change.decision.by == "anna"


def test_an_added_row_is_named_and_not_applied(tmp_path: Path) -> None:
    names, rows = sheet(tmp_path, [refer("music")])
    rows.append({"topic": "music", "also": "look at this one"})
    applied = apply(save(tmp_path / "in.csv", names, rows), current=[refer("music")])
    assert applied.changes == ()
    [problem] = applied.problems
    assert "nothing tells which segment" in problem


def test_rows_whose_text_or_digest_changed_are_named_and_not_applied(tmp_path: Path) -> None:
    refs = [refer(topic) for topic in SLUGS]
    names, rows = sheet(tmp_path, refs)
    for row in rows:
        row["topic"] = "harbour" if row["topic"] != "harbour" else "music"
    rows[0]["text"] = "Another text."
    rows[1][REF] = rows[1][REF].replace("topics:1:", "topics:9:")
    rows[1]["id"] = "0" * 20
    applied = apply(save(tmp_path / "in.csv", names, rows), current=refs)
    assert [change.decision.segment for change in applied.changes] == [refs[2].segment]
    assert "the text is no longer the one that was sent out" in applied.problems[0]
    assert "its id is of no segment that is known here" in applied.problems[1]


def test_cells_moved_between_rows_are_caught(tmp_path: Path) -> None:
    refs = [refer(topic) for topic in SLUGS]
    names, rows = sheet(tmp_path, refs)
    rows[0]["text"], rows[1]["text"] = rows[1]["text"], rows[0]["text"]
    rows[0]["topic"], rows[1]["topic"] = "music", "music"
    applied = apply(save(tmp_path / "in.csv", names, rows), current=refs)
    assert applied.changes == () and len(applied.problems) == 2


@pytest.mark.parametrize("spoil", ["as it is", "guard dropped", "opened as cp1252", "cut off"])
def test_a_text_as_spreadsheets_leave_it_is_still_the_text(spoil: str, tmp_path: Path) -> None:
    text = GUARDED + " word" * 8000
    ref = Ref(dump_digest(text), 0, len(text), text_digest(text), "article", "music", (), "x.txt")
    path = write("csv", [item(ref, text)], tmp_path / "out.csv")
    row = next(csv.DictReader(io.StringIO(path.read_bytes().decode("utf-8-sig"), newline="")))
    assert row["text"].startswith("'=Start")
    row["topic"] = "garden"
    if spoil == "guard dropped":
        row["text"] = row["text"][1:]
    elif spoil == "opened as cp1252":
        row["text"] = as_windows_shows(row["text"])
    elif spoil == "cut off":
        row["text"] = row["text"][:32_767]
    applied = apply(save(tmp_path / "in.csv", list(row), [row]), current=[ref])
    assert applied.problems == ()
    assert list(states(applied).values()) == [State("garden", (), "article")]


def test_an_unknown_topic_is_named_with_what_may_be_meant(tmp_path: Path) -> None:
    names, rows = sheet(tmp_path, [refer("music")])
    rows[0]["topic"] = "musik"
    applied = apply(save(tmp_path / "in.csv", names, rows), current=[refer("music")])
    [problem] = applied.problems
    assert (
        'in.csv:3: unknown topic "musik"' in problem.replace("in.csv:2", "in.csv:3") and 'Is "music" meant?' in problem
    )


@pytest.mark.parametrize("format", [name for name in FORMATS if name != "fasttext"])  # which holds no reference
def test_what_was_sent_out_under_topics_that_are_gone_is_read_as_what_they_are_today(
    format: str, tmp_path: Path
) -> None:
    sent = [item(refer("harbour", also=("music",))), item(refer("garden"))]
    answers = send(format, sent, tmp_path / "out")
    merged = replace(TAXONOMY, topics=TAXONOMY.topics[1:2], retired={"harbour": ("garden",), "music": ("garden",)})
    known = [i.ref for i in sent]
    assert apply(answers, current=[refer("harbour", "garden"), refer("garden")], taxonomy=merged).counts["same"] == 2
    assert {
        state.topic for state in states(apply(answers, taxonomy=merged, known=known, rules=CONFIRMED)).values()
    } == {"garden"}
    split = replace(merged, topics=TAXONOMY.topics[1:], retired={"harbour": ("garden", "music")})
    unchanged = apply(answers, current=[refer("harbour", "music"), refer("garden")], taxonomy=split)
    assert (unchanged.counts["same"], unchanged.problems) == (2, ())
    refused = apply(answers[:1], taxonomy=split, known=known, rules=CONFIRMED)
    assert not refused.changes and 'topic "harbour" was split into garden, music. Decide which' in refused.problems[0]


def test_an_answer_in_an_older_word_is_read_as_what_that_is_today(tmp_path: Path) -> None:
    names, rows = sheet(tmp_path, [refer("music")])
    rows[0]["topic"] = "Roses"
    today = replace(TAXONOMY, retired={"roses": ("garden",)})
    applied = apply(save(tmp_path / "in.csv", names, rows), current=[refer("music")], taxonomy=today)
    assert list(states(applied).values()) == [State("garden", (), "article")]


def test_a_wrong_kind_is_a_fault_of_its_row_alone(tmp_path: Path) -> None:
    refs = [refer(topic) for topic in SLUGS]
    names, rows = sheet(tmp_path, refs)
    rows[0]["kind"], rows[1]["kind"], rows[2]["topic"] = "x", "Blurb", "garden"
    applied = apply(save(tmp_path / "in.csv", names, rows), current=refs)
    assert applied.problems == (f'{tmp_path}/in.csv:2: kind "x" is none of {", ".join(KINDS)}. Mend the cell.',)
    assert states(applied) == {
        refs[1].segment: State(refs[1].topic, (), "blurb"),
        refs[2].segment: State("garden", (), "article"),
    }


def test_boilerplate_and_a_blank_name_give_decisions_that_can_be_stored(tmp_path: Path) -> None:
    ref = refer("music", None, ("garden",))
    names, [row] = sheet(tmp_path, [ref])
    row["topic"], row["by"] = "boilerplate", " "
    [change] = apply(save(tmp_path / "in.csv", names, [row]), current=[ref]).changes
    write_decisions(tmp_path / "out.jsonl", [change.decision])
    assert (change.decision.by, change.after) == ("anna", State(None, (), "boilerplate"))


@pytest.mark.parametrize("above", ["", "sep=,\n"])
def test_a_row_with_several_lines_is_named_by_its_first(above: str, tmp_path: Path) -> None:
    path = tmp_path / "in.csv"
    path.write_text(f'{above}topic,text\nmusic,"A\nchoir\nsang."\n\nmusic,One line.\nmusic,"Two\nlines."\n', "utf-8")
    first = 3 if above else 2
    places = [answer.place for answer in find_format("csv").read(path)]
    assert places == [f"{path}:{line}" for line in (first, first + 4, first + 5)]


def test_an_emptied_cell_says_that_no_topic_fits_and_boilerplate_is_a_kind(tmp_path: Path) -> None:
    refs = [refer(topic) for topic in SLUGS]
    names, rows = sheet(tmp_path, refs)
    rows[0]["topic"], rows[1]["topic"], rows[2]["also"] = "", "Boilerplate", "garden; harbour"
    applied = apply(save(tmp_path / "in.csv", names, rows), current=refs)
    assert states(applied) == {
        refs[0].segment: State(None, (), "article"),
        refs[1].segment: State(None, (), "boilerplate"),
        refs[2].segment: State("music", ("garden", "harbour"), "article"),
    }


def test_two_answers_on_one_segment_are_named_and_one_changed_row_of_two_counts(tmp_path: Path) -> None:
    """A piece stands in two topic folders of an export: its row is edited in one of them, or differently in both."""
    ref = refer("music", also=("garden",))
    names, [row] = sheet(tmp_path, [ref])
    once = save(tmp_path / "a.csv", names, [row, {**row, "topic": "harbour"}])
    assert list(states(apply(once, current=[ref])).values()) == [State("harbour", ("garden",), "article")]
    twice = save(tmp_path / "a.csv", names, [{**row, "topic": "garden", "also": ""}, {**row, "topic": "harbour"}])
    applied = apply(twice, current=[ref])
    assert applied.changes == () and "two answers on one segment" in applied.problems[0]


def test_labels_that_changed_meanwhile_are_not_overwritten_unasked(tmp_path: Path) -> None:
    sent, home = refer("music"), refer("music", "garden")
    names, rows = sheet(tmp_path, [sent])
    unchanged = save(tmp_path / "in.csv", names, rows)
    assert apply(unchanged, current=[home]).counts["same"] == 1
    rows[0]["topic"] = "harbour"
    answers = save(tmp_path / "in.csv", names, rows)
    applied = apply(answers, current=[home])
    assert applied.changes == ()
    assert "says harbour, was sent out as music, and the labels say garden." in applied.problems[0]
    forced = apply(answers, current=[home], rules=replace(RULES, force=True))
    assert list(states(forced).values()) == [State("harbour", (), "article")]


def test_an_answer_holds_over_a_decision_of_a_later_date(tmp_path: Path) -> None:
    ref = refer("music")
    names, rows = sheet(tmp_path, [ref])
    answers = save(tmp_path / "in.csv", names, [{**rows[0], "topic": "harbour"}])
    future = decide(ref, at="2999-01-01T00:00:00Z")
    [change] = apply_answers(answers, TAXONOMY, {ref.segment: future}, Places(), RULES).changes
    assert (change.decision.topic, change.decision.at) == ("harbour", "2999-01-01T00:00:00.000001Z")


def test_a_label_that_is_as_it_was_when_the_model_s_word_was_sent_out_is_no_conflict(tmp_path: Path) -> None:
    label = State("music", (), "article")
    sent = replace(refer("music", also=("garden", "harbour")), label=label)
    names, [row] = sheet(tmp_path, [sent])
    assert apply(save(tmp_path / "in.csv", names, [row]), current=[refer("music")]).counts["same"] == 1
    row["topic"] = "boilerplate"
    answers = save(tmp_path / "in.csv", names, [row])
    [change] = apply(answers, current=[refer("music")]).changes
    assert (change.before, change.after) == (label, State(None, (), "boilerplate"))
    for later in (refer("music", "garden"), refer("music", also=("garden",)), refer("music", kind="blurb")):
        applied = apply(answers, current=[later])
        assert applied.changes == ()
        said = f"says boilerplate, was sent out as music (also garden, harbour), and the labels say {state_of(later)}."
        assert said in applied.problems[0]


def test_rows_of_a_run_that_is_given_must_still_be_in_it(tmp_path: Path) -> None:
    names, rows = sheet(tmp_path, [refer("music")])
    rows[0]["topic"] = "harbour"
    answers = save(tmp_path / "in.csv", names, rows)
    applied = apply(answers, known=[refer("garden")], complete=True)
    assert "the run has no such segment any more" in applied.problems[0]
    assert len(apply(answers, known=[refer("music")], complete=True).changes) == 1


def test_without_a_header_nothing_is_guessed(tmp_path: Path) -> None:
    path = tmp_path / "in.csv"
    path.write_text("music,The choir sang.\n", "utf-8")
    with pytest.raises(LabelError, match="no header with a column topic"):
        list(find_format("csv").read(path))


# ---- gathering


def test_items_are_the_last_word_on_each_text_with_text_that_is_still_there() -> None:
    refs = [refer(topic) for topic in SLUGS]
    decisions = [
        decide(refs[0]), decide(refs[0], topic="garden", at="2026-02-01T00:00:00Z"),
        decide(refs[1], start=28), decide(refs[2], text=DUMP[46:62], dump="0" * 64),
    ]  # fmt: skip
    entries = tuple(Entry(decision, "own.jsonl", k + 1, k) for k, decision in enumerate(decisions))
    items = list(gather_labels(Decisions(entries, ()), [Dump("own.txt", DUMP)]))
    assert [(each.ref.topic, each.text) for each in items] == [
        ("garden", DUMP[0:27]), ("garden", None), ("music", DUMP[46:62]),
    ]  # fmt: skip
    assert all(each.text is None for each in gather_labels(Decisions(entries, ()), [], with_text=False))


def test_rows_of_a_run_get_their_dump_s_digest_where_the_dump_is_whole() -> None:
    rows = [
        {
            "id": segment_id(dump_digest(DUMP), start, end), "digest": text_digest(DUMP[start:end]), "dump": "own.txt",
            "index": k, "start": start, "end": end, "kind": "article", "title": None, "topic": topic, "also": [],
            "topics": [{"topic": topic, "score": 0.9}], "model": "m@1", "text": DUMP[start:end],
        }
        for k, (topic, (start, end)) in enumerate(SPANS.items())
    ]  # fmt: skip
    assert [ref for _, ref in refer_rows(rows)] == [refer(topic) for topic in SLUGS]
    assert [ref for _, ref in refer_rows(rows[1:])] == [None, None]
    decided = {refer("music").segment: decide(refer("music", "garden"))}
    items = list(gather_run(rows, decided))
    assert [(each.decided, each.ref.topic) for each in items] == [
        (False, "harbour"),
        (False, "garden"),
        (True, "garden"),
    ]


def test_a_new_label_takes_source_and_date_over_from_the_run(tmp_path: Path) -> None:
    ref = refer("music")
    names, rows = sheet(tmp_path, [ref])
    rows[0]["topic"] = "garden"
    facts = {ref.segment: ("Harbour Post", "2026-01-05")}
    [change] = apply(save(tmp_path / "in.csv", names, rows), known=[ref], facts=facts).changes
    assert (change.decision.source, change.decision.published) == ("Harbour Post", "2026-01-05")
