"""Claims about what the benchmark scripts count, on a dump of a few lines."""

from __future__ import annotations

import gzip
import importlib
import json
import sys
from pathlib import Path
from typing import Any

import pytest
from test_model import draw_model

from topics.evaluation import GoldDump, GoldSegment
from topics.labels.store import read_decisions
from topics.paragraphs import split_paragraphs
from topics.segmentation.training.corpora import BODY, BOILERPLATE, FURNITURE
from topics.segmentation.training.pieces import Origin, Piece, join_pieces

TEXT = "Ferry fares rise\n\n  The board met.\r\nNobody objected.\nGive us money.\n"
PIECE, APPEAL = TEXT.index("  The"), TEXT.index("Give")


@pytest.fixture
def script(monkeypatch: pytest.MonkeyPatch) -> Any:
    monkeypatch.syspath_prepend(str(Path(__file__).resolve().parent.parent / "benchmarks"))
    yield importlib.import_module
    for name in (
        "endtoend",
        "fewshot",
        "fewshot_peers",
        "make_hand_labels",
        "reader",
        "segmentation",
        "shared",
        "stages",
    ):
        sys.modules.pop(name, None)


def gold(also: tuple[str, ...] = ()) -> GoldDump:
    segments = (
        GoldSegment(0, APPEAL, "article", "business", also),
        GoldSegment(APPEAL, len(TEXT), "boilerplate", None),
    )
    return GoldDump("fares.txt", segments, True)


def test_a_line_is_right_under_the_primary_or_a_secondary_topic(script: Any) -> None:
    rows = [
        {"start": 0, "end": PIECE, "topic": "business"},
        {"start": PIECE, "end": APPEAL, "topic": "world"},
        {"start": APPEAL, "end": len(TEXT), "topic": None},
    ]
    count = script("endtoend").count_right_lines
    assert count(gold(), TEXT, rows) == (4, 2)
    assert count(gold(also=("world",)), TEXT, rows) == (4, 4)


def test_boilerplate_is_wrong_under_any_topic(script: Any) -> None:
    rows = [{"start": 0, "end": len(TEXT), "topic": "business"}]
    assert script("endtoend").count_right_lines(gold(), TEXT, rows) == (4, 3)


def test_lines_that_the_gold_leaves_out_do_not_count(script: Any) -> None:
    part = GoldDump("fares.txt", gold().segments[1:], False)
    rows = [{"start": 0, "end": len(TEXT), "topic": None}]
    assert script("endtoend").count_right_lines(part, TEXT, rows) == (1, 1)


def test_a_reader_is_asked_of_what_was_read_alone(script: Any) -> None:
    """Places are found by the text that they are of, whatever its number among the dumps is."""
    reader = script("reader")
    kept = json.loads((Path(reader.__file__).parent / "data" / "reader.json").read_text("utf-8"))
    assert len(kept["starts"]) == 37 and len(kept["furniture"]) == 36
    assert all(places == sorted(set(places)) for kind in kept.values() for places in kind.values())
    assert reader.read_starts(TEXT) is None and reader.read_furniture(TEXT.splitlines()) is None
    reader._places("starts")[reader._digest(TEXT)] = [PIECE, APPEAL]
    reader._places("furniture")[reader._digest("a\nb")] = [1]
    assert reader.read_starts(TEXT) == [PIECE, APPEAL]
    assert reader.read_furniture(["a", "b"]) == {1}


def test_what_is_missed_and_false_counts_for_the_article_that_it_is_of(script: Any) -> None:
    segmentation = script("segmentation")
    ferry, mill, fair = (
        Origin(outlet, name) for outlet, name in (("wire", "ferry"), ("post", "mill"), ("wire", "fair"))
    )
    pieces = [
        Piece(["The ferry is late.", "Nobody waits."], [BODY, BODY], origin=ferry),
        Piece(
            ["By Ada Lind", "The mill burns.", "It is old.", "It stood empty."], [FURNITURE, BODY, BODY, BODY], 1, mill
        ),
        Piece(["The fair opens.", "It rains."], [BODY, BODY], origin=fair),
        Piece(["Give to us.", "We need it."], [BOILERPLATE, BOILERPLATE]),
    ]
    dump = join_pieces(pieces, "\n")
    found = segmentation.score_origins([segmentation.Cut(dump, split_paragraphs(dump.text), [0, 2, 4, 8])] * 2)
    assert {origin.article: (s.n_true, s.n_found, s.n_hits_lenient) for origin, s in found.items()} == {
        "ferry": (0, 0, 0),  # a dump's first piece starts anyway
        "mill": (2, 4, 2),  # found at its byline; a false start in its body
        "fair": (2, 0, 0),  # missed
    }
    figures = segmentation.report_origins({"t1": found})["t1"]
    assert (figures["n_articles"], figures["n_outlets"]) == (3, 2)
    assert figures["f1_lenient"] == pytest.approx(2 * 2 / (4 + 4))


def test_tables_are_markdown_with_columns_of_equal_width(script: Any, capsys: pytest.CaptureFixture[str]) -> None:
    script("shared").print_table("Starts", ["method", "F1"], [["ours", "0.912"], ["another one", "1"]], "A note.")
    assert capsys.readouterr().out == (
        "\nStarts\n\n"
        "| method      |    F1 |\n"
        "| :---------- | ----: |\n"
        "| ours        | 0.912 |\n"
        "| another one |     1 |\n"
        "\nA note.\n"
    )


def test_files_of_choi_start_pieces_at_the_given_sentences(script: Any, tmp_path: Path) -> None:
    import gzip
    import json

    path = tmp_path / "choi.jsonl.gz"
    record = {"category": "1-2", "text": "It rained .\nThe sun came .\nRates fell .", "seg_lengths": [2, 1]}
    path.write_bytes(gzip.compress((json.dumps(record) + "\n").encode()))
    chosen = script("segmentation").read_choi(path, 5)
    assert list(chosen) == ["1-2"]
    [dump] = chosen["1-2"]
    assert [dump.text[start:].split("\n")[0] for start in dump.starts] == ["It rained .", "Rates fell ."]


def test_every_stage_of_segmentation_is_timed(script: Any) -> None:
    stages = script("stages")
    seconds, n_paragraphs = stages.time_stages(draw_model(), [TEXT, "Nets dry.\n" * 700])
    assert tuple(seconds) == stages.STAGES == ("paragraphs", "analysis", "features", "network", "decode")
    assert all(spent > 0 for spent in seconds.values())
    assert n_paragraphs == 4 + 700


def test_ours_is_timed_beside_a_peer_that_is_given_the_paragraphs(script: Any) -> None:
    given: list[list[str]] = []
    ours, theirs, ratio = script("stages").compare_speed(draw_model(), [TEXT], lambda texts: given.append(texts) or [])
    assert min(ours, theirs, ratio) > 0
    assert given == [["Ferry fares rise", "The board met.", "Nobody objected.", "Give us money."]] * 3


def test_every_method_is_scored_on_the_paragraphs_of_each_file(script: Any) -> None:
    module = script("segmentation")
    dump = module.MixedDump(TEXT, (0, APPEAL), (PIECE, APPEAL), (APPEAL, len(TEXT)))
    scores = module.score_all(
        module.cut_all([dump], draw_model()), {"the truth": lambda texts: [texts.index("Give us money.")]}
    )
    assert set(scores) == {"topics", "the truth"}
    assert module.sum_scores(scores["the truth"]).f1 == 1.0


LINES = ["Menu", "Harbour to be dug", "Boats wait outside.", "Share this", "Work starts in May.", "Contact us"]


def write_corpus(folder: Path) -> None:
    (folder / "data").mkdir(parents=True)
    records = [
        {"id": "a-1", "title": "Bread dearer", "text": "Flour costs more.\nBakers grumble.", "source": "The Crumb"},
        {"id": "p-1", "title": "Harbour to be dug - The Quay", "lines": LINES, "labels": [0, 2, 1, 0, 1, 0]},
    ]
    content = "".join(f"{json.dumps(record)}\n" for record in records)
    (folder / "data/small.jsonl.gz").write_bytes(gzip.compress(content.encode()))
    page = {
        "id": "q-1",
        "title": "Tide tables | The Quay",
        "text": "Menu\nHigh water comes an hour later every other day.\nJobs",
    }
    (folder / "data/lines_more.jsonl.gz").write_bytes(gzip.compress(json.dumps(page).encode()))


def write_label_folder(folder: Path) -> Path:
    folder.mkdir()
    shipped = Path(__file__).resolve().parent.parent / "labels/taxonomy.toml"
    (folder / "taxonomy.toml").write_bytes(shipped.read_bytes())
    return folder


def test_hand_labels_are_written_without_a_word_of_text(script: Any, tmp_path: Path) -> None:
    write_corpus(tmp_path / "shared")
    labels = write_label_folder(tmp_path / "labels")
    table = tmp_path / "table.tsv"
    table.write_text(
        "one\ta-1\tarticle\tbusiness\tlifestyle\th\tThe Crumb\t2025-03-01\ntwo\tp-1\tarticle\tother\t\tm\t\t\n"
    )
    script("make_hand_labels").main(tmp_path / "shared", table, "mia", "2026-01-02T03:04:05Z", labels)

    decisions = {entry.decision.name: entry.decision for entry in read_decisions([labels]).topics}
    bread, harbour = decisions["a-1"], decisions["p-1"]
    assert (bread.topic, bread.also, bread.source, bread.published) == (
        "business",
        ("lifestyle",),
        "The Crumb",
        "2025-03-01",
    )
    assert (harbour.topic, harbour.confidence, harbour.by) == (None, "m", "mia")
    page = "\n".join(LINES)
    assert page[harbour.start : harbour.end].startswith("Harbour to be dug\n")
    assert page[harbour.start : harbour.end].endswith("Work starts in May.")
    assert [page[slice(*span)] for span in harbour.furniture or ()] == ["Share this"]
    written = "".join(path.read_text() for path in labels.glob("*.jsonl"))
    assert not any(word in written.lower() for word in ("flour", "baker", "harbour to", "boats"))


def test_hand_labels_of_a_labelled_record_are_refused(script: Any, tmp_path: Path) -> None:
    write_corpus(tmp_path / "shared")
    labels = write_label_folder(tmp_path / "labels")
    table = tmp_path / "table.tsv"
    table.write_text("one\ta-1\tarticle\tbusiness\t\th\t\t\n")
    script("make_hand_labels").main(tmp_path / "shared", table, "mia", "2026-01-02T03:04:05Z", labels)
    table.write_text("two\ta-1\tarticle\tworld\t\th\t\t\n")
    with pytest.raises(SystemExit, match="labelled already"):
        script("make_hand_labels").main(tmp_path / "shared", table, "mia", "2026-01-03T03:04:05Z", labels)
    assert not (labels / "two.jsonl").exists()


def test_short_lines_of_an_unlabelled_page_are_not_counted(script: Any, tmp_path: Path) -> None:
    write_corpus(tmp_path / "shared")
    module = script("make_hand_labels")
    record = next(record for record in module.read_records(tmp_path / "shared/data") if record["id"] == "q-1")
    row = dict.fromkeys(module.COLUMNS, "") | {"id": "q-1", "kind": "article", "topic": "science-tech"}
    piece = module.to_piece(row, record)
    assert piece.title == "Tide tables"
    assert piece.body == "High water comes an hour later every other day."
    assert (piece.start, piece.end) == (0, len(record["text"]))


def test_wires_of_no_topic_or_of_several_are_left_out(script: Any, tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    wires = [
        {"title": "Tin rises", "text": "Tin rose again.", "topics": ["tin"]},
        {"title": "Tin and wool", "text": "Both rose.", "topics": ["tin", "wool"]},
        {"title": "A quay is sold", "text": "Nobody said why."},
    ]
    with gzip.open(tmp_path / "data" / "reuters21578.jsonl.gz", "wt", encoding="utf-8") as file:
        file.writelines(json.dumps(wire) + "\n" for wire in wires)
    corpus = script("fewshot").read_corpus(tmp_path, "reuters")
    assert corpus.topics.tolist() == ["tin"]


def test_interchange_counts_what_a_tool_read_and_what_came_back(tmp_path: Path) -> None:
    from benchmarks.interchange import gather, try_peer

    items = gather()
    assert len(items) > 100

    def forgets_one(ours: Path, theirs: Path) -> list[frozenset[str]]:
        lines = ours.read_text("utf-8").splitlines()
        theirs.write_text("\n".join(lines[1:]), "utf-8")
        return [frozenset(item.topics) for item in items[:-1]] + [frozenset()]

    assert try_peer("fasttext", forgets_one, items, tmp_path) == (len(items) - 1, len(items) - 1)
