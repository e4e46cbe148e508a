"""Retraining says what got better, on pieces that neither model learned from, and stops what got worse."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from test_model import draw_model
from typer.testing import CliRunner

import topics.shelf as shelf
from topics.bundle import load_learned, load_model, save_model
from topics.classification.analyzer import count_terms
from topics.classification.training import Example, fit_topics
from topics.cli import app
from topics.evaluation import evaluate
from topics.evaluation.classes import Judged, score_classes
from topics.labels.decisions import BoundaryDecision, TopicDecision, to_json
from topics.labels.migrating import rename
from topics.reading import read_dumps
from topics.records import dump_digest, text_digest
from topics.retraining import Verdict, retrain
from topics.retraining.known import find_known
from topics.retraining.paired import Compared, Pair, compare_pairs, compare_topics
from topics.retraining.run import VERDICT
from topics.retraining.verdict import got_better, got_worse
from topics.segmentation import SegmentationModel
from topics.segmentation.training.refine import Refined
from topics.training import train


def invent_words(slug: str, n_words: int = 60) -> list[str]:
    """Words that no text has and no word vector knows, each subject's its own."""
    consonants, vowels = "bdfgklmnprtvz", "aeiou"
    rng = np.random.default_rng(sum(map(ord, slug)))
    return ["".join(str(rng.choice(list(letters))) for letters in (consonants, vowels) * 4) for _ in range(n_words)]


SUBJECTS = {slug: invent_words(slug) for slug in ("harbour", "garden", "music")}
TAXONOMY = "".join(
    f'[[topic]]\nslug = "{slug}"\nname = "{slug.title()}"\ndescription = "All about {words[0]} and {words[1]}."\n'
    f'key_words = ["{words[2]}"]\n\n'
    for slug, words in SUBJECTS.items()
)


def write_piece(topic: str, number: int) -> str:
    """A made-up piece: five words of its subject and two of the others, drawn by its number."""
    rng = np.random.default_rng(number * 7 + len(topic))
    own = [str(word) for word in rng.choice(SUBJECTS[topic], 5, replace=False)]
    others = [word for slug in SUBJECTS if slug != topic for word in SUBJECTS[slug]]
    strange = [str(word) for word in rng.choice(others, 2, replace=False)]
    return (
        f"The {own[0]} stood by the {own[1]}. Nobody moved the {strange[0]} or the {own[2]}. "
        f"Later the {own[3]} and the {own[4]} were seen near a {strange[1]}, people said on day {number}."
    )


def decide(subject: str, number: int, **changes: object) -> TopicDecision:
    text = write_piece(subject, number)
    decision = TopicDecision(
        dump=dump_digest(text), start=0, end=len(text), segment=text_digest(text), topic=subject, kind="article",
        by="clerk", at="2026-01-05T12:00:00Z", name=f"{number}.txt", text=text,
        published=str(date(2000, 1, 1) + timedelta(days=60 * number)),  # so that no two are one story
    )  # fmt: skip
    return replace(decision, **changes)  # type: ignore[arg-type]


FIRST = [decide(topic, number) for topic in SUBJECTS for number in range(12)]
LATER = [decide(topic, number) for topic in SUBJECTS for number in range(12, 30)]


@pytest.fixture(scope="module")
def shelves(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A user's folder whose ``default`` is a small model of other topics: what boundaries are taken from."""
    folder = tmp_path_factory.mktemp("user")
    texts = {
        "weather": ["Rain fell on the hills.", "Rain is due, and wind on the hills."],
        "trade": ["Tin was sold dear."],
    }
    pieces = [Example(count_terms(None, text), topic) for topic, found in texts.items() for text in found]
    fitted = fit_topics(pieces, tuple(texts), [Example(count_terms(topic, topic), topic) for topic in texts])
    about = {"labels": {}, "trained_on": {"pieces": 0}, "segmentation": {"metrics": {}}}
    save_model(folder / "default", draw_model(), fitted.model, name="default", about=about, card="# Small\n")
    return folder


@pytest.fixture
def project(tmp_path: Path, shelves: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A project in the working directory, with a taxonomy and the first labels."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(shelf, "user_folder", lambda: shelves)
    (tmp_path / "labels").mkdir()
    (tmp_path / "labels" / "taxonomy.toml").write_text(TAXONOMY, "utf-8")
    add(tmp_path, FIRST)
    return tmp_path


def add(project: Path, decisions: Sequence[TopicDecision | BoundaryDecision], name: str = "own") -> None:
    with (project / "labels" / f"{name}.jsonl").open("a", encoding="utf-8") as file:
        file.writelines(f"{to_json(decision)}\n" for decision in decisions)


def figure(verdict: Verdict, name: str, where: str = "labels") -> Compared:
    return next(compared for compared in verdict.figures[where] if compared.name == name)


def accuracy(verdict: Verdict) -> Compared:
    return figure(verdict, "accuracy")


# ---- the whole


def test_the_first_version_of_a_new_name_is_promoted_whatever_it_is_like(project: Path) -> None:
    verdict = retrain(folder="models/mine", quick=True)
    assert not verdict.own and verdict.promoted
    assert verdict.outcome == "nothing to compare"
    assert any("knows none of these topics" in note for note in verdict.notes)
    assert load_model("mine").id == verdict.after
    assert json.loads((verdict.path / VERDICT).read_text("utf-8")) == verdict.to_dict()


def test_labels_that_help_are_seen_to_help(project: Path) -> None:
    first = retrain(folder="models/mine", quick=True)
    add(project, LATER)
    steps: list[tuple[str, float]] = []
    verdict = retrain(folder="models/mine", progress=lambda message, done: steps.append((message, done)))
    assert (verdict.before, verdict.own, verdict.promoted) == (first.after, True, True)
    found = accuracy(verdict)
    assert found.n == verdict.n_labels == len(FIRST) + len(LATER)
    assert found.after > found.before + 0.02 and found.low <= found.change <= found.high
    assert verdict.outcome in ("better", "no difference shown")
    tiers = {compared.name: compared.n for compared in verdict.tiers["label"]}
    assert tiers == {"labelled before": len(FIRST), "labelled since": len(LATER)}
    assert [compared.name for compared in verdict.topics] == list(SUBJECTS)
    assert sum(band.n_after for band in verdict.bands) == found.n
    assert [point.n_labels for point in verdict.curve][-1] == found.n
    shares = [done for _, done in steps]
    assert shares == sorted(shares) and shares[-1] == 1.0


def hold_out(project: Path) -> None:
    """Twenty-four dumps of one piece each, with their gold, which no training reads."""
    (project / "seeds").mkdir()
    (project / "labels" / "held_out").mkdir()
    rows = []
    for topic in SUBJECTS:
        for number in range(70, 78):
            name = f"{topic}-{number}.txt"
            (project / "seeds" / name).write_bytes(write_piece(topic, number).encode())
            rows.append({"dump": name, "start_line": 1, "end_line": 1, "kind": "article", "topic": topic})
    gold = project / "labels" / "held_out" / "gold.jsonl"
    gold.write_text("".join(json.dumps(row) + "\n" for row in rows), "utf-8")


GONE_WRONG = [decide("garden", number, topic="harbour", at="2026-03-01T00:00:00Z") for number in range(30)]


def test_a_model_that_knows_none_of_the_topics_is_not_judged_by_them(project: Path) -> None:
    hold_out(project)
    verdict = retrain(folder="models/mine", quick=True)
    assert [found.name for found in verdict.figures["held out"]] == ["boundary F1", "boundary F1 in the lead"]
    assert any("knows none of these topics" in note for note in verdict.notes)


def test_labels_that_harm_are_refused(project: Path) -> None:
    """Everything about gardens is now said to be about harbours; the held-out dumps know better."""
    hold_out(project)
    add(project, LATER)
    before = retrain(folder="models/mine", quick=True)
    add(project, GONE_WRONG, "zealous")
    verdict = retrain(folder="models/mine", quick=True)
    assert figure(verdict, "accuracy", "held out").n == 24
    assert verdict.outcome == "worse" and not verdict.promoted
    assert any(reason.startswith("accuracy on held out ") for reason in verdict.reasons)
    assert load_model("mine").id == before.after
    assert load_model(verdict.path).id == verdict.after  # kept, to be looked at
    again = retrain(folder="models/mine", quick=True, promote=True)
    assert again.after == verdict.after and again.promoted
    assert load_model("mine").id == verdict.after


def test_the_same_labels_give_the_same_version_and_change_nothing(project: Path) -> None:
    first = retrain(folder="models/mine", quick=True)
    pointer = (project / "models" / "mine" / "current.json").read_bytes()
    verdict = retrain(folder="models/mine", quick=True)
    assert (verdict.outcome, verdict.after, verdict.promoted) == ("same", first.after, True)
    assert (project / "models" / "mine" / "current.json").read_bytes() == pointer


def test_what_no_label_taught_takes_over_from_nothing_that_labels_taught(project: Path) -> None:
    unlabelled = retrain(folder="models/mine", quick=True, leave_out=["own"])
    assert (unlabelled.outcome, unlabelled.promoted) == ("nothing to compare", True)  # the first of its name
    taxonomy = project / "labels" / "taxonomy.toml"
    taxonomy.write_text(TAXONOMY.replace("All about", "Trawlers and"), "utf-8")
    again = retrain(folder="models/mine", quick=True, leave_out=["own"])
    assert (again.before, again.outcome, again.promoted) == (unlabelled.after, "nothing to compare", True)
    taught = retrain(folder="models/mine", quick=True)
    assert taught.promoted
    done = CliRunner().invoke(app, ["train", "-o", "models/mine", "--quick", "--leave-out", "own", "--json"])
    assert done.exit_code == 1
    assert f"{again.after} has nothing to be compared by" in done.stderr and "does not take over" in done.stderr
    assert load_model("mine").id == taught.after


def test_no_promotion_is_a_word_too(project: Path) -> None:
    first = retrain(folder="models/mine", quick=True)
    add(project, LATER)
    verdict = retrain(folder="models/mine", quick=True, promote=False)
    assert not verdict.promoted
    assert load_model("mine").id == first.after


# ---- honesty


def test_a_piece_is_never_judged_by_a_model_that_learned_it(project: Path) -> None:
    """One word in each piece says the answer to whoever has seen the piece; whoever has not learns nothing from it."""
    pieces = []
    for k in range(60):
        topic = list(SUBJECTS)[k % 3]
        text = f"Piece {k}. The unique{k}word is here, and the same{k}word, unlike anything before or after number {k}."
        digest, segment = dump_digest(text), text_digest(text)
        pieces.append(decide("music", 0, topic=topic, text=text, dump=digest, segment=segment, end=len(text)))
    (project / "labels" / "own.jsonl").unlink()
    add(project, pieces[:40])
    retrain(folder="models/mine", quick=True)
    add(project, pieces[40:])
    found = accuracy(retrain(folder="models/mine", quick=True))
    assert found.before < 0.6 and found.after < 0.6  # a third is chance; all of them is memory


def test_pieces_of_stories_that_the_old_model_knew_are_left_out(project: Path) -> None:
    retrain(folder="models/mine", quick=True)
    text = write_piece("music", 3)
    twin = text + " Amen."
    add(
        project,
        [decide("music", 3, dump=dump_digest(twin), end=len(twin), segment=text_digest(twin), text=twin), *LATER[:3]],
    )
    verdict = retrain(folder="models/mine", quick=True)
    assert any(note.startswith("1 new pieces are left out: of stories that") for note in verdict.notes)
    assert accuracy(verdict).n == len(FIRST) + 3


def test_held_out_dumps_that_were_learned_from_are_left_out(project: Path) -> None:
    text = "\n\n".join(write_piece(topic, 90) for topic in SUBJECTS) + "\n"
    (project / "seeds").mkdir()
    (project / "seeds" / "new.txt").write_bytes(text.encode())
    (project / "seeds" / "old.txt").write_bytes(write_piece("music", 0).encode())
    (project / "labels" / "held_out").mkdir()
    rows = [
        {"dump": "new.txt", "start_line": line, "end_line": line, "kind": "article", "topic": topic}
        for line, topic in zip((1, 3, 5), SUBJECTS, strict=True)
    ]
    rows.append({"dump": "old.txt", "start_line": 1, "end_line": 1, "kind": "article", "topic": "music"})
    rows[2]["also"] = ["musik"]
    gold = project / "labels" / "held_out" / "gold.jsonl"
    gold.write_text("".join(json.dumps(row) + "\n" for row in rows), "utf-8")
    retrain(folder="models/mine", quick=True)
    add(project, LATER)
    verdict = retrain(folder="models/mine", quick=True)
    assert figure(verdict, "accuracy", "held out").n == 3
    assert figure(verdict, "boundary F1", "held out").n == 2
    assert any("1 held-out dumps are left out" in note and "old.txt" in note for note in verdict.notes)
    assert any(note.startswith(f'{gold.relative_to(project)}:3: unknown topic "musik".') for note in verdict.notes)


def test_a_topic_that_was_renamed_is_no_loss(project: Path) -> None:
    retrain(folder="models/mine", quick=True)
    taxonomy = project / "labels" / "taxonomy.toml"
    taxonomy.write_text(TAXONOMY.replace('"music"', '"concerts"'), "utf-8")
    own = project / "labels" / "own.jsonl"
    own.write_text(own.read_text("utf-8").replace('"topic": "music"', '"topic": "concerts"'), "utf-8")
    found = accuracy(retrain(folder="models/mine", quick=True))
    assert found.n == len(FIRST) and found.before == pytest.approx(found.after, abs=0.03)


def test_a_rename_changes_no_figure_of_gold_that_says_the_old_word(project: Path) -> None:
    hold_out(project)
    retrain(folder="models/mine", quick=True)
    dumps, gold = list(read_dumps(["seeds"])), project / "labels" / "held_out" / "gold.jsonl"
    before = evaluate(dumps, gold, load_model("mine"))
    rename(project / "labels", "music", "concerts")
    after = evaluate(dumps, gold, load_model("mine"))
    assert before.topics is not None and after.topics is not None and after.found is not None
    assert after.topics.shown.accuracy == before.topics.shown.accuracy > 0.5
    for report in (after.topics, after.found):
        assert {topic for pair in report.guessed.confusion for topic in pair} == {"harbour", "garden", "concerts"}
    found = figure(retrain(folder="models/mine", quick=True), "accuracy", "held out")
    assert (found.n, found.before) == (24, before.topics.shown.accuracy)
    assert found.after == pytest.approx(found.before, abs=0.1)


# ---- what a model learned from


def test_a_model_says_what_it_learned_from(project: Path) -> None:
    report = train("labels", "models/plain")
    model = load_model(report.path)
    learned = load_learned(model)
    assert learned is not None and len(learned["pieces"]) == len(FIRST)
    known = find_known(model, [])
    told = known.topic_of(FIRST[0].segment)
    assert told is not None and told.topic == "harbour"
    assert known.topic_of(LATER[0].segment) is None


def test_an_older_model_is_told_by_the_start_of_its_label_files(project: Path) -> None:
    own = project / "labels" / "own.jsonl"
    digest = hashlib.sha256(own.read_bytes()).hexdigest()
    manifest = {"labels": {"own.jsonl": digest, "gone.jsonl": digest}, "trained_on": {"pieces": 40}, "files": {}}
    model = replace(load_model(), manifest=manifest)
    add(project, LATER)
    known = find_known(model, [own])
    assert len(known.pieces) == len(FIRST) and known.n_pieces == 40
    assert known.notes == ("gone.jsonl, which it was trained on, is not here",)
    own.write_text(own.read_text("utf-8").replace('"by": "clerk"', '"by": "Clerk"'), "utf-8")
    known = find_known(model, [own])
    assert len(known.pieces) == len(FIRST) + len(LATER)  # rewritten: all of it counts as known
    assert any("own.jsonl was rewritten since" in note for note in known.notes)


# ---- boundary decisions


def test_boundary_decisions_are_judged_on_dumps_kept_out(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Refining is tested elsewhere; here it moves the threshold and says which dumps it was shown."""
    shown: list[frozenset[str]] = []

    def refine(model: SegmentationModel, dumps: object, decided: Mapping[str, object], *_: object, **__: object) -> Any:
        shown.append(frozenset(decided))
        n_decisions = sum(len(offsets) for offsets in decided.values())  # type: ignore[arg-type]
        return Refined(replace(model, threshold=0.02) if decided else model, n_decisions, len(decided))

    monkeypatch.setattr("topics.segmentation.training.refine.refine", refine)
    (project / "seeds").mkdir()
    decisions = []
    for k in range(3):
        parts = [write_piece(topic, 50 + k) for topic in SUBJECTS]
        text = "\n\n".join(parts) + "\n"
        (project / "seeds" / f"{k}.txt").write_bytes(text.encode())
        when = "2026-01-06T00:00:00Z"
        at = text.index(parts[1])
        decisions.append(
            BoundaryDecision(dump=dump_digest(text), offset=at, starts=True, by="clerk", at=when, name=f"{k}.txt")
        )
    add(project, decisions)
    verdict = retrain(folder="models/mine")
    assert figure(verdict, "kept by itself", "boundary decisions").n == 3
    assert verdict.refined is not None and verdict.refined["decisions"] == 3
    everything = frozenset(decision.dump for decision in decisions)
    assert shown[0] == everything
    assert sorted(map(len, shown[1:])) == [2, 2, 2] and frozenset.intersection(*shown[1:]) == frozenset()
    learned = load_learned(load_model("mine"))
    assert learned is not None and len(learned["boundaries"]) == 3
    shown.clear()
    add(project, [replace(decisions[0], starts=False, at="2026-01-07T00:00:00Z")])
    again = retrain(folder="models/mine")
    assert figure(again, "kept by itself", "boundary decisions").n == 3
    # the new one, and both models without each dump: without the one that was decided anew they are the same
    assert sorted(map(len, shown)) == [2] * 5 + [3]
    assert len(shown[0]) == 3


def test_one_dump_alone_cannot_be_measured_on(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("topics.segmentation.training.refine.refine", lambda model, *_, **__: Refined(model, 1, 1))
    (project / "seeds").mkdir()
    text = "\n\n".join(write_piece(topic, 50) for topic in SUBJECTS) + "\n"
    (project / "seeds" / "0.txt").write_bytes(text.encode())
    at = text.index("\n\n") + 2
    decision = BoundaryDecision(
        dump=dump_digest(text), offset=at, starts=True, by="clerk", at="2026-01-06T00:00:00Z", name="0.txt"
    )
    add(project, [decision])
    verdict = retrain(folder="models/mine")
    assert "boundary decisions" not in verdict.figures
    assert any("in one dump alone" in note for note in verdict.notes)


# ---- the numbers


def judged(topic: str, predicted: str, score: float = 0.75) -> Judged:
    return Judged(topic, predicted, (), predicted, score)


TOPICS = ("a", "b", "c")
PAIRS = st.lists(
    st.tuples(st.sampled_from(TOPICS), st.sampled_from(TOPICS), st.sampled_from(TOPICS), st.floats(0.34, 1.0)),
    min_size=1,
    max_size=40,
)


@given(PAIRS)
def test_figures_are_those_of_the_evaluation(drawn: list[tuple[str, str, str, float]]) -> None:
    pairs = [
        Pair(judged(true, before, score), judged(true, after, score), k)
        for k, (true, before, after, score) in enumerate(drawn)
    ]
    found = {compared.name: compared for compared in compare_pairs(pairs, TOPICS)}
    for side in ("before", "after"):
        scores = score_classes(getattr(pair, side) for pair in pairs)
        assert getattr(found["accuracy"], side) == pytest.approx(scores.accuracy)
        assert getattr(found["macro-F1"], side) == pytest.approx(scores.macro_f1)
        assert getattr(found["Brier"], side) == pytest.approx(scores.calibration.brier)
        assert getattr(found["ECE"], side) == pytest.approx(scores.calibration.ece)
        f1 = {figures.topic: figures.f1 for figures in scores.topics}
        for compared in compare_topics(pairs, TOPICS):
            assert getattr(compared, side) == pytest.approx(f1[compared.name])


@given(PAIRS)
def test_a_model_is_neither_better_nor_worse_than_itself(drawn: list[tuple[str, str, str, float]]) -> None:
    pairs = [
        Pair(judged(true, one, score), judged(true, one, score), k) for k, (true, one, _, score) in enumerate(drawn)
    ]
    for compared in compare_pairs(pairs, TOPICS):
        assert (compared.change, compared.low, compared.high, compared.sure_worse) == (0.0, 0.0, 0.0, 0.0)
        assert not got_worse(compared) and not got_better(compared)


def test_swapping_the_models_turns_the_change_round() -> None:
    pairs = [Pair(judged("a", "b"), judged("a", "a"), k) for k in range(9)] + [
        Pair(judged("b", "b"), judged("b", "b"), 9)
    ]
    there = compare_pairs(pairs, TOPICS)[0]
    back = compare_pairs([Pair(pair.after, pair.before, pair.cluster) for pair in pairs], TOPICS)[0]
    assert (there.before, there.after) == (0.1, 1.0) == (back.after, back.before)
    assert there.change == -back.change
    assert got_better(there) and got_worse(back)


def test_pieces_of_one_cluster_count_as_one() -> None:
    """Nine pieces of one dump that all got worse are one reason for doubt, not nine."""
    good = [Pair(judged("a", "b"), judged("a", "a"), f"good{k}") for k in range(3)]
    bad = [Pair(judged("a", "a"), judged("a", "b"), "one") for _ in range(6)]
    together = compare_pairs(good + bad, TOPICS)[0]
    apart = compare_pairs(good + [replace(pair, cluster=k) for k, pair in enumerate(bad)], TOPICS)[0]
    assert together.change == apart.change
    assert together.high - together.low > apart.high - apart.low


def test_a_fall_that_nobody_would_notice_stops_nobody() -> None:
    compared = Compared("accuracy", 9_000, 0.9, 0.897, -0.004, -0.002, 1.0, 0.0)
    assert not got_worse(compared)
    assert got_worse(replace(compared, after=0.89))
    assert not got_worse(replace(compared, after=0.89, sure_worse=0.8))


# ---- the command


def test_the_command_says_before_and_after_and_exits_by_the_verdict(project: Path) -> None:
    hold_out(project)
    add(project, LATER)
    done = CliRunner().invoke(app, ["train", "-o", "models/mine", "--quick"])
    assert done.exit_code == 0, done.output
    version = Path(done.stdout.strip())
    assert version.parent == Path("models/mine") and load_model("mine").version == version.name
    assert done.stderr.endswith(f"mine@{version.name} is in use\n")  # and nothing was before
    done = CliRunner().invoke(app, ["train", "-o", "models/mine", "--quick", "--leave-out", "own", "--promote"])
    assert "is in use; `topics models rollback mine` goes back" in done.stderr
    assert CliRunner().invoke(app, ["models", "rollback", "mine"]).exit_code == 0
    add(project, GONE_WRONG, "zealous")
    done = CliRunner().invoke(app, ["train", "-o", "models/mine", "--quick", "--json"])
    assert done.exit_code == 1
    assert json.loads(done.stdout)["outcome"] == "worse"
    for words in ("before", "after", "accuracy by label", "F1 by topic", "got worse than", "does not take over"):
        assert words in done.stderr
    assert f"`topics models promote mine@{json.loads(done.stdout)['after'][5:]}`" in done.stderr


def test_plain_writes_a_bundle_and_compares_nothing(project: Path) -> None:
    done = CliRunner().invoke(app, ["train", "-o", "models/flat", "--plain"])
    assert done.exit_code == 0, done.output
    assert (project / "models" / "flat" / "manifest.json").is_file()
    refused = CliRunner().invoke(app, ["train", "-o", "models/flat", "--plain", "--promote"])
    assert refused.exit_code == 2
