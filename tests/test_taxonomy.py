from __future__ import annotations

from pathlib import Path

import pytest

from topics.errors import LabelError
from topics.labels.taxonomy import find_taxonomy, load_taxonomy, parse_taxonomy

SHIPPED = Path(__file__).parent.parent / "labels" / "taxonomy.toml"

SLUGS = (
    "ukraine-diplomacy ukraine-war gaza sudan syria yemen iran venezuela taiwan-china united-nations "
    "middle-east us-politics "
    "uk-politics world business sport science-tech health climate culture lifestyle crime-justice"
).split()

RIVERS = """
[[topic]]
slug = "rivers"
name = "Rivers"
description = "Rivers and what floats on them."
key_words = ["barge", "weir"]
iptc = "medtop:06000000"

[[topic]]
slug = "hills"
name = "Hills"
description = "Hills."
"""


def write(folder: Path, text: str) -> Path:
    path = folder / "labels" / "taxonomy.toml"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    return path


def test_topics_come_in_file_order_with_all_they_say():
    taxonomy = parse_taxonomy(RIVERS, "t.toml")
    assert taxonomy.slugs == ("rivers", "hills")
    assert taxonomy["rivers"].key_words == ("barge", "weir")
    assert taxonomy["rivers"].iptc == "medtop:06000000"
    assert (taxonomy["hills"].key_words, taxonomy["hills"].iptc) == ((), None)
    assert "hills" in taxonomy and "lakes" not in taxonomy
    with pytest.raises(KeyError):
        taxonomy["lakes"]


def test_an_unknown_slug_is_answered_with_where_the_known_ones_are():
    taxonomy = parse_taxonomy(RIVERS, "labels/taxonomy.toml")
    assert taxonomy.find_fault("rivers") is None
    assert taxonomy.find_fault("sprots") == ('unknown topic "sprots". Known topics are in labels/taxonomy.toml.')


def test_a_slug_that_is_nearly_right_finds_the_topic_that_may_be_meant():
    taxonomy = parse_taxonomy(RIVERS.replace('"Rivers"', '"The waters"'), "labels/taxonomy.toml")
    faults = [taxonomy.find_fault(said) or "" for said in ("River", "the water", "hlils", "sprots")]
    known = " Known topics are in labels/taxonomy.toml."
    assert [fault.removesuffix(known) for fault in faults] == [
        'unknown topic "River". Is "rivers" meant?',
        'unknown topic "the water". Is "rivers" meant?',
        'unknown topic "hlils". Is "hills" meant?',
        'unknown topic "sprots".',
    ]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("slug = [", "t.toml: not TOML: "),
        ("", "t.toml: no topics."),
        ("topic = 3", "t.toml: no topics."),
        ('version = 1\n[[topic]]\nslug = "a"', 't.toml: unknown key "version".'),
        (RIVERS.replace('"hills"', '"rivers"'), 't.toml:9: slug "rivers" again; it stands at t.toml:2 too.'),
        (RIVERS.replace('"hills"', '"High Hills"'), 't.toml:9: slug "High Hills" may hold only'),
        (
            RIVERS.replace('"hills"', '"unknown"'),
            't.toml:9: slug "unknown" is what segments without a topic are called.',
        ),
        (
            RIVERS.replace('"hills"', '"other"'),
            't.toml:9: slug "other" is what segments without a topic are called.',
        ),
        (
            RIVERS.replace('"hills"', '"boilerplate"'),
            't.toml:9: slug "boilerplate" is a kind of segments, which have no topic. Take another.',
        ),
        (
            RIVERS.replace('"hills"', '"rivers"').replace('"Rivers and', '"""\n[[topic]]\n""" #'),
            't.toml:11: slug "rivers" again; it stands at t.toml:2 too.',
        ),
        (f"topic = {'9' * 5_000}", "t.toml: not TOML that a taxonomy can be."),
        (f"topic = {'[' * 20_000}", "t.toml: not TOML that a taxonomy can be."),
        (RIVERS.replace('name = "Hills"', 'nmae = "Hills"'), 't.toml:9: unknown key "nmae".'),
        (RIVERS.replace('name = "Hills"', ""), "t.toml:9: name is missing"),
        (RIVERS.replace('"Rivers and what floats on them."', '" "'), "t.toml:2: description is missing"),
        (RIVERS.replace('["barge", "weir"]', '"barge"'), "t.toml:2: key_words is not a list of texts."),
        (RIVERS.replace("medtop:06000000", "06000000"), "t.toml:2: iptc is not a Media Topics code."),
        ('topic = [{slug = "a"}]', "t.toml: topic 1: name is missing"),
    ],
)
def test_a_malformed_taxonomy_is_refused_with_its_place(text: str, message: str):
    with pytest.raises(LabelError) as raised:
        parse_taxonomy(text, "t.toml")
    assert str(raised.value).startswith(message)
    assert "\n" not in str(raised.value)


def test_a_path_that_is_given_is_the_one_that_is_read(tmp_path: Path):
    path = write(tmp_path, RIVERS)
    assert load_taxonomy(path).slugs == ("rivers", "hills")
    assert load_taxonomy(path).source == str(path)
    with pytest.raises(LabelError, match=r"no such taxonomy\. "):
        load_taxonomy(tmp_path / "nowhere.toml")
    path.write_bytes(b"\xef\xbb\xbf" + RIVERS.encode())
    assert load_taxonomy(path).slugs == ("rivers", "hills")
    path.write_bytes(b"\xff\xfe")
    with pytest.raises(LabelError, match="not UTF-8"):
        load_taxonomy(path)


def test_the_project_folder_comes_before_what_ships(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    write(tmp_path, RIVERS)
    assert load_taxonomy(project=tmp_path).slugs == ("rivers", "hills")
    monkeypatch.chdir(tmp_path)
    assert load_taxonomy().source == str(Path("labels/taxonomy.toml"))


def test_without_a_project_the_shipped_taxonomy_is_found(tmp_path: Path):
    assert load_taxonomy(project=tmp_path).slugs == tuple(SLUGS)
    assert find_taxonomy(tmp_path).name == "taxonomy.toml"


def test_the_shipped_taxonomy_keeps_the_fixed_slugs_and_says_enough_of_each():
    taxonomy = load_taxonomy(SHIPPED)
    assert taxonomy.slugs == tuple(SLUGS)
    for topic in taxonomy.topics:
        assert 15 <= len(topic.key_words) <= 40
        assert len({word.lower() for word in topic.key_words}) == len(topic.key_words)
        assert len(topic.description) > 40 and topic.description.endswith(".")
        assert topic.iptc is not None
