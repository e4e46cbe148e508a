"""The recipe measured fold by fold: each piece is asked of a model that did not see it, and nothing else is said."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

import pytest
from typer.testing import CliRunner

from topics.classification.analyzer import Terms, count_terms
from topics.classification.training import Example
from topics.cli import app
from topics.errors import LabelError
from topics.evaluation.crossval import ask_folds, cross_validate
from topics.evaluation.folds import Fold, Traits, make_folds
from topics.examples import read_training_set
from topics.labels.decisions import TopicDecision, from_json
from topics.labels.store import write_decisions
from topics.records import Prediction, dump_digest, text_digest

TAXONOMY = "".join(
    f'[[topic]]\nslug = "{slug}"\nname = "{slug}"\ndescription = "{words}"\n\n'
    for slug, words in (
        ("boats", "Ferries, harbours and the sea"),
        ("bread", "Bakers, flour and ovens"),
        ("bells", "Ringers, towers and ropes"),
    )
)
SAID = {
    "boats": ["The ferry ran aground off the harbour", "A trawler was towed to the quay", "Two ferries were late"],
    "bread": ["The baker raised the price of rye", "An oven failed at the mill", "Flour was short in the bakery"],
    "bells": ["The ringers want a longer rope", "The tower bell cracked in the frost", "A peal was rung at noon"],
}
OUTLETS = ["Weir Post", "Quay Times", "Mole Weekly"]
TOWNS = ["Wexcombe", "Tarvin", "Oskil"]
DAYS = ["2026-01-05", "2026-02-09", "2026-03-02"]


@pytest.fixture(scope="module")
def labels(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Nine labelled pieces of three topics, outlets and days, in two files; and one that no topic fits."""
    folder = tmp_path_factory.mktemp("project") / "labels"
    folder.mkdir()
    (folder / "taxonomy.toml").write_text(TAXONOMY, encoding="utf-8")
    decisions = []
    for k in range(9):
        topic, said = list(SAID.items())[k % 3]
        text = f"{said[k // 3]}, said a clerk of {OUTLETS[k // 3]}. Nobody in {TOWNS[k % 3]} was hurt."
        decisions.append(decide(text, topic, f"piece-{k}", OUTLETS[k // 3], DAYS[k // 3]))
    write_decisions(folder / "first.jsonl", decisions[:6])
    odd = decide("A comet passed in silence and was gone by dawn.", None, "piece-9", None, None)
    write_decisions(folder / "second.jsonl", [*decisions[6:], odd])
    return folder


def decide(text: str, topic: str | None, name: str, source: str | None, day: str | None) -> TopicDecision:
    return TopicDecision(
        dump=dump_digest(text),
        start=0,
        end=len(text),
        segment=text_digest(text),
        topic=topic,
        kind="article",
        by="ada",
        at="2026-04-01T10:00:00Z",
        name=name,
        source=source,
        published=day,
        text=text,
    )


class Remembering:
    """Stands in for a model: says of each piece whether it was learned from, by its one odd word."""

    def __init__(self, examples: Sequence[Example], slugs: Sequence[str]) -> None:
        self.words = {word for example in examples for word in example.terms.body}
        self.topics = {example.topic for example in examples} | {s for example in examples for s in example.also}
        self.slugs = slugs

    def vectorise(self, terms: Terms) -> Terms:
        return terms

    def doubt(self, vector: Terms) -> float:
        return 0.25

    def predict_terms(self, terms: Terms, model: str) -> Prediction:
        seen = bool(set(terms.body) & self.words)
        guess = ("seen" if seen else "new", 0.5)
        return Prediction(*guess, tuple(sorted(filter(None, self.topics))), False, (guess,), model)


def columns(n: int) -> tuple[list[Example], list[Traits]]:
    topics = ["boats", "bread", "bells"]
    examples = [
        Example(count_terms(None, f"word{chr(97 + k)}x"), topics[k % 3], (topics[(k + 1) % 3],)) for k in range(n)
    ]
    return examples, [Traits(topics[k % 3], k, k, f"outlet {k % 4}", DAYS[k % 3]) for k in range(n)]


def test_nothing_is_asked_of_a_model_that_learned_from_it() -> None:
    examples, traits = columns(9)
    for by in ("story", "outlet", "time"):
        folds = make_folds(traits, by, 3)
        asked = ask_folds(folds, examples, traits, ("boats", "bread", "bells"), Remembering)  # type: ignore[arg-type]
        assert [len(answers) for answers in asked] == [len(fold.test) for fold in folds]
        assert {one.guess for answers in asked for one in answers} == {"new"}
    leaky = Fold("leaky", (0, 1), (1, 2))  # the stand-in does see it, when it is let
    [answers] = ask_folds([leaky], examples, traits, (), Remembering)  # type: ignore[arg-type]
    assert [one.guess for one in answers] == ["seen", "new"]


def test_a_topic_left_out_is_nowhere_in_what_is_learned_and_fits_nothing_when_tested() -> None:
    examples, traits = columns(9)
    heard: list[str] = []
    folds = make_folds(traits, "topic", 2)
    asked = ask_folds(
        folds, examples, traits, ("boats", "bread", "bells"), Remembering, on_fold=heard.append  # type: ignore[arg-type]
    )  # fmt: skip
    assert heard == [fold.name for fold in folds]
    for fold, answers in zip(folds, asked, strict=True):
        for place, one in zip(fold.test, answers, strict=True):
            assert not set(fold.unseen) & set(one.shown_also)
            assert one.topic == (None if traits[place].topic in fold.unseen else traits[place].topic)
            assert (one.unit, one.source, one.doubt) == (str(place), traits[place].outlet, 0.25)


def test_pieces_are_tested_once_with_their_outlets_and_days(labels: Path) -> None:
    found = cross_validate(labels, n_folds=3)
    assert (found.n_pieces, found.report.n, len(found.folds)) == (10, 10, 3)
    assert sum(fold.n_test for fold in found.folds) == 10
    assert {part.name: part.n for part in found.report.by_source} == dict.fromkeys(OUTLETS, 3)
    assert [part.name for part in found.report.by_date] == DAYS
    assert found.problems == ()
    assert cross_validate(labels, n_folds=3).to_dict() == found.to_dict()


def test_folds_are_the_same_whatever_the_number_of_processes(labels: Path) -> None:
    one, two = (cross_validate(labels, by="outlet", n_folds=2, jobs=jobs) for jobs in (1, 2))
    assert one == two


def test_only_the_files_asked_for_are_tested(labels: Path) -> None:
    found = cross_validate(labels, n_folds=2, tested=["second"])
    assert (found.n_pieces, found.report.n) == (10, 4)
    assert all(fold.n_train >= 6 for fold in found.folds)
    assert cross_validate(labels, n_folds=2, tested=["second.jsonl"]).report.n == 4
    with pytest.raises(LabelError, match=r'no label file "third.jsonl" to test'):
        cross_validate(labels, tested=["third"])
    with pytest.raises(
        LabelError, match=r"no folds by time can be made of 4 pieces\. They need two days of publication"
    ):
        cross_validate(labels, by="time", tested=["second"], leave_out=["first"])


def test_too_few_topics_for_folds_by_topic_are_not_too_few_labels(labels: Path, tmp_path: Path) -> None:
    folder = tmp_path / "labels"
    shutil.copytree(labels, folder)
    lines = (folder / "first.jsonl").read_text("utf-8").splitlines(keepends=True)
    (folder / "first.jsonl").write_text("".join(line for line in lines if '"bells"' not in line), "utf-8")
    with pytest.raises(
        LabelError, match=r"no folds by topic can be made of 4 pieces\. They need labels of three topics"
    ):
        cross_validate(folder, by="topic", leave_out=["second"])


def test_a_later_word_on_a_text_keeps_its_file_its_outlet_and_its_day(labels: Path, tmp_path: Path) -> None:
    folder = tmp_path / "labels"
    shutil.copytree(labels, folder)
    first = from_json((folder / "first.jsonl").read_text("utf-8").splitlines()[0])
    assert isinstance(first, TopicDecision)
    settled = replace(first, topic="bells", source=None, published=None, at="2026-05-01T10:00:00Z")
    write_decisions(folder / "settled.jsonl", [settled])
    had = read_training_set(folder)
    k = next(i for i, decision in enumerate(had.pieces.decisions) if decision.segment == first.segment)
    assert (had.pieces.files[k], had.pieces.traits[k].topic) == ("first", "bells")
    assert (had.pieces.traits[k].outlet, had.pieces.traits[k].published) == (first.source, first.published)
    assert len(had.pieces.examples) == 10


@pytest.fixture
def run(labels: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., tuple[int, str, str]]:
    def call(*words: object) -> tuple[int, str, str]:
        done = CliRunner().invoke(app, ["evaluate", *map(str, words)])
        return done.exit_code, done.stdout, done.stderr

    return call


@pytest.mark.parametrize("basis", ["story", "duplicates", "outlet", "time", "topic"])
def test_every_basis_has_figures_as_json(run: Callable[..., tuple[int, str, str]], labels: Path, basis: str) -> None:
    code, out, err = run("--folds", basis, "--labels", labels, "--n-folds", 2, "--json")
    assert (code, err) == (0, "")
    figures = json.loads(out)
    assert figures["by"] == basis
    assert figures["topics"]["best_guess"]["n"] > 0
    # one piece fits no topic and has no date; by topic each of the others is also tested as one that fits none
    unfit = {"story": 1, "duplicates": 1, "outlet": 1, "time": 0, "topic": 10}
    assert figures["topics"]["unknown"]["n_unfit"] == unfit[basis]


def test_figures_are_a_table_on_a_terminal_and_a_file_when_asked_for(
    run: Callable[..., tuple[int, str, str]], labels: Path, tmp_path: Path
) -> None:
    import io

    from rich.console import Console

    code, out, _ = run("--folds", "story", "--labels", labels, "--n-folds", 2, "--output", tmp_path / "f.json")
    assert (code, out) == (0, "")
    assert json.loads((tmp_path / "f.json").read_text("utf-8"))["by"] == "story"
    console = Console(file=io.StringIO(), width=140)
    cross_validate(labels, by="outlet", n_folds=3).render(console)
    shown = console.file.getvalue()  # type: ignore[attr-defined]
    for words in ("10 of 10 labelled pieces", "folds by outlet", "best guess right", "Mole Weekly", "learned from"):
        assert words in shown


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--folds", "sheep"], 'no folds by "sheep". Known: story, duplicates, outlet, time, topic'),
        (["--folds", "story", "--gold", "g.jsonl"], "give one of --gold, --segmentation and --folds"),
        (["--gold", "g.jsonl"], "name the dumps"),
        (["--gold", "g.jsonl", "a.txt", "--test", "x"], "go with --folds"),
        (["--gold", "g.jsonl", "a.txt", "--n-folds", "3"], "go with --folds"),
        (["--gold", "g.jsonl", "a.txt", "--jobs", "2"], "go with --folds"),
        (["--folds", "story", "--no-labels"], "does not go with --folds"),
    ],
)
def test_what_makes_no_sense_is_a_usage_error(
    run: Callable[..., tuple[int, str, str]], words: list[str], said: str
) -> None:
    code, out, err = run(*words)
    assert (code, out) == (2, "")
    assert said in " ".join(err.replace("│", " ").split())


def test_labels_that_are_not_there_are_a_problem_in_one_line(
    run: Callable[..., tuple[int, str, str]], tmp_path: Path
) -> None:
    code, out, err = run("--folds", "story", "--labels", tmp_path / "none")
    assert (code, out) == (1, "")
    assert "no label files" in err and err.count("\n") == 1
