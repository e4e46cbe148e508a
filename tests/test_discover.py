"""Discovery: what recurs among the unknowns is grouped and named, always the same way, and becomes a topic whole."""

from __future__ import annotations

import json
import random
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from plain_matching import match
from sample_rows import BELL, FERRY, Piece, harbour, make_rows
from threads import with_threads
from typer.testing import CliRunner

from topics.classification.analyzer import Terms, count_terms
from topics.cli import app
from topics.discover.accepting import LABEL_FILE, accept_group
from topics.discover.finding import FEWEST_SEGMENTS, Discovery, find_groups
from topics.discover.grouping import group_pieces, place_pieces
from topics.discover.naming import make_name, name_groups
from topics.discover.unknowns import sample_unknowns
from topics.errors import LabelError
from topics.labels.store import read_decisions
from topics.labels.taxonomy import load_taxonomy
from topics.records import Segment, dump_digest

Row = Mapping[str, Any]

THEMES = {
    "beekeeping": "hive queen swarm honey beekeeper colony pollen frame smoker nectar brood wax",
    "volcano": "crater ash lava eruption plume magma summit tremor volcano vent pumice slope",
    "chess": "rook gambit bishop endgame opening pawn checkmate grandmaster knight castling blitz tournament",
}
COMMON = "yesterday people morning town visitors report long small quiet street river evening"


def write_piece(theme: str, seed: int) -> Piece:
    drawn = random.Random(f"{theme} {seed}")
    words = THEMES[theme].split()
    lines = [
        f"The {drawn.choice(words)} and the {drawn.choice(words)} were near the {drawn.choice(COMMON.split())}, "
        f"a {drawn.choice(words)} said in the {drawn.choice(COMMON.split())}."
        for _ in range(9)
    ]
    return Piece([f"Number {seed} on {drawn.choice(words)}", *lines], title=f"Number {seed} on {drawn.choice(words)}")


def themed_rows(n: int = 12) -> list[Row]:
    """Unknown segments on three themes, one a dump, and two topics that are known."""
    pieces = [(theme, k) for theme in sorted(THEMES) for k in range(n)]
    rows = [row for theme, k in pieces for row in make_rows(f"{theme}-{k}.txt", FERRY, write_piece(theme, k))]
    return [*rows, *harbour()]


def themes_of(found: Discovery) -> list[set[str]]:
    return [{each.dump.split("-")[0] for each in group.segments} for group in found.groups]


# which segments


def test_unknown_segments_are_taken_each_text_once() -> None:
    rows = [*make_rows("a.txt", FERRY, BELL), *make_rows("b.txt", BELL), *harbour()]
    sample = sample_unknowns(rows)
    assert (sample.n_rows, sample.n_found, sample.n_copies, sample.n_left_out) == (7, 3, 2, 0)
    [bell] = sample.segments
    assert (bell.dump, bell.nearest, bell.score) == ("a.txt", "culture", 0.3)


def test_near_duplicates_and_marked_ones_count_once() -> None:
    words = " ".join(f"word{k}" for k in range(60))
    rows = [*make_rows("a.txt", Piece([words])), *make_rows("b.txt", Piece([f"Again: {words}"]))]
    assert sample_unknowns(rows).n_copies == 1
    marked = {**make_rows("c.txt", Piece(["Another text"]))[0], "duplicate_of": "an id"}
    assert sample_unknowns([marked]).segments == ()


def test_other_languages_are_counted_and_left_out() -> None:
    rows = make_rows("a.txt", Piece(["Il pleut sur la ville."], language="fr"), BELL)
    sample = sample_unknowns(rows)
    assert (sample.n_found, sample.n_foreign, len(sample.segments)) == (2, 1, 1)


def test_unsure_segments_come_in_with_a_bound() -> None:
    assert len(sample_unknowns(harbour(), below=0.8).segments) == 2  # the bell, and the derby at 0.7
    assert len(sample_unknowns(harbour(), below=0.7).segments) == 1


def test_a_segment_knows_its_dump_by_digest() -> None:
    rows = harbour()
    [bell] = sample_unknowns(rows).segments
    assert bell.dump_digest == dump_digest("".join(row["text"] for row in rows))


def test_two_dumps_of_one_name_are_told_apart() -> None:
    rows = [*make_rows("a.txt", FERRY), *make_rows("a.txt", BELL)]
    [bell] = sample_unknowns(rows).segments
    assert bell.dump_digest == dump_digest(rows[1]["text"])


@given(st.permutations(range(30)))
def test_of_too_many_the_same_are_kept_in_whatever_order(order: list[int]) -> None:
    dumps = [make_rows(f"{k}.txt", Piece([f"Text number {k} about {k * k}"])) for k in range(30)]
    straight = sample_unknowns([row for rows in dumps for row in rows], most=8)
    turned = sample_unknowns([row for k in order for row in dumps[k]], most=8)
    assert straight == turned
    assert len(straight.segments) == 8 and straight.n_left_out == 22


# groups


def test_three_themes_are_three_groups() -> None:
    found = find_groups(sample_unknowns(themed_rows()))
    assert sorted(map(sorted, themes_of(found))) == [["beekeeping"], ["chess"], ["volcano"]]
    assert found.n_grouped == 36
    for group, [theme] in zip(found.groups, themes_of(found), strict=True):
        words = {word for term in group.terms for word in term.split()}
        assert words <= {word.rstrip("s") for word in THEMES[theme].split()} | set(THEMES[theme].split())
        assert 0 < group.likeness <= 1
        assert group.nearest == (("world", 12),)


def test_word_vectors_may_help(model: Any) -> None:
    from topics.bundle import load_vectors

    found = find_groups(sample_unknowns(themed_rows()), load_vectors(model))
    assert all(len(themes) == 1 for themes in themes_of(found)) and found.groups


def test_groups_do_not_depend_on_the_order_of_the_run() -> None:
    rows = themed_rows()
    dumps = [rows[k : k + 2] for k in range(0, 72, 2)]
    random.Random(1).shuffle(dumps)
    turned = [row for dump in dumps for row in dump]
    assert find_groups(sample_unknowns(turned)).groups == find_groups(sample_unknowns(rows[:72])).groups


def test_groups_do_not_depend_on_the_number_of_threads() -> None:
    code = (
        "import random\n"
        "from topics.classification.analyzer import Terms\n"
        "from topics.discover.grouping import group_pieces\n"
        "draw = random.Random(3).choices\n"
        "words = [[f'w{theme}.{i}' for i in range(200)] for theme in range(8)]\n"
        "pieces = [Terms({}, dict.fromkeys(draw(words[k % 8], k=20) + draw(sum(words, []), k=20), 1)) "
        "for k in range(400)]\n"
        "print([group_pieces(pieces, min_group=3, n_groups=n) for n in (None, 8)])"
    )
    assert with_threads(1, code) == with_threads(2, code)


def test_a_number_of_groups_can_be_asked_for() -> None:
    sample = sample_unknowns(themed_rows())
    assert sorted(map(sorted, themes_of(find_groups(sample, n_groups=3)))) == [["beekeeping"], ["chess"], ["volcano"]]
    assert len(find_groups(sample, n_groups=1).groups) <= 1


def test_few_unknowns_give_no_groups() -> None:
    rows = [row for k in range(FEWEST_SEGMENTS - 1) for row in make_rows(f"{k}.txt", write_piece("chess", k))]
    found = find_groups(sample_unknowns(rows))
    assert found.too_few and found.groups == ()


def test_what_resembles_nothing_is_in_no_group() -> None:
    pieces = [count_terms(None, f"alpha{k} beta{k} gamma{k}. alpha{k} delta{k}") for k in range(30)]
    assert group_pieces(pieces, None, min_group=5) == []
    assert group_pieces([Terms({}, {})] * 30, None, min_group=5) == []


def test_rows_have_length_one_or_none() -> None:
    pieces = [count_terms(None, " ".join(THEMES[theme].split()[:k])) for theme in THEMES for k in (4, 6, 8)]
    rows = place_pieces([*pieces, Terms({}, {})], None)
    lengths = (rows**2).sum(axis=1)
    assert lengths[:-1] == pytest.approx(1.0) and lengths[-1] == 0


# names


def test_terms_that_set_a_group_apart() -> None:
    ash = [frozenset({"ash", "flight", "people"})] * 4
    derby = [frozenset({"derby", "goal", "people"})] * 4
    assert name_groups([ash, derby], [frozenset({"people", "flight"})] * 8) == [["ash"], ["derby", "goal"]]


def test_a_term_that_shares_a_word_with_a_better_one_is_left_out() -> None:
    pieces = [frozenset({"ash", "ash cloud"})] * 4
    assert name_groups([pieces], [frozenset({"rain"})] * 4) == [["ash"]]


def test_names_are_slugs_and_no_two_are_the_same() -> None:
    assert make_name(["van dyke", "museum", "loan"], frozenset()) == "van-dyke-museum"
    assert make_name(["pro-life"], frozenset()) == "pro-life"
    assert make_name(["ash"], frozenset({"ash", "ash-2"})) == "ash-3"
    assert make_name(["東方"], frozenset()) == "group"


# a topic of it


@pytest.fixture
def labels(tmp_path: Path) -> Path:
    folder = tmp_path / "labels"
    folder.mkdir()
    (folder / "taxonomy.toml").write_text(
        '# Ours.\n[[topic]]\nslug = "sport"\nname = "Sport"\ndescription = "Games."  # and play', "utf-8"
    )
    return folder


def accept(found: Discovery, place: int, slug: str, labels: Path, **options: Any) -> Any:
    return accept_group(found.groups[place], slug, labels, by="ann", at="2026-01-31T12:00:00Z", **options)


@pytest.fixture(scope="module")
def found() -> Discovery:
    return find_groups(sample_unknowns(themed_rows()))


def test_an_accepted_group_is_a_topic_with_labels(found: Discovery, labels: Path) -> None:
    before = (labels / "taxonomy.toml").read_text("utf-8")
    done = accept(found, 0, "new-one", labels, name='The "new" one')
    assert (done.new, done.n_added, done.n_labelled_before) == (True, 12, 0)
    assert (labels / "taxonomy.toml").read_text("utf-8").startswith(before + "\n")
    topic = load_taxonomy(labels / "taxonomy.toml")["new-one"]
    assert topic.name == 'The "new" one' and topic.key_words == found.groups[0].terms
    taxonomy = load_taxonomy(labels / "taxonomy.toml")
    decisions = [entry.decision for entry in read_decisions([labels], taxonomy).topics]
    assert [d.segment for d in decisions] == [each.digest for each in found.groups[0].segments]
    assert {(d.topic, d.by, d.at) for d in decisions} == {("new-one", "ann", "2026-01-31T12:00:00Z")}
    assert all(d.text == each.text for d, each in zip(decisions, found.groups[0].segments, strict=True))


def test_its_labels_find_their_segments(found: Discovery, labels: Path) -> None:
    accept(found, 0, "new-one", labels, with_text=False)
    segments: dict[str, list[Segment]] = {}
    for each in found.groups[0].segments:
        rows = [row for row in themed_rows() if row["dump"] == each.dump]
        segments[dump_digest("".join(row["text"] for row in rows))] = [
            Segment(
                row["dump"], each.dump_digest, row["index"], row["start"], row["end"], row["start_line"],
                row["end_line"], row["kind"], row["title"], None, None, 0.9, (), "en", row["text"],
            )
            for row in rows
        ]  # fmt: skip
    holding, idle = match(read_decisions([labels]), segments)
    assert (len(holding), idle) == (12, [])
    assert all(entry.decision.text is None for entry in read_decisions([labels]).topics)


def test_accepting_again_adds_nothing(found: Discovery, labels: Path) -> None:
    accept(found, 0, "new-one", labels)
    before = {path.name: path.read_bytes() for path in labels.glob("*.*")}
    done = accept(found, 0, "new-one", labels)
    assert (done.new, done.n_added, done.n_labelled_before) == (False, 0, 12)
    assert {path.name: path.read_bytes() for path in labels.glob("*.*")} == before


def test_a_topic_that_is_there_takes_the_labels(found: Discovery, labels: Path) -> None:
    before = (labels / "taxonomy.toml").read_bytes()
    assert accept(found, 0, "sport", labels, most=3).n_added == 3
    assert (labels / "taxonomy.toml").read_bytes() == before
    with pytest.raises(LabelError, match='a topic "sport" already'):
        accept(found, 1, "sport", labels, name="Another")


@pytest.mark.parametrize("slug", ["Not a slug", "", "ä", 'x"\n[[topic]]'])
def test_a_slug_that_is_none_changes_nothing(found: Discovery, labels: Path, slug: str) -> None:
    before = (labels / "taxonomy.toml").read_bytes()
    with pytest.raises(LabelError, match="slug"):
        accept(found, 0, slug, labels)
    assert (labels / "taxonomy.toml").read_bytes() == before
    assert not (labels / LABEL_FILE).exists()


@pytest.mark.parametrize("name", ['Say "no"', "back\\slash", "two\nlines", "# no comment", "Ünï\x7f"])
def test_whatever_the_name_the_taxonomy_can_be_read(found: Discovery, labels: Path, name: str) -> None:
    accept(found, 0, "new-one", labels, name=name, description=name)
    topic = load_taxonomy(labels / "taxonomy.toml")["new-one"]
    assert topic.name == topic.description == " ".join(name.split())


def test_a_folder_without_a_taxonomy_gets_the_one_in_force(found: Discovery, tmp_path: Path) -> None:
    folder = tmp_path / "labels"
    accept(found, 0, "new-one", folder)
    slugs = load_taxonomy(folder / "taxonomy.toml").slugs
    assert "gaza" in slugs and slugs[-1] == "new-one"


# the command


@pytest.fixture
def records(tmp_path: Path) -> Path:
    path = tmp_path / "monday.jsonl"
    path.write_text("".join(json.dumps(row) + "\n" for row in themed_rows()))
    return path


def run(*arguments: object) -> Any:
    return CliRunner().invoke(app, ["discover", *map(str, arguments)])


def test_the_command_gives_json_and_the_same_each_time(records: Path) -> None:
    done = run(records, "--examples", 2)
    assert done.exit_code == 0
    shown = json.loads(done.stdout)
    assert (shown["unknown"], shown["looked_at"], shown["copies"]) == (37, 37, 0)
    assert all(len(group["examples"]) == 2 and group["terms"] for group in shown["groups"])
    assert run(records, "--examples", 2).stdout == done.stdout


def test_the_command_accepts_by_name(records: Path, labels: Path) -> None:
    name = json.loads(run(records).stdout)["groups"][0]["group"]
    done = run(records, "--accept", name, "--slug", "hobby", "--labels", labels, "--most-labels", 4, "--without-text")
    assert done.exit_code == 0, done.stderr
    assert 'new topic "hobby"' in done.stdout and "4 labels" in done.stdout
    assert len((labels / LABEL_FILE).read_text().splitlines()) == 4


def test_the_command_says_what_is_wrong(records: Path, labels: Path, tmp_path: Path) -> None:
    done = run(records, "--accept", "nothing", "--slug", "x", "--labels", labels)
    assert done.exit_code == 1 and 'no group "nothing"' in done.stderr
    assert run(records, "--accept", "nothing").exit_code == 2
    few = tmp_path / "few.jsonl"
    few.write_text("".join(json.dumps(row) + "\n" for row in harbour()))
    done = run(few)
    assert done.exit_code == 0 and "20 are needed" in done.stderr and "; --below P takes" in done.stderr
    assert "; a higher --below takes more of them" in run(few, "--below", 0.1).stderr
    assert json.loads(done.stdout)["groups"] == []
