"""Label care: suspects, drift and agreement, by hand-worked cases and by what must hold for any."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from typer.testing import CliRunner

from topics.care.advice import advise
from topics.care.agreement import measure_agreement, read_agreement
from topics.care.drift import find_drift, hold_false_alarms, part_dates, weigh_mix, weigh_terms
from topics.care.gather import Labelled, gather_labelled
from topics.care.suspects import find_suspects, rank_suspects, self_confidence
from topics.classification.analyzer import Terms
from topics.classification.training import Example, fit_topics
from topics.cli import app
from topics.evaluation.folds import Traits, deal_folds
from topics.examples import DESCRIPTION_WEIGHT
from topics.labels.checks import check
from topics.labels.decisions import TopicDecision
from topics.labels.entries import Entry, read_decisions
from topics.labels.second import find_confirmed, pair_corrections, pair_second_readings
from topics.labels.store import append_decisions
from topics.labels.taxonomy import parse_taxonomy
from topics.records import dump_digest, text_digest

SLUGS = ("rivers", "roads")
TAXONOMY = "".join(f'[[topic]]\nslug = "{slug}"\nname = "{slug}"\ndescription = "On {slug}."\n\n' for slug in SLUGS)
WATER = "weir barge otter flood sluice eel mill heron ferry".split()
TRAFFIC = "lorry bridge bus toll crash kerb lane signal depot".split()


def entry(number: int, topic: str | None, *also: str, by: str = "ada", day: int = 1, rank: int | None = None):
    decision = TopicDecision(
        dump="d" * 64, start=0, end=9, segment=f"{number:064x}", topic=topic, also=also, kind="article", by=by,
        at=f"2026-03-{day:02}T10:00:00Z", name=f"piece-{number}",
    )  # fmt: skip
    return Entry(decision, "labels/a.jsonl", number + 1, number if rank is None else rank)


def labelled(pieces: list[tuple[str, list[str], str | None]], stories: list[int] | None = None) -> Labelled:
    """Pieces as (topic, words, day)."""
    return Labelled(
        parse_taxonomy(TAXONOMY, "labels/taxonomy.toml"),
        tuple(
            Example(Terms({}, {w: 1 for w in words}), topic, (), str(n)) for n, (topic, words, _) in enumerate(pieces)
        ),
        tuple(
            Traits(topic, n, stories[n] if stories else n, f"outlet {n % 3}", day)
            for n, (topic, _, day) in enumerate(pieces)
        ),
        tuple(entry(n, topic) for n, (topic, _, _) in enumerate(pieces)),
        tuple(
            Example(Terms({}, {word: 1}), topic, weight=DESCRIPTION_WEIGHT)
            for topic, word in (("rivers", "weir"), ("roads", "lorry"))
        ),
        None,
    )


def draw(words: list[str], number: int) -> list[str]:
    """Four of the words, other ones for other numbers."""
    return sorted({words[(number + step) % len(words)] for step in (0, 1, 3, 5)})


# -- suspects


def test_confident_learning_by_hand():
    # Own means: topic 0 (.8 + .9 + .9 + .2 + .7) / 5 = .7; topic 1 (.9 + .9 + .8 + .6 + .8) / 5 = .8.
    p = np.array([[0.8], [0.9], [0.9], [0.2], [0.7], [0.1], [0.1], [0.2], [0.4], [0.2]])
    p = np.hstack((p, 1 - p))
    labels = np.array([0] * 5 + [1] * 5)
    assert self_confidence(p, labels).tolist() == pytest.approx([0.7, 0.8])
    nothing = np.zeros((10, 2), bool)
    # Only the fourth is confidently of the other topic; the ninth (.4 against .6) reaches no threshold.
    assert rank_suspects(p, labels, nothing) == [(3, 1)]
    allowed = nothing.copy()
    allowed[3, 1] = True
    assert rank_suspects(p, labels, allowed) == []


def test_topics_of_few_pieces_accuse_nobody():
    p = np.array([[0.1, 0.9]] * 6 + [[0.1, 0.9]] * 4)
    assert rank_suspects(p, np.array([0] * 6 + [1] * 4), np.zeros((10, 2), bool)) == []


@given(st.integers(0, 2**32 - 1), st.integers(2, 4), st.integers(6, 40))
def test_suspects_are_ranked_by_margin_and_never_their_own_label(seed: int, n_topics: int, n: int):
    random = np.random.default_rng(seed)
    p = random.dirichlet(np.ones(n_topics), n)
    labels = random.integers(0, n_topics, n)
    found = rank_suspects(p, labels, np.zeros((n, n_topics), bool))
    thresholds = self_confidence(p, labels)
    assert all(other != labels[place] and p[place, other] >= thresholds[other] for place, other in found)
    margins = [p[place, other] - p[place, labels[place]] for place, other in found]
    assert margins == sorted(margins, reverse=True)
    order = random.permutation(n)
    again = rank_suspects(p[order], labels[order], np.zeros((n, n_topics), bool))
    assert {(int(order[place]), other) for place, other in again} == set(found)


def test_a_flipped_label_is_the_first_suspect_with_its_place_and_the_words_that_tell():
    pieces = [("rivers", draw(WATER, n), None) for n in range(20)] + [
        ("roads", draw(TRAFFIC, n), None) for n in range(20)
    ]
    pieces[7] = ("roads", WATER[:7], None)
    given_labels = labelled(pieces)
    fitted = fit_topics(given_labels.examples, SLUGS, given_labels.lessons)
    found = find_suspects(given_labels, fitted)
    assert [(s.entry.place, s.topic, s.other) for s in found] == [("labels/a.jsonl:8", "roads", "rivers")]
    assert set(found[0].words) <= set(WATER) and found[0].words
    assert "piece-7 is labelled roads" in found[0].message and "Correct it" in found[0].message
    reason = found[0].reason
    assert found[0].entry.decision.segment == f"{7:064x}"
    assert reason.startswith("labelled roads (0.") and "says rivers (" in reason and found[0].words[0] in reason
    assert find_suspects(given_labels, fitted, {f"{7:064x}"}) == []


def test_a_text_is_confirmed_by_two_people_or_a_second_reading_of_what_holds():
    first = [entry(1, "rivers"), entry(1, "rivers", by="ben", day=2), entry(2, "rivers"), entry(3, "rivers")]
    first += [entry(3, "roads", by="ben", day=2), entry(4, "rivers"), entry(4, "rivers", day=2)]
    first = [Entry(e.decision, e.file, e.line, rank) for rank, e in enumerate(first)]
    second = [entry(2, "rivers", day=3), entry(3, "rivers", by="cleo", day=3)]
    assert find_confirmed(first, second) == {f"{1:064x}", f"{2:064x}"}


# -- folds


def test_near_duplicates_never_straddle_folds(tmp_path: Path):
    """From label file to fold: reprints with an edited line are one group, and groups are dealt whole."""
    (tmp_path / "taxonomy.toml").write_text(TAXONOMY, encoding="utf-8")
    decisions = []
    for n in range(12):
        random = np.random.default_rng(n)
        body = "".join(chr(random.integers(97, 123)) if k % 7 else " " for k in range(2_000))  # no word of another
        for text in (body, body.replace(" ", " and ", 1), "Lead: " + body):
            topic = SLUGS[n % 2]
            decisions.append(
                TopicDecision(
                    dump=dump_digest(text),
                    start=0,
                    end=len(text),
                    segment=text_digest(text),
                    topic=topic,
                    kind="article",
                    by="ada",
                    at="2026-03-01T10:00:00Z",
                    name=f"{n}.txt",
                    text=text,
                )
            )
    append_decisions(tmp_path / "a.jsonl", decisions)
    found = gather_labelled(tmp_path)
    assert len(found.examples) == 36
    duplicates = [traits.duplicate for traits in found.traits]
    assert [duplicates[k] == duplicates[k + 1] == duplicates[k + 2] for k in range(0, 36, 3)] == [True] * 12
    assert len(set(duplicates)) == 12
    fold = deal_folds([e.topic for e in found.examples], [e.group for e in found.examples], 5)
    for group in set(duplicates):
        assert len({int(fold[k]) for k in range(36) if duplicates[k] == group}) == 1
    assert set(fold.tolist()) == {0, 1, 2, 3, 4}


# -- drift


def test_a_mix_that_changed_is_found_and_one_that_did_not_is_not():
    later = np.arange(80) >= 40
    changed = np.array([0] * 36 + [1] * 4 + [0] * 4 + [1] * 36)
    same = np.array([0, 1] * 40)
    p, by_topic = weigh_mix(changed, range(80), later, 2)
    assert p == pytest.approx(0.001) and by_topic.max() == pytest.approx(0.001)
    assert weigh_mix(same, range(80), later, 2)[0] == 1.0


def test_one_story_told_often_is_no_shift():
    later = np.arange(80) >= 40
    topics = np.array([0, 1] * 20 + [0] * 40)
    stories = [*range(40), *[99] * 40]  # all later pieces are on one event
    assert weigh_mix(topics, stories, later, 2)[0] == 1.0


def test_terms_that_changed_are_told_by_side():
    later = np.arange(40) >= 20
    presence = np.stack((later, ~later, np.arange(40) % 2 == 0), axis=1).astype(float)
    p, effect, signed = weigh_terms(presence, range(40), later)
    assert p == pytest.approx(0.001) and effect > 5
    assert signed.tolist() == pytest.approx([1.0, -1.0, 0.0])


@given(st.integers(0, 2**32 - 1))
def test_chance_is_called_chance(seed: int):
    """A p-value is a proper one: never zero, and the same for the same input."""
    random = np.random.default_rng(seed)
    later = random.random(30) < 0.5
    later[:2] = True, False
    topics = random.integers(0, 3, 30)
    p, by_topic = weigh_mix(topics, range(30), later, 3)
    assert 1 / 1000 <= p <= 1 and (by_topic >= 1 / 1000).all()
    assert (p, by_topic.tolist()) == (weigh_mix(topics, range(30), later, 3)[0], by_topic.tolist())


def test_false_alarms_are_held_among_many():
    assert hold_false_alarms([0.001, 0.02, 0.9]) == [True, True, False]
    assert hold_false_alarms([0.04] + [0.9] * 9) == [False] * 10
    assert hold_false_alarms([]) == []


def test_dates_are_parted_in_the_middle_and_one_day_is_no_two():
    assert part_dates(["2025-01-01"] * 5) is None and part_dates([]) is None
    assert part_dates(["2025-01-01"] * 9 + ["2025-02-01"]) == "2025-02-01"
    assert part_dates(["2025-01-01", "2025-02-01", "2025-03-01", "2025-04-01"]) == "2025-03-01"


def test_a_topic_whose_words_changed_is_found_with_its_words_and_a_piece_to_read():
    pieces = [("rivers", draw(WATER, n), "2025-01-01") for n in range(30)]
    pieces += [("rivers", [*draw(WATER, n), "drought"], "2026-01-01") for n in range(30)]
    pieces += [("roads", draw(TRAFFIC, n), f"202{5 + n % 2}-01-01") for n in range(60)]
    found = find_drift(labelled(pieces))
    assert (found.since, found.n, found.mix) == ("2026-01-01", (60, 60), ())
    (shift,) = found.terms
    assert (shift.topic, shift.more[0], shift.n) == ("rivers", "drought", (30, 30))
    assert 31 <= shift.entry.line <= 60
    assert find_drift(labelled(pieces), since="2027-01-01").terms == ()


def test_a_topic_that_has_gone_is_found_with_its_last_piece():
    pieces = [("rivers", draw(WATER, n), f"2025-01-{1 + n % 28:02}") for n in range(30)]
    pieces += [("roads", draw(TRAFFIC, n), "2025-01-01") for n in range(30)]
    pieces += [("roads", draw(TRAFFIC, n), "2026-01-01") for n in range(60)]
    gone, came = sorted(find_drift(labelled(pieces)).mix, key=lambda shift: shift.share)
    assert (gone.topic, gone.share, gone.entry.line) == ("rivers", (0.5, 0.0), 28)
    assert (came.topic, came.share, came.entry.line) == ("roads", (0.5, 1.0), 61)


def test_a_word_of_one_outlet_tells_of_the_outlet():
    pieces = [("rivers", draw(WATER, n), "2025-01-01") for n in range(30)]
    pieces += [("rivers", [*draw(WATER, n), *(["gazette"] if n % 3 == 0 else [])], "2026-01-01") for n in range(30)]
    pieces += [("roads", draw(TRAFFIC, n), f"202{5 + n % 2}-01-01") for n in range(30)]
    assert find_drift(labelled(pieces)).terms == ()


def test_undated_labels_have_no_drift_and_few_labels_no_suspects():
    few = labelled([("rivers", draw(WATER, n), None) for n in range(5)])
    assert find_drift(few).since is None
    assert advise(few) == []


# -- agreement


def test_kappa_and_alpha_by_hand():
    # Six pairs, four agree; both name rivers 4 of 6 times and roads 2 of 6: chance 20/36, kappa (24 - 20) / 16 = .25.
    said = [("rivers", "rivers")] * 3 + [("roads", "roads"), ("rivers", "roads"), ("roads", "rivers")]
    first = [entry(n, a) for n, (a, _) in enumerate(said)]
    second = [entry(n, b, by="ben", day=2) for n, (_, b) in enumerate(said)]
    found = measure_agreement(pair_second_readings(first, second))
    assert (found.n, found.readers) == (6, ("ada", "ben"))
    assert found.agreement == pytest.approx(4 / 6)
    assert found.kappa == pytest.approx(0.25)
    # alpha: observed 2/6; expected 1 - (8 * 7 + 4 * 3) / (12 * 11) = 64/132.
    assert found.alpha == pytest.approx(1 - (2 / 6) / (64 / 132))
    assert found.by_topic == {"rivers": (6 / 8, 8), "roads": (2 / 4, 4)}
    assert found.confused == (("rivers", "roads", 1), ("roads", "rivers", 1))
    low, high = found.intervals["kappa"]
    assert low < 0.25 < high


def test_secondary_topics_count_in_the_looser_figures_alone():
    first = [entry(1, "rivers", "roads"), entry(2, "roads"), entry(3, None)]
    second = [
        entry(1, "roads", "rivers", by="ben", day=2),
        entry(2, "roads", by="ben", day=2),
        entry(3, None, by="ben", day=2),
    ]
    found = measure_agreement(pair_second_readings(first, second))
    assert (found.agreement, found.loose, found.masi) == (pytest.approx(2 / 3), 1.0, 1.0)


def test_settling_afterwards_does_not_flatter():
    first = [entry(1, "rivers", day=1), entry(1, "roads", day=5, rank=9)]
    (pair,) = pair_second_readings(first, [entry(1, "roads", by="ben", day=3)])
    assert pair.first.decision.topic == "rivers" and not pair.agree
    (late,) = pair_second_readings([entry(1, "rivers", day=4)], [entry(1, "roads", by="ben", day=3)])
    assert late.first.decision.topic == "rivers"
    assert pair_second_readings([], [entry(1, "roads")]) == []


def test_people_who_correct_each_other_are_paired_by_their_last_words():
    said = [entry(1, "rivers"), entry(1, "roads", by="ben", day=2), entry(1, "roads", day=3), entry(2, "roads")]
    said = [Entry(e.decision, e.file, e.line, rank) for rank, e in enumerate(said)]
    (pair,) = pair_corrections(said)
    assert (pair.first.decision.by, pair.second.decision.by, pair.agree) == ("ben", "ada", True)


def test_where_everybody_says_the_same_chance_says_nothing():
    found = measure_agreement(pair_second_readings([entry(1, "rivers")], [entry(1, "rivers", by="ben", day=2)]))
    assert (found.agreement, found.kappa, found.alpha) == (1.0, None, None)
    assert measure_agreement([]).to_dict()["n"] == 0


# -- the label folder


def make_labels(folder: Path, first: list, second: list = []) -> Path:  # noqa: B006
    folder.mkdir(exist_ok=True)
    (folder / "taxonomy.toml").write_text(TAXONOMY, encoding="utf-8")
    append_decisions(folder / "a.jsonl", [e.decision for e in first])
    append_decisions(folder / "second" / "ben.jsonl", [e.decision for e in second])
    return folder


def test_second_readings_never_override_and_are_checked(tmp_path: Path):
    second = [
        entry(n, topic, by="ben", day=3) for n, topic in ((1, "roads"), (2, "roads"), (9, "rivers"), (3, "lakes"))
    ]
    labels = make_labels(tmp_path, [entry(n, "rivers") for n in (1, 2, 3)] + [entry(2, "roads", day=4)], second)
    report = check(labels)
    assert report.n_findings == {"unknown-topic": 1, "unpaired": 1, "second-reading": 2}
    assert report.counts.primary == {"rivers": 2, "roads": 1}
    assert [e.decision.by for e in read_decisions([labels]).topics] == ["ada"] * 4
    told = [str(finding) for finding in report.findings if finding.kind == "second-reading"]
    assert "ben.jsonl:1: ben says roads, ada says rivers on a second reading" in told[0]
    agreement, corrections = read_agreement(labels, parse_taxonomy(TAXONOMY, "t"), lambda problem: None)
    assert (agreement.n, agreement.agreement, corrections.n) == (2, 0.0, 0)


def test_hints_alone_end_well_and_faults_do_not(tmp_path: Path):
    labels = make_labels(tmp_path / "labels", [entry(1, "rivers")], [entry(1, "roads", by="ben", day=3)])
    runner = CliRunner()
    done = runner.invoke(app, ["labels", "check", str(labels), "--quick"])
    shown = json.loads(done.stdout)
    assert (done.exit_code, shown["ok"], shown["kinds"]) == (0, True, {"second-reading": 1})
    (finding,) = shown["findings"]
    assert (finding["file"], finding["line"], finding["fault"]) == (str(labels / "second" / "ben.jsonl"), 1, False)
    assert runner.invoke(app, ["labels", "check", str(labels), "--since", "2026"]).exit_code == 2
    append_decisions(labels / "a.jsonl", [entry(2, "lakes").decision])
    faulty = runner.invoke(app, ["labels", "check", str(labels), "--quick", "--format", "table"])
    assert faulty.exit_code == 1 and faulty.stderr.count("\n") == 1 and "1 unknown-topic." in faulty.stderr


def test_an_old_slug_that_still_holds_is_a_hint_with_the_command_that_writes_it_out(tmp_path: Path):
    labels = make_labels(tmp_path, [entry(1, "rivers"), entry(2, "creeks")])
    with (labels / "taxonomy.toml").open("a") as file:
        file.write('[[retired]]\nslug = "creeks"\ninto = ["rivers"]\n')
    (finding,) = check(labels).findings
    assert finding.kind == "old-words" and '"topics labels rename creeks rivers"' in finding.message
    assert check(labels).counts.primary == {"rivers": 2, "roads": 0}


def test_the_command_finds_suspects_and_drift_by_itself(tmp_path: Path):
    pieces = [("rivers", f"202{5 + n % 2}-01-01") for n in range(40)]
    pieces += [("roads", f"202{5 + n % 2}-01-01") for n in range(40)]
    decisions = []
    for n, (topic, day) in enumerate(pieces):
        random = np.random.default_rng(n)
        own = WATER if topic == "rivers" else TRAFFIC
        words = [f"{prefix}{own[k % 9]}" for k in range(4) for prefix in random.choice(["up", "under", "by"], 2)]
        words += [str(word) for word in random.choice([f"name{k}" for k in range(400)], 16)]  # no two on one story
        words += ["drought"] * (topic == "rivers" and day > "2026")
        text = f"{n} was the number of the day.\n" + " ".join(words) + "."
        decisions.append(
            TopicDecision(
                dump=dump_digest(text), start=0, end=len(text), segment=text_digest(text), kind="article", by="ada",
                topic="roads" if n == 7 else topic, at="2026-03-01T10:00:00Z", name=f"{n}.txt", text=text,
                source=f"paper {n % 3}", published=day,
            )
        )  # fmt: skip
    (tmp_path / "taxonomy.toml").write_text(TAXONOMY, encoding="utf-8")
    append_decisions(tmp_path / "a.jsonl", decisions)
    done = CliRunner().invoke(app, ["labels", "check", str(tmp_path)])
    shown = json.loads(done.stdout)
    assert done.exit_code == 0, done.stderr
    suspects = [finding for finding in shown["findings"] if finding["kind"] == "suspect"]
    found = [(finding["line"], finding["facts"]["other"]) for finding in suspects]
    assert (8, "rivers") in found and len(found) <= 2
    drifts = [finding["facts"] for finding in shown["findings"] if finding["kind"] == "drift"]
    assert [(facts["topic"], facts["more"][0]) for facts in drifts] == [("rivers", "drought")]
    assert "judging 80 labels" in done.stderr
