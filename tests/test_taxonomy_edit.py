"""Taxonomies changed as text: what the step says changes, every other byte stays."""

from __future__ import annotations

import tomllib
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from topics.errors import LabelError
from topics.labels.taxonomy import Topic, check_slug, parse_taxonomy
from topics.labels.taxonomy_edit import add_topic, drop_topic, format_topic, merge_topics, rename_topic

SHIPPED = Path(__file__).parent.parent / "labels" / "taxonomy.toml"

VALLEY = '''# Topics of the valley paper.

[[topic]]
slug = "rivers"  # the oldest
name = "Rivers"
description = "Rivers and what floats on them."
rule = "Water comes first."
key_words = [
    "barge", "weir",  # not "lock"
]

# Everything above the tree line:
[[topic]]
slug = "hills"
name = "Hills"
description = """Hills,
and who climbs them."""
key_words = ["Weir", "summit"]
borderline = ["A flood in a gorge: rivers."]

# Below it:
[[topic]]
# a young topic
slug = "woods"
name = "Woods"
description = "Woods."
# the end
'''


def changed_lines(before: str, after: str) -> tuple[list[str], list[str]]:
    """The lines that are gone and those that are new; all others stand in the order they had."""
    import difflib

    steps = list(difflib.ndiff(before.splitlines(), after.splitlines()))
    return [s[2:] for s in steps if s.startswith("- ")], [s[2:] for s in steps if s.startswith("+ ")]


def test_a_rename_changes_one_line_and_remembers_the_old_slug():
    after = rename_topic(VALLEY, "t", "rivers", "waters")
    assert changed_lines(VALLEY, after) == (
        ['slug = "rivers"  # the oldest'],
        ['slug = "waters"  # the oldest', "", "[[retired]]", 'slug = "rivers"', 'into = ["waters"]'],
    )
    taxonomy = parse_taxonomy(after, "t")
    assert taxonomy.slugs == ("waters", "hills", "woods")
    assert taxonomy.find_successors("rivers") == ("waters",)
    assert taxonomy.find_fault("rivers") is None and "rivers" not in taxonomy


def test_renaming_there_and_back_leaves_one_retired_slug():
    back = rename_topic(rename_topic(VALLEY, "t", "rivers", "waters"), "t", "waters", "rivers")
    assert parse_taxonomy(back, "t").retired == {"waters": ("rivers",)}
    assert back.startswith(VALLEY)


def test_a_slug_that_labels_know_is_taken_again_only_by_what_they_mean_with_it():
    text = rename_topic(VALLEY, "t", "rivers", "waters")
    refused = 't: "rivers" was a topic once, and labels that say so mean "waters" now. Take another slug.'
    for step in (
        lambda: rename_topic(text, "t", "hills", "rivers"),
        lambda: merge_topics(text, "t", ["hills", "woods"], "rivers"),
        lambda: add_topic(text, "t", Topic("rivers", "Rivers", "Rivers again."), "hills"),
    ):
        with pytest.raises(LabelError) as raised:
            step()
        assert str(raised.value) == refused
    split = drop_topic(text, "t", "waters", ["hills", "woods"])
    with pytest.raises(LabelError, match='mean "hills, woods" now'):
        rename_topic(split, "t", "hills", "rivers")
    assert parse_taxonomy(merge_topics(split, "t", ["hills", "woods"], "rivers"), "t").slugs == ("rivers",)
    merged = merge_topics(text, "t", ["waters", "hills"], "rivers")
    assert parse_taxonomy(merged, "t").retired == {"waters": ("rivers",), "hills": ("rivers",)}


def test_retired_slugs_are_followed_to_the_topics_of_today():
    text = rename_topic(rename_topic(VALLEY, "t", "hills", "heights"), "t", "heights", "peaks", "Peaks")
    assert parse_taxonomy(text, "t").find_successors("hills") == ("peaks",)
    assert parse_taxonomy(text, "t")["peaks"].name == "Peaks"
    text = drop_topic(text, "t", "peaks", ["rivers", "woods"])
    taxonomy = parse_taxonomy(text, "t")
    assert taxonomy.find_successors("hills") == ("rivers", "woods")
    assert taxonomy.find_fault("hills") == 'topic "hills" was split into rivers, woods. Decide which it is.'


def test_a_merge_into_a_topic_that_is_there_joins_words_and_cases_and_keeps_comments():
    after = merge_topics(VALLEY, "t", ["hills"], "rivers")
    merged = parse_taxonomy(after, "t")["rivers"]
    assert merged.key_words == ("barge", "weir", "summit")
    assert merged.description == "Rivers and what floats on them. Hills,\nand who climbs them."
    assert merged.borderline == ("A flood in a gorge: rivers.",)
    assert merged.rule == "Water comes first."
    for comment in ("# Topics of", "# the oldest", '# not "lock"', "# Everything above", "# Below it:", "# the end"):
        assert comment in after


def test_a_merge_into_a_new_slug_stands_where_the_first_stood_and_has_no_rule_of_one():
    after = parse_taxonomy(merge_topics(VALLEY, "t", ["woods", "rivers"], "wild-land", description="All of it."), "t")
    assert after.slugs == ("hills", "wild-land")
    assert (after["wild-land"].name, after["wild-land"].rule) == ("Wild land", None)
    assert after["wild-land"].description == "All of it."
    assert after.retired == {"woods": ("wild-land",), "rivers": ("wild-land",)}


def test_a_topic_is_added_behind_another_and_before_the_comments_of_the_next():
    text = add_topic(VALLEY, "t", Topic("fish", 'The "fish"', "Fish.", ("trout",)), "rivers")
    assert parse_taxonomy(text, "t").slugs == ("rivers", "fish", "hills", "woods")
    assert parse_taxonomy(text, "t")["fish"].name == 'The "fish"'
    assert changed_lines(VALLEY, text)[0] == []
    assert text.index('"fish"') < text.index("# Everything above")


def test_the_first_and_the_last_topic_can_go_and_comments_stay():
    first = drop_topic(VALLEY, "t", "rivers", ["hills"])
    assert parse_taxonomy(first, "t").slugs == ("hills", "woods")
    assert first.startswith("# Topics of the valley paper.\n") and "# Everything above" in first
    last = drop_topic(VALLEY, "t", "woods", ["hills"])
    assert parse_taxonomy(last, "t").slugs == ("rivers", "hills")
    assert "# Below it:" in last and "# the end" in last


def test_what_looks_like_a_table_or_a_comment_inside_a_text_is_part_of_it():
    odd = VALLEY.replace("Hills,\nand", "Hills,\n[sic]\n[[topic]]\n# indeed\nand").replace(
        'description = "Woods."', 'description = """Woods,\n# and trees"""'
    )
    before = parse_taxonomy(odd, "t")
    for eol in ("\n", "\r\n"):
        text = odd.replace("\n", eol)
        for slug in before.slugs:
            added = parse_taxonomy(add_topic(text, "t", Topic("fish", "Fish", "Fish."), slug), "t")
            assert tuple(topic for topic in added.topics if topic.slug != "fish") == before.topics
            assert added.slugs[added.slugs.index(slug) + 1] == "fish"
            dropped = parse_taxonomy(drop_topic(text, "t", slug, [s for s in before.slugs if s != slug]), "t")
            assert dropped.topics == tuple(topic for topic in before.topics if topic.slug != slug)
    merged = merge_topics(odd, "t", ["hills"], "woods")
    assert "[sic]" in parse_taxonomy(merged, "t")["woods"].description
    assert "# and trees" not in drop_topic(odd, "t", "woods", ["hills"])


@pytest.mark.parametrize(
    ("step", "message"),
    [
        (lambda: rename_topic(VALLEY, "t", "lakes", "ponds"), 't: no topic "lakes". It has rivers, hills, woods.'),
        (lambda: rename_topic(VALLEY, "t", "rivers", "hills"), 't: topic "hills" is there already.'),
        (lambda: rename_topic(VALLEY, "t", "rivers", "Big Hills"), 't: slug "Big Hills" may hold only'),
        (lambda: rename_topic(VALLEY, "t", "rivers", "unknown"), 't: slug "unknown" is what segments without a topic'),
        (lambda: rename_topic(VALLEY, "t", "rivers", "boilerplate"), 't: slug "boilerplate" is a kind of segments,'),
        (lambda: merge_topics(VALLEY, "t", ["rivers", "lakes"], "hills"), 't: no topic "lakes".'),
        (lambda: merge_topics("topic = []", "t", ["rivers"], "hills"), "t: no topics."),
    ],
)
def test_a_step_that_makes_no_sense_is_one_line(step, message: str):
    with pytest.raises(LabelError) as raised:
        step()
    assert str(raised.value).startswith(message) and "\n" not in str(raised.value)


WORDS = st.text(st.characters(exclude_categories=["Cs", "Cc"]), min_size=1).filter(lambda text: text.strip())
TOPICS = st.builds(
    Topic,
    slug=st.from_regex(r"[a-z0-9]{1,6}(-[a-z0-9]{1,4})?", fullmatch=True).filter(lambda slug: not check_slug(slug)),
    name=WORDS.map(str.strip),
    description=WORDS.map(str.strip),
    key_words=st.lists(WORDS, max_size=4).map(tuple),
    rule=st.none() | WORDS.map(str.strip),
    borderline=st.lists(WORDS, max_size=3).map(tuple),
)


@given(st.lists(TOPICS, min_size=2, max_size=5, unique_by=lambda topic: topic.slug))
def test_what_is_written_is_read_again_and_any_two_can_be_merged(topics: list[Topic]):
    text = "\n".join(map(format_topic, topics))
    assert parse_taxonomy(text, "t").topics == tuple(topics)
    first, second = topics[0], topics[-1]
    merged = parse_taxonomy(merge_topics(text, "t", [second.slug], first.slug), "t")
    assert merged.slugs == tuple(topic.slug for topic in topics[:-1])
    folded = {word.casefold() for word in (*first.key_words, *second.key_words)}
    assert {word.casefold() for word in merged[first.slug].key_words} == folded
    assert merged.find_successors(second.slug) == (first.slug,)


def test_the_shipped_taxonomy_can_be_merged_down_to_two_topics():
    text = SHIPPED.read_text("utf-8")
    slugs = parse_taxonomy(text, "t").slugs
    comments = [line for line in text.splitlines() if line.startswith("#")]
    for slug in slugs[2:]:
        text = merge_topics(text, "t", [slug], slugs[len(slug) % 2])
    assert len(tomllib.loads(text)["topic"]) == 2
    assert [line for line in text.splitlines() if line.startswith("#")] == comments
