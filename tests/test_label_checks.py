from __future__ import annotations

import re
from io import StringIO
from pathlib import Path

import pytest
from rich.console import Console

from topics.classification.analyzer import count_terms
from topics.errors import LabelError
from topics.labels.boundaries import read_boundaries
from topics.labels.checks import CheckReport, check, stats
from topics.labels.decisions import BoundaryDecision, Note, TopicDecision
from topics.labels.signatures import sign_text
from topics.labels.standoff import SegmentTerms, read_terms, write_terms
from topics.labels.store import append_decisions, read_decisions
from topics.labels.taxonomy import parse_taxonomy
from topics.paragraphs import split_paragraphs
from topics.records import Dump, dump_digest, text_digest
from topics.segmentation.segmenter import place_decisions

TAXONOMY = parse_taxonomy(
    "\n".join(f'[[topic]]\nslug = "{slug}"\nname = "x"\ndescription = "x"' for slug in ("rivers", "hills")),
    "labels/taxonomy.toml",
)
LONG = " ".join(f"Warden {n} counted {n * 7} otters below the weir at dusk." for n in range(40))


def decide(content: str, topic: str | None = "rivers", *, by: str = "ada", day: int = 1, **more) -> TopicDecision:
    """A decision about a dump that is one piece."""
    fields = {
        "dump": dump_digest(content),
        "start": 0,
        "end": len(content),
        "segment": text_digest(content),
        "kind": "article",
        "name": "wire.txt",
        "at": f"2026-03-{day:02}T10:00:00Z",
    }
    return TopicDecision(topic=topic, by=by, **(fields | more))


def append_and_check(folder: Path, *decisions: TopicDecision | BoundaryDecision | Note, **more) -> CheckReport:
    append_decisions(folder / "a.jsonl", decisions)
    return check(folder, TAXONOMY, **more)


def test_good_labels_give_a_clean_report(tmp_path: Path):
    report = append_and_check(
        tmp_path, decide("Otters came."), decide("A hill.", "hills"), dumps=[Dump("b", "A hill.")]
    )
    assert report.ok and report.findings == () and report.n_findings == {}


def test_an_empty_folder_ok(tmp_path: Path):
    report = check(tmp_path, TAXONOMY)
    assert report.ok
    assert report.counts.primary == {"rivers": 0, "hills": 0}


@pytest.mark.parametrize("look", [check, stats])
def test_a_folder_that_is_not_there_is_refused(look, tmp_path: Path):
    (tmp_path / "file").write_text("rivers", encoding="utf-8")
    for name in ("file", "nowhere"):
        with pytest.raises(LabelError) as raised:
            look(tmp_path / name, TAXONOMY)
        assert str(raised.value) == f"{tmp_path / name}: no such label folder. Check the path."


def test_unreadable_lines_and_unknown_topics_are_found_with_their_places(tmp_path: Path):
    (tmp_path / "b.jsonl").write_text("<<<<<<<\n", encoding="utf-8")
    report = append_and_check(tmp_path, decide("One.", "sprots"), decide("Two.", also=("sprots",)))
    assert report.n_findings == {"unreadable": 1, "unknown-topic": 2}
    assert str(report.findings[0]).startswith(f"{tmp_path / 'b.jsonl'}:1: not JSON")
    assert str(report.findings[1]) == (
        f'{tmp_path / "a.jsonl"}:1: unknown topic "sprots". Known topics are in labels/taxonomy.toml.'
    )


def test_two_people_who_disagree_on_one_text_are_found(tmp_path: Path):
    report = append_and_check(tmp_path, decide("One."), decide("One.", "hills", by="ben"))
    assert report.n_findings == {"disagreement": 1}
    (finding,) = report.findings
    assert finding.place == f"{tmp_path / 'a.jsonl'}:2"
    assert "ben says hills, ada says rivers" in finding.message and "a.jsonl:1" in finding.message


def test_only_last_words_can_disagree(tmp_path: Path):
    report = append_and_check(
        tmp_path,
        decide("One.", "hills"),
        decide("One.", "rivers", by="ben", day=2),
        decide("One.", "rivers", day=3),
    )
    assert report.ok


def test_a_decision_after_two_people_had_differed_settles_it(tmp_path: Path):
    differ = (decide("One."), decide("One.", "hills", by="ben", day=2))
    assert append_and_check(tmp_path / "third", *differ, decide("One.", by="cyd", day=3)).ok
    assert append_and_check(tmp_path / "one of them", *differ, decide("One.", day=3)).ok
    assert append_and_check(tmp_path / "earlier line", decide("One.", by="cyd", day=3), *differ).ok
    assert append_and_check(tmp_path / "at once", *differ, decide("One.", by="cyd", day=2)).n_findings == {
        "disagreement": 1
    }
    again = (decide("One.", by="cyd", day=3), decide("One.", "hills", by="dan", day=3))
    assert append_and_check(tmp_path / "differ again", *differ, *again).n_findings == {"disagreement": 2}


def test_a_date_that_is_to_come_is_a_hint(tmp_path: Path):
    future = "2999-01-01T00:00:00Z"
    dump, segment = dump_digest("One."), text_digest("One.")
    report = append_and_check(
        tmp_path,
        decide("Two."),
        decide("One.", at=future),
        BoundaryDecision(dump=dump, offset=0, starts=True, by="ada", at=future, name="wire.txt"),
        Note(dump=dump, start=0, end=4, segment=segment, note="Otters?", by="ada", at=future, name="wire.txt"),
    )
    assert report.ok and report.n_findings == {"future": 3}
    assert str(report.findings[0]) == (f'{tmp_path / "a.jsonl"}:2: dated {future}, which is to come. Mend its "at".')


def test_no_topic_disagrees_with_a_topic(tmp_path: Path):
    report = append_and_check(tmp_path, decide("One.", None), decide("One.", by="ben"))
    assert "ben says rivers, ada says no topic" in report.findings[0].message


def test_saying_the_same_twice_is_a_duplicate_but_changing_back_is_not(tmp_path: Path):
    report = append_and_check(tmp_path, decide("One."), decide("One.", day=2))
    assert report.n_findings == {"duplicate": 1}
    assert "a.jsonl:1" in report.findings[0].message
    (tmp_path / "a.jsonl").unlink()
    assert append_and_check(tmp_path, decide("One."), decide("One.", "hills"), decide("One.")).ok


@pytest.mark.parametrize("held", ["term file", "decision", "dump"])
def test_near_duplicates_with_different_topics_are_found(tmp_path: Path, held: str):
    twin = LONG.replace("Warden 3 ", "Old warden three ")
    kept = {"text": LONG} if held == "decision" else {}
    kept_twin = {"text": twin} if held == "decision" else {}
    if held == "term file":
        rows = [SegmentTerms(text_digest(text), count_terms(None, text), sign_text(text)) for text in (LONG, twin)]
        write_terms(tmp_path / "a.terms.jsonl", rows)
    dumps = [Dump("1", LONG), Dump("2", twin)] if held == "dump" else []
    report = append_and_check(tmp_path, decide(LONG, **kept), decide(twin, "hills", **kept_twin), dumps=dumps)
    assert report.n_findings == {"near-duplicate": 1}
    assert report.findings[0].place.endswith("a.jsonl:2")
    assert "% the same" in report.findings[0].message


def test_near_duplicates_with_the_same_topic_and_texts_nobody_has_are_no_findings(tmp_path: Path):
    twin = LONG.replace("Warden 3 ", "Old warden three ")
    assert append_and_check(tmp_path, decide(LONG, text=LONG), decide(twin, text=twin)).ok
    assert append_and_check(tmp_path, decide(LONG + " So it was."), decide(twin + " So it was.", "hills")).ok


def test_a_term_file_that_cannot_be_used_is_a_finding(tmp_path: Path):
    (tmp_path / "a.terms.jsonl").write_text('{"analyzer": "xx-0"}\n', encoding="utf-8")
    report = append_and_check(tmp_path, decide("One."))
    assert report.n_findings == {"unreadable": 1}
    assert report.findings[0].place == f"{tmp_path / 'a.terms.jsonl'}:1"


def test_a_place_that_holds_another_text_is_found(tmp_path: Path):
    report = append_and_check(tmp_path, decide("One. Two.", end=4), dumps=[Dump("wire.txt", "One. Two.")])
    assert report.n_findings == {"wrong-place": 1}


def test_a_text_that_is_not_the_one_named_is_found_until_it_is_labelled_again(tmp_path: Path):
    good, other = decide("One.", text="One. "), decide("Two.", text="Three.")
    report = append_and_check(tmp_path, good, other)
    assert [(finding.kind, finding.place) for finding in report.findings] == [
        ("other-text", f"{tmp_path / 'a.jsonl'}:2")
    ]
    assert append_and_check(tmp_path, decide("Two.", "hills", text="Two.", day=2)).ok


def test_a_dump_that_changed_is_found(tmp_path: Path):
    report = append_and_check(tmp_path, decide("One."), dumps=[Dump("wire.txt", "One, two.")])
    assert report.n_findings == {"changed-dump": 1}


def test_boundaries_that_bind_nothing_are_found(tmp_path: Path):
    def bound(offset: int, text: str, *, starts: bool = True, day: int = 1) -> BoundaryDecision:
        at = f"2026-03-{day:02}T10:00:00Z"
        return BoundaryDecision(dump=dump_digest(text), offset=offset, starts=starts, by="ada", at=at, name="a.txt")

    text = "\nOtters came back.\nThe weir was mended.\n \n"
    last = text.index("The weir")
    said = (
        bound(last, text),
        bound(last + 1, text),  # inside the last paragraph
        bound(len(text) - 2, text),
        bound(len(text) + 9, text),
        bound(0, text, starts=False),
        bound(1, text, starts=False),
        bound(1, text, day=2),
        bound(2, text, starts=False),
        bound(3, "It was another."),
    )
    dump = Dump("a.txt", text)
    report = append_and_check(tmp_path, *said, dumps=[dump])
    assert [(finding.kind, finding.place.rpartition(":")[2]) for finding in report.findings] == [
        ("changed-dump", "9"),
        ("stale", "2"),
        ("stale", "3"),
        ("stale", "4"),
        ("stale", "5"),
    ]
    assert report.findings[1].message == (
        f"a.txt: a boundary decision says that a piece starts at {last + 1}, but no paragraph starts there or later. "
        "Delete the line."
    )
    refused: list[LabelError] = []
    place_decisions(dump, split_paragraphs(text), read_boundaries(tmp_path)[dump_digest(text)], refused.append)
    assert len(refused) == 4


def test_a_label_on_what_was_cut_since_is_found_until_a_part_is_labelled(tmp_path: Path):
    text = "Otters came. A hill."
    cut = BoundaryDecision(
        dump=dump_digest(text), offset=13, starts=True, by="ada", at="2026-03-01T10:00:00Z", name="wire.txt"
    )
    report = append_and_check(tmp_path, decide(text), cut)
    assert [(finding.kind, finding.place) for finding in report.findings] == [("retired", f"{tmp_path / 'a.jsonl'}:1")]
    part = decide(text, start=13, segment=text_digest("A hill."))
    assert append_and_check(tmp_path, part).ok


def test_counts_take_each_text_once_and_each_line_by_file_and_person(tmp_path: Path):
    cut = BoundaryDecision(dump="d" * 64, offset=3, starts=True, by="ben", at="2026-03-01", name="x")
    append_decisions(tmp_path / "b.jsonl", [cut])
    counts = append_and_check(
        tmp_path,
        decide("One.", "hills"),
        decide("One.", "rivers", day=2, also=("hills",)),
        decide("Two.", None),
        decide("Three.", None, kind="boilerplate"),
        decide("Four.", "hills", kind="blurb"),
    ).counts
    assert counts.primary == {"rivers": 1, "hills": 1}
    assert counts.also == {"rivers": 0, "hills": 1}
    assert counts.no_topic == 1
    assert counts.by_kind == {"article": 2, "blurb": 1, "boilerplate": 1}
    assert counts.by_file == {str(tmp_path / "a.jsonl"): 5, str(tmp_path / "b.jsonl"): 1}
    assert counts.by_person == {"ada": 5, "ben": 1}
    assert (counts.n_segments, counts.n_boundaries) == (4, 1)


def test_a_folder_is_checked_and_counted_by_its_own_taxonomy(tmp_path: Path):
    (tmp_path / "taxonomy.toml").write_text('[[topic]]\nslug = "rivers"\nname = "x"\ndescription = "x"')
    append_decisions(tmp_path / "a.jsonl", [decide("One."), decide("Two.", "hills")])
    assert check(tmp_path).n_findings == {"unknown-topic": 1}
    assert stats(tmp_path).to_dict()["topics"] == {"rivers": {"primary": 1, "also": 0}}


def test_reports_can_be_read_on_a_terminal(tmp_path: Path):
    console = Console(file=StringIO(), width=100)
    report = append_and_check(tmp_path, decide("[b]One."), decide("One.", "sprots", name="[i].txt"))
    report.render(console)
    report.counts.render(console)
    shown = console.file.getvalue()
    assert "unknown-topic (1)\n" in shown and 'a.jsonl:2: unknown topic "sprots"' in shown
    assert "2 labelled segments, 1 to look at" in shown
    assert re.search(r"rivers +│ +1 +│ +0", shown)


def test_shipped_labels_fit_the_shipped_taxonomy_and_hold_no_text():
    shipped = Path(__file__).parent.parent / "labels"
    report = check(shipped)
    assert report.ok, report.findings
    assert report.n_findings.keys() <= {"second-reading"}  # what two readers see differently stays on record
    assert report.counts.n_segments > 700
    for entry in read_decisions([shipped]).topics:
        assert entry.decision.by != "gold" or (entry.decision.text, entry.decision.title) == (None, None)
    for name in ("news-2025-05-21", "seeds-2026-01"):
        counted = {row.segment for row in read_terms(shipped / f"{name}.terms.jsonl")}
        said = {entry.decision.segment for entry in read_decisions([shipped / f"{name}.jsonl"]).topics}
        assert said == counted
