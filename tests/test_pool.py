"""Unlabelled pieces teach where they help and do no harm where they do not."""

from __future__ import annotations

import random
from pathlib import Path

import numpy as np
import pytest
from test_training import ALL, project
from typer.testing import CliRunner

from topics.bundle import load_model, load_vectors
from topics.classification.analyzer import Terms, count_terms
from topics.classification.folds import Example, group_topics
from topics.classification.matrix import choose_terms, lay_out
from topics.classification.parts import POOL_SHARES, choose_share
from topics.classification.scorers import fit_em
from topics.classification.shares import LEAST_FACTOR, weigh_shares
from topics.classification.training import Fitted, fit_topics
from topics.classification.vectors import join_vectors, learn_vectors
from topics.cli import app
from topics.errors import LabelError, TopicsError
from topics.pipeline import classify, segment
from topics.training import train

SLUGS = ("kitchen", "meadow", "workshop")
WORDS = {
    "kitchen": "oven dough yeast crust flour ladle broth onion thyme kettle pan simmer".split(),
    "meadow": "clover hare lark scythe dew thistle pasture vole hedgerow orchid swallow mole".split(),
    "workshop": "lathe chisel dowel plane vice sawdust mallet glue tenon hinge rasp bevel".split(),
}
COMMON = "morning window neighbour story letter road bench winter visitor shade".split()


def write(topic: str, source: random.Random, n_own: int = 4) -> Terms:
    own = source.choices(WORDS[topic], k=n_own)
    return count_terms(None, " ".join(source.sample(own + source.choices(COMMON, k=6), n_own + 6)))


def labels(n: int = 3, seed: int = 1) -> list[Example]:
    source = random.Random(seed)
    return [Example(write(slug, source, 3), slug) for slug in SLUGS for _ in range(n)]


def accuracy(fitted: Fitted, seed: int = 99) -> float:
    source = random.Random(seed)
    tests = [(slug, write(slug, source)) for slug in SLUGS for _ in range(60)]
    model = fitted.model
    return float(np.mean([model.slugs[int(model.scores(model.vectorise(t)).argmax())] == slug for slug, t in tests]))


def pool(n: int = 120, seed: int = 7) -> list[Terms]:
    source = random.Random(seed)
    return [write(slug, source) for slug in SLUGS for _ in range(n)]


def test_a_pool_of_the_same_kind_teaches_words_that_no_label_holds() -> None:
    alone = fit_topics(labels(), SLUGS, ())
    taught = fit_topics(labels(), SLUGS, (), pool=pool())
    assert taught.pool_share > 0
    assert accuracy(taught) > accuracy(alone) + 0.05
    assert accuracy(taught) > 0.95


def test_a_pool_of_another_kind_has_no_share() -> None:
    source = random.Random(3)
    strange = [count_terms(None, " ".join(source.choices([*COMMON, "zeppelin", "glacier"], k=12))) for _ in range(200)]
    examples = labels(20)
    fitted = fit_topics(examples, SLUGS, (), pool=strange)
    assert accuracy(fitted) >= accuracy(fit_topics(examples, SLUGS, ())) - 0.02


def test_how_much_a_word_says_the_texts_of_its_vector_tell_and_not_the_pool() -> None:
    vectors = learn_vectors([WORDS["kitchen"][:6] + COMMON[:k] for k in range(1, 9)] * 3, min_count=1, n_dimensions=3)
    pieces = [e.terms for e in labels()]
    terms = choose_terms(pieces, pool(500), vectors)
    space, *_ = lay_out(pieces, pool(500), terms, vectors)
    for word in vectors.words:
        assert space.idf[terms.index(word)] == pytest.approx(float(vectors.idf[vectors.words[word]]))
    own = space.idf[[terms.index(word) for word in ("lathe", "clover")]]
    assert np.allclose(
        own, lay_out(pieces, pool(500), terms, None)[0].idf[[terms.index("lathe"), terms.index("clover")]]
    )


def test_a_large_pool_drowns_no_label() -> None:
    """From where it weighs as much as it may, twice the pool says the same."""
    terms = choose_terms([e.terms for e in labels()], pool())
    given = np.repeat(np.eye(3), 3, axis=0)

    def fit(n: int, times: int) -> np.ndarray:
        _, rows, seen, _ = lay_out([e.terms for e in labels()], pool(n) * times, terms, None)
        return fit_em(rows, given, seen, np.zeros((len(seen), 3)))[0].weights

    assert np.abs(fit(300, 2) - fit(300, 1)).max() < 0.05 * np.abs(fit(300, 1)).max()
    assert np.abs(fit(30, 2) - fit(30, 1)).max() > 0.05 * np.abs(fit(30, 1)).max()


def test_the_same_pool_gives_the_same_bytes() -> None:
    first, second = (fit_topics(labels(), SLUGS, (), pool=pool()).model.to_arrays() for _ in range(2))
    assert {k: a.tobytes() for k, a in first.items()} == {k: a.tobytes() for k, a in second.items()}


def test_the_pool_s_share_is_nothing_unless_it_helps() -> None:
    n = 40
    worse, better = np.full(n, 2.0), np.full(n, 1.0)
    assert POOL_SHARES == (0.0, 0.25, 0.5, 1.0)
    assert choose_share([better, worse, worse, worse]) == 0.0
    assert choose_share([worse, worse, worse, better]) == 1.0
    # half is better by far: it is taken; better by luck: the start stays
    spread = np.where(np.arange(n) % 2, 3.0, -1.0)
    assert choose_share([worse, worse, better - 0.5, better]) == 0.5
    assert choose_share([worse, worse, better - 0.1 + spread - spread.mean(), better]) == 1.0
    assert choose_share([better, worse, better - 0.1, worse]) == 0.5  # half may help where all does not,
    assert choose_share([better, better - 0.1, worse, worse]) == 0.25  # and a quarter where half does not


def test_topics_are_expected_as_often_as_they_are_in_the_pool() -> None:
    """As many labels of each topic, and a pool that is nearly all of one: what could be either is of that one."""
    usual = np.array([0.5, 0.5])
    told = np.array([[0.8, 0.2]] * 90 + [[0.2, 0.8]] * 10)
    factors = weigh_shares(told, usual)
    assert factors[0] > 1.3 and factors[1] < 0.7
    assert np.allclose(weigh_shares(told[:, ::-1], usual), factors[::-1])
    even = np.array([[0.8, 0.2]] * 52 + [[0.2, 0.8]] * 48)
    assert weigh_shares(even, usual).tolist() == [1.0, 1.0] == weigh_shares(told[:0], usual).tolist()
    rare = weigh_shares(np.array([[1.0, 0.0, 0.0]] * 50), np.full(3, 1 / 3))
    assert rare.tolist() == [2.0, LEAST_FACTOR, LEAST_FACTOR]


def test_where_the_pool_is_mostly_of_one_topic_rare_ones_take_less() -> None:
    source = random.Random(8)
    skewed = [*(write("meadow", source, 1) for _ in range(500)), *(write("kitchen", source, 1) for _ in range(40))]
    tests = [write("meadow", source, 1) for _ in range(300)]

    def found(unlabelled: list[Terms]) -> float:
        model = fit_topics(labels(4), SLUGS, (), pool=unlabelled).model
        return float(np.mean([model.slugs[int(model.scores(model.vectorise(t)).argmax())] == "meadow" for t in tests]))

    assert found(skewed) > found([write(slug, source, 1) for slug in SLUGS for _ in range(180)]) + 0.02


def test_topics_left_out_together_are_each_left_out_once() -> None:
    groups = group_topics(np.array([5, 0, 9, 2, 1, 1, 1, 4]))
    assert sorted(k for group in groups for k in group.tolist()) == [0, 2, 3, 4, 5, 6, 7]
    assert len(groups) == 5
    assert group_topics(np.array([3, 4, 0])) == []


def test_a_piece_of_no_topic_is_told_by_the_pool_that_holds_its_like() -> None:
    source = random.Random(5)
    stars = "comet nebula quasar orbit lens dome".split()
    texts = [source.choices(stars, k=5) + source.choices(COMMON, k=6) for _ in range(130)]
    odd = [count_terms(None, " ".join(words)) for words in texts]
    fitted = fit_topics(labels(12), SLUGS, (), pool=[*pool(100), *odd[:65]])
    model = fitted.model

    def sure(terms: Terms) -> float:
        vector = model.vectorise(terms)
        return 1.0 - model.doubt(vector)

    strange = np.array([sure(terms) for terms in odd[65:]])
    known = np.array([sure(write(slug, source)) for slug in SLUGS for _ in range(30)])
    assert (strange[:, None] < known[None, :]).mean() > 0.95


def test_joined_vectors_keep_both_and_can_be_parted_again() -> None:
    source = random.Random(2)
    general = learn_vectors([source.choices(WORDS["kitchen"] + COMMON, k=30) for _ in range(40)], n_dimensions=5)
    own = learn_vectors([source.choices(WORDS["meadow"] + COMMON, k=30) for _ in range(40)], n_dimensions=4)
    joined = join_vectors(general, own)
    assert set(joined.words) == {*general.words, *own.words}
    assert not joined.rows[joined.words["oven"], 5:].any()
    assert joined.rows[joined.words["dew"], :5].tolist() == [0.0] * 5
    assert joined.idf[joined.words["bench"]] == pytest.approx(general.idf[general.words["bench"]], rel=1e-6)
    assert joined.idf[joined.words["dew"]] == pytest.approx(own.idf[own.words["dew"]], rel=1e-6)
    parted = joined.first(5)
    assert set(parted.words) == set(general.words)

    def likeness(vectors: object, a: str, b: str) -> float:
        one, two = (vectors.rows[vectors.words[word]].astype(float) for word in (a, b))  # type: ignore[attr-defined]
        return float(one @ two / np.sqrt((one @ one) * (two @ two)))

    assert likeness(parted, "oven", "dough") == pytest.approx(likeness(general, "oven", "dough"), abs=0.05)


def write_dumps(folder: Path) -> Path:
    """Six dumps that nobody labelled, of one publisher."""
    folder.mkdir()
    source = random.Random(1)
    for k in range(6):
        body = " ".join(source.choices("quay tanker pilot choir organ sonata plum rose hedge frost".split(), k=40))
        text = f"Number {k}\n\nThe {body} of the town. Write to the editor of the Quay Post about this.\n"
        (folder / f"{k}.txt").write_text(text, "utf-8")
    return folder


@pytest.mark.parametrize("way", [["--plain"], ["--quick", "--promote"]])
def test_the_command_learns_from_unlabelled_dumps_with_and_without_a_verdict(tmp_path: Path, way: list[str]) -> None:
    words = ["--labels", project(tmp_path, own=ALL), "--unlabelled", write_dumps(tmp_path / "pool")]
    done = CliRunner().invoke(app, ["train", *map(str, words), "-o", str(tmp_path / "models" / "mine"), *way])
    assert done.exit_code == 0, done.stderr
    assert load_model(done.stdout.strip()).manifest["unlabelled"]["pieces"] == 6


@pytest.mark.parametrize(
    ("record", "said"), [('{"body": "Ferries"}', "Text is in: body"), ('{"text": "Le bac."}', "no unlabelled piece")]
)
def test_where_nothing_is_learned_from_a_pool_the_reason_is_said(tmp_path: Path, record: str, said: str) -> None:
    (tmp_path / "pool.jsonl").write_text(record, "utf-8")
    with pytest.raises(TopicsError, match=f"pool.jsonl.*{said}"):
        train(project(tmp_path, own=ALL), tmp_path / "mine", unlabelled=[str(tmp_path / "pool.jsonl")])


def test_training_reads_unlabelled_dumps(tmp_path: Path) -> None:
    labels_folder = project(tmp_path, own=ALL)
    dumps = write_dumps(tmp_path / "pool")
    (dumps / "broken.txt").write_bytes(b"")
    first = train(labels_folder, tmp_path / "models" / "one", unlabelled=[str(dumps)])
    second = train(labels_folder, tmp_path / "models" / "two", unlabelled=[str(dumps)])
    model = load_model(first.path)
    assert model.manifest["unlabelled"]["pieces"] == 6
    assert model.topics.furniture.hashes
    assert any("broken.txt" in problem for problem in first.problems)
    assert (first.path / "topics.npz").read_bytes() == (second.path / "topics.npz").read_bytes()
    # trained again without a pool, the model still knows its publishers' furniture
    again = train(labels_folder, tmp_path / "models" / "three", base=str(first.path))
    assert load_model(again.path).topics.furniture == model.topics.furniture
    assert load_vectors(load_model(again.path)) is not None


def test_words_of_a_pool_are_known_as_such_after_a_training_without_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("topics.training.words.ENOUGH_BESIDE", 1)
    labels_folder = project(tmp_path, own=ALL)
    general = load_vectors(load_model())
    assert general is not None
    first = train(labels_folder, tmp_path / "models" / "one", unlabelled=[str(write_dumps(tmp_path / "pool"))])
    without = train(labels_folder, tmp_path / "models" / "two", base=str(first.path))
    note = load_model(first.path).manifest["vectors"]
    assert note["general"] == general.steps.shape[1]
    assert load_model(without.path).manifest["vectors"] == note
    # and so another pool takes its place, and is not added up
    other = write_dumps(tmp_path / "other")
    (other / "0.txt").unlink()
    last = train(labels_folder, tmp_path / "models" / "three", base=str(without.path), unlabelled=[str(other)])
    widths = [load_vectors(load_model(path)).steps.shape[1] for path in (first.path, last.path)]  # type: ignore[union-attr]
    assert widths[0] == widths[1] > general.steps.shape[1]


def test_without_a_label_the_taxonomy_s_descriptions_are_learned(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    report = train(project(tmp_path), tmp_path / "models" / "cold")
    assert "no labels" in report.summary()
    model = load_model(report.path)
    card = (report.path / "CARD.md").read_text("utf-8")
    assert "Cold start" in card and "accuracy" not in card and "0.000" not in card
    monkeypatch.chdir(tmp_path)
    [line] = [line for line in CliRunner().invoke(app, ["models", "list"]).stdout.splitlines() if "cold" in line]
    assert line.endswith("  no labels")
    [piece] = segment("The choir sang a hymn while the organ and the cello were silent, before a sonata.", model)
    assert classify([piece], model)[0].topic == "music"


def test_without_labels_or_a_taxonomy_there_is_nothing_to_learn(tmp_path: Path) -> None:
    with pytest.raises(LabelError, match="Label some segments"):
        train(tmp_path / "labels", tmp_path / "models" / "none")


def test_a_long_piece_is_judged_by_all_of_it() -> None:
    """A lead about one thing, and nine times as much about another."""
    source = random.Random(11)
    model = fit_topics(labels(12), SLUGS, ()).model
    lead, rest = source.choices(WORDS["kitchen"], k=6), source.choices(WORDS["meadow"], k=54)
    vector = model.vectorise(count_terms(None, " ".join([*lead, *rest])))
    assert model.slugs[int(model.scores(vector).argmax())] == "meadow"


def test_topics_are_left_out_of_the_pool_as_well_where_it_holds_no_others(monkeypatch: pytest.MonkeyPatch) -> None:
    """A pool in which those yet to come stand tells of them; of one in which they do not, less is expected."""
    source = random.Random(6)
    stars = "comet nebula quasar orbit lens dome".split()
    odd = [count_terms(None, " ".join(source.choices(stars, k=4) + source.choices(COMMON, k=6))) for _ in range(100)]

    examples = [Example(write(slug, source), slug) for slug in SLUGS for _ in range(12)]

    def trust_in_reject(unlabelled: list[Terms]) -> float:
        trust = fit_topics(examples, SLUGS, (), pool=unlabelled).model.trust
        return float(-trust.weights[2])

    without, with_others = pool(100), [*pool(100), *odd]
    fitted = trust_in_reject(without), trust_in_reject(with_others)
    monkeypatch.setattr("topics.classification.training.holds_others", lambda pool, known: True)
    always = trust_in_reject(without), trust_in_reject(with_others)
    assert fitted[0] < 0.9 * always[0]
    assert fitted[1] == always[1]
