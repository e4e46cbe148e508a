"""The topic model against scikit-learn's own pipeline, and what it says where it should say nothing."""

from __future__ import annotations

import math
import random
from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.sparse import csr_matrix, hstack
from sklearn.feature_extraction.text import CountVectorizer, TfidfTransformer
from sklearn.svm import LinearSVC
from threads import with_threads

from topics.classification import matrix
from topics.classification.analyzer import Terms, count_terms
from topics.classification.doubt import Temperature
from topics.classification.explain import describe_topic, explain_segment
from topics.classification.folds import Example
from topics.classification.matrix import MIN_PIECES, VECTOR_SHARE, choose_terms, lay_out
from topics.classification.model import TITLE_WEIGHT, TopicModel, predict_segments, segment_terms
from topics.classification.parts import fit_temperature
from topics.classification.scorers import SVM_C, fit_svms
from topics.classification.training import fit_topics
from topics.classification.vectors import WordVectors, learn_vectors, term_vectors
from topics.errors import DumpError, LabelError
from topics.examples import DESCRIPTION_WEIGHT
from topics.records import Kind, Segment, dump_digest

SLUGS = ("garden", "harbour", "music")
PIECES = [
    ("harbour", "Crane falls on the quay", "A crane fell on the eastern quay. The harbour board closed it."),
    ("harbour", "Trawlers stay in port", "Trawlers stayed in port as the harbour froze. Ice lay on the quay."),
    ("harbour", "", "The pilot boat met a tanker outside the harbour and brought it to the quay."),
    ("harbour", "Divers look at piles", "Divers looked at the piles of the quay, and found worms. The port is old."),
    ("harbour", "Tanker waits", "A tanker waited for the pilot. The harbour board blamed fog over the port."),
    (
        "garden",
        "Late frost takes the plums",
        "Frost killed the plum blossom. Gardeners covered their roses with straw.",
    ),
    ("garden", "Roses under straw", "Roses live through frost under straw, gardeners say, but a plum does not."),
    ("garden", "A hedge for wrens", "Wrens nest in the hedge. Gardeners who prune roses in May disturb the wrens."),
    ("garden", "", "Prune the plum in summer, and the hedge when the wrens have left it."),
    ("garden", "Compost and worms", "Worms make compost of leaves and straw. Spread the compost under the roses."),
    ("music", "Choir sings in the port", "The choir sang on the quay. A cellist played between two hymns."),
    ("music", "New organ for the choir", "The organ has nine hundred pipes. The choir sang hymns to test it."),
    ("music", "Cellist breaks a string", "The cellist broke a string in the sonata, and the organ played on."),
    ("music", "", "A sonata for cello and organ was found in a hedge. A choir will sing from the score."),
    ("music", "Hymns by heart", "The choir knows its hymns by heart. A sonata it has to read."),
]
ALSO = {"Crane falls on the quay": ("garden",), "Choir sings in the port": ("harbour",)}
LESSONS = [
    Example(count_terms("Garden", "Roses, hedges, compost, frost"), "garden", weight=DESCRIPTION_WEIGHT),
    Example(count_terms("Harbour", "Quay, port, tanker, pilot"), "harbour", weight=DESCRIPTION_WEIGHT),
    Example(count_terms("Music", "Choir, organ, sonata, hymns"), "music", weight=DESCRIPTION_WEIGHT),
]
EXAMPLES = [Example(count_terms(title, body), topic, ALSO.get(title, ())) for topic, title, body in PIECES]


@pytest.fixture(scope="module")
def fitted() -> TopicModel:
    return fit_topics(EXAMPLES, SLUGS, LESSONS).model


def piece(text: str, title: str | None = None, kind: Kind = "article", language: str = "en") -> Segment:
    return Segment(
        "dump.txt", dump_digest(text), 0, 0, len(text), 1, 1, kind, title, None, None, 1.0, (), language, text
    )


# ---- scikit-learn as the oracle


def spell_out(terms: Terms) -> list[str]:
    """Every term as often as it counts, for a vectorizer that only splits: headline terms four times."""
    return [t for t, n in terms.title.items() for _ in range(4 * n)] + [
        t for t, n in terms.body.items() for _ in range(n)
    ]


def as_pieces(examples: Sequence[Example]) -> list[Terms]:
    return [e.terms for e in (*examples, *LESSONS)]


class Pipeline:
    """Counts, TF-IDF and one SVM a topic with scikit-learn's classes; only the bundle's rounding is ours."""

    def __init__(self) -> None:
        self.vectorizer = CountVectorizer(analyzer=spell_out)
        counts = self.vectorizer.fit_transform(as_pieces(EXAMPLES))
        self.transformer = TfidfTransformer(sublinear_tf=True, smooth_idf=True).fit(counts)
        self.exact_idf = self.transformer.idf_
        self.transformer.idf_ = self.exact_idf.astype(np.float32).astype(np.float64)
        topics = np.array([*(e.topic for e in EXAMPLES), *(e.topic for e in LESSONS)])
        also = np.array([*(e.also for e in EXAMPLES), *[()] * len(LESSONS)], dtype=object)
        weight = np.array([1.0] * len(EXAMPLES) + [10.0] * len(LESSONS))
        x = self.transformer.transform(counts)
        self.weights, self.bias = [], []
        for slug in SLUGS:
            primary, second = (
                LinearSVC(C=1.0, class_weight="balanced", random_state=0, max_iter=5000).fit(
                    x, positive, sample_weight=weight
                )
                for positive in (topics == slug, (topics == slug) | np.array([slug in others for others in also]))
            )
            mixed = primary.coef_[0] * (2 / 3) + second.coef_[0] / 3
            self.weights.append(mixed.astype(np.float16).astype(np.float64))
            self.bias.append(primary.intercept_[0] * (2 / 3) + second.intercept_[0] / 3)

    def tfidf(self, terms: Terms) -> csr_matrix:
        return self.transformer.transform(self.vectorizer.transform([terms]))

    def scores(self, terms: Terms) -> np.ndarray:
        row = self.tfidf(terms)
        return np.array([(row @ w)[0] + b for w, b in zip(self.weights, self.bias, strict=True)])


@pytest.fixture(scope="module")
def pipeline() -> Pipeline:
    return Pipeline()


UNSEEN = [
    count_terms("Port choir", "A choir of pilots sang hymns on the quay, on the quay, on the quay."),
    count_terms("Compost", "The zeppelin dropped compost on roses."),
    count_terms(None, "Tankers."),
]


def test_constants_are_those_that_the_oracle_spells_out() -> None:
    assert (TITLE_WEIGHT, MIN_PIECES, SVM_C, DESCRIPTION_WEIGHT) == (4, 2, 1.0, 10.0)


def test_terms_and_their_rarity_are_scikit_learn_s(fitted: TopicModel, pipeline: Pipeline) -> None:
    assert fitted.terms == tuple(pipeline.vectorizer.get_feature_names_out())
    assert "choir sang" in fitted.terms
    assert np.allclose(fitted.idf, pipeline.exact_idf, rtol=1e-6)


@pytest.mark.parametrize("terms", [e.terms for e in EXAMPLES] + UNSEEN)
def test_scores_equal_a_plain_scikit_learn_pipeline(fitted: TopicModel, pipeline: Pipeline, terms: Terms) -> None:
    vector = fitted.vectorise(terms)
    row = pipeline.tfidf(terms).sorted_indices()
    assert vector.columns.tolist() == row.indices.tolist()
    assert np.allclose(vector.values, row.data, rtol=0, atol=1e-12)
    assert np.allclose(fitted.scores(vector), pipeline.scores(terms), rtol=0, atol=1e-9)


def test_probabilities_are_the_softmax_of_scores_over_the_temperature(fitted: TopicModel) -> None:
    vector = fitted.vectorise(UNSEEN[0])
    straight = replace(fitted, temperature=Temperature(fitted.temperature.base, fitted.temperature.heat))
    temperature = fitted.temperature.base * math.exp(fitted.temperature.heat * fitted.also_scores(vector).max())
    powers = [math.exp(score / temperature) for score in fitted.scores(vector).tolist()]
    assert straight.probabilities(vector).tolist() == pytest.approx([p / sum(powers) for p in powers], abs=1e-12)


def test_the_curve_moves_the_best_topic_and_the_others_share_the_rest_as_before() -> None:
    scores = np.log(np.array([[0.8, 0.15, 0.05]]))
    bent = Temperature(1.0, 0.0, offset=-0.2, slope=0.9, curve=0.05).probabilities(scores, np.zeros(1))[0]
    odds = math.log(4.0)
    best = 1.0 / (1.0 + math.exp(-(-0.2 + 0.9 * odds + 0.05 * odds**2)))
    assert bent.tolist() == pytest.approx([best, 0.75 * (1.0 - best), 0.25 * (1.0 - best)], abs=1e-9)


@given(
    st.lists(st.floats(-4.0, 4.0), min_size=2, max_size=6),
    st.floats(-3.0, 3.0),
    st.floats(0.1, 3.0),
    st.floats(0.0, 1.0),
)
def test_no_curve_turns_an_order_around(scores: list[float], offset: float, slope: float, curve: float) -> None:
    p = Temperature(0.25).probabilities(np.array(scores), 0.0)
    bent = Temperature(0.25, 0.0, offset, slope, curve).probabilities(np.array(scores), 0.0)
    assert bent.sum() == pytest.approx(1.0) and (bent >= 0.0).all()
    assert p[int(bent.argmax())] == p.max()
    others = np.argsort(-p, kind="stable")[1:]
    assert (np.diff(bent[others]) <= 1e-12).all()


def test_the_curve_is_learned_from_whether_the_best_guess_was_right() -> None:
    rng = np.random.default_rng(3)
    scores = rng.normal(size=(4000, 4))
    true = Temperature(1.0, 0.0, offset=-0.4, slope=0.8, curve=0.1)
    p = true.probabilities(3.0 * scores, np.zeros(len(scores)))
    y = np.array([rng.choice(4, p=row / row.sum()) for row in p])
    found = fit_temperature(3.0 * scores, np.zeros(len(scores)), y).probabilities(3.0 * scores, np.zeros(len(scores)))
    assert abs((found - p).max(axis=1)).mean() < 0.02
    few = fit_temperature(3.0 * scores[:20], np.zeros(20), y[:20])
    assert abs(few.offset) < 0.2 and abs(few.slope - 1.0) < 0.2 and few.curve < 0.1


known_and_not = st.sampled_from(["quay", "choir", "rose", "plum", "choir sang", "zeppelin"])


@given(st.dictionaries(known_and_not, st.integers(1, 99)))
def test_probabilities_sum_to_one_and_vectors_have_length_one(fitted: TopicModel, body: dict[str, int]) -> None:
    vector = fitted.vectorise(Terms({}, body))
    assert fitted.probabilities(vector).sum() == pytest.approx(1.0, abs=1e-12)
    length = 1.0 if set(body) - {"zeppelin"} else 0.0
    assert float((vector.values**2).sum()) == pytest.approx(length)


def test_a_saved_model_scores_as_the_fitted_one(fitted: TopicModel) -> None:
    again = TopicModel.from_arrays(fitted.to_arrays(), fitted.slugs, fitted.terms)
    for terms in UNSEEN:
        assert np.array_equal(fitted.scores(fitted.vectorise(terms)), again.scores(again.vectorise(terms)))


def test_arrays_that_do_not_fit_the_vocabulary_are_refused(fitted: TopicModel) -> None:
    with pytest.raises(ValueError, match="terms"):
        TopicModel.from_arrays(fitted.to_arrays(), fitted.slugs, fitted.terms[:-1])


# ---- what is predicted


def predict(topics: TopicModel, *segments: Segment) -> list[tuple[str | None, bool]]:
    return [(p.topic, p.unknown) for p in predict_segments(segments, topics, "tiny@1")]


def test_pieces_get_their_topic(fitted: TopicModel) -> None:
    found = predict(
        fitted,
        piece("The pilot left the tanker at the quay."),
        piece("Roses need straw, and gardeners need patience."),
        piece("The organ drowned the choir."),
    )
    assert found == [("harbour", False), ("garden", False), ("music", False)]


def test_a_prediction_carries_the_model_and_its_best_guesses_in_order(fitted: TopicModel) -> None:
    [prediction] = predict_segments([piece("The organ drowned the choir.")], fitted, "tiny@1")
    assert prediction.model == "tiny@1"
    assert {slug for slug, _ in prediction.topics} == set(SLUGS)
    scores = [score for _, score in prediction.topics]
    assert scores == sorted(scores, reverse=True)
    assert (prediction.topic, prediction.score) == prediction.topics[0]


def test_a_piece_without_a_known_term_is_unknown(fitted: TopicModel) -> None:
    assert predict(fitted, piece("Zeppelins yodel."), piece("")) == [(None, True), (None, True)]


def test_boilerplate_has_no_topic_and_is_not_unknown(fitted: TopicModel) -> None:
    appeal = piece("Support the choir and the organ.", kind="boilerplate")
    [prediction] = predict_segments([appeal], fitted, "tiny@1")
    assert (prediction.topic, prediction.score, prediction.also, prediction.unknown) == (None, None, (), False)


def test_a_piece_in_another_language_is_unknown(fitted: TopicModel) -> None:
    text = "The organ drowned the choir."
    assert predict(fitted, piece(text), piece(text, language="fr")) == [("music", False), (None, True)]


def test_the_headline_counts_and_furniture_does_not(fitted: TopicModel) -> None:
    text = "Quay, port, quay.\nThe organ."
    plain = piece(text)
    assert predict(fitted, plain, replace(plain, furniture=((0, 17),))) == [("harbour", False), ("music", False)]
    assert segment_terms(replace(plain, title="Hymns")).title == {"hymn": 1}


def test_below_its_threshold_the_best_guess_is_no_topic(fitted: TopicModel) -> None:
    segment = piece("The organ drowned the choir.")
    vector = fitted.vectorise(segment_terms(segment))
    best = 1.0 - fitted.doubt(vector)
    assert predict(replace(fitted, unknown_below=best), segment) == [("music", False)]
    assert predict(replace(fitted, unknown_below=best + 1e-9), segment) == [(None, True)]


def test_secondary_topics_are_those_that_reach_their_threshold(fitted: TopicModel) -> None:
    segment = piece("The choir sang hymns to the organ on the quay of the port.")
    also = [predict_segments([segment], replace(fitted, also_above=at), "tiny@1")[0].also for at in (-9.0, 9.0)]
    assert also == [("harbour", "garden"), ()]
    vector = fitted.vectorise(segment_terms(segment))
    weights = fitted.also_weights[vector.columns].astype(np.float64)
    scores = dict(zip(SLUGS, vector.values @ weights + fitted.also_bias, strict=True))
    between = replace(fitted, also_above=(scores["harbour"] + scores["garden"]) / 2)
    assert predict_segments([segment], between, "tiny@1")[0].also == ("harbour",)


# ---- fitting


def test_fitting_twice_gives_the_same_arrays() -> None:
    vectors = fishing_vectors()
    first, second = (fit_topics(EXAMPLES, SLUGS, LESSONS, vectors) for _ in range(2))
    assert first.model.terms == second.model.terms
    for name, array in first.model.to_arrays().items():
        assert array.tobytes() == second.model.to_arrays()[name].tobytes(), name
    assert first.out_of_fold.tobytes() == second.out_of_fold.tobytes()


def test_out_of_fold_rows_follow_the_examples_and_skip_those_without_a_topic() -> None:
    nothing_fits = Example(count_terms(None, "The choir of the harbour keeps plums."), None)
    out_of_fold = fit_topics([EXAMPLES[0], nothing_fits, *EXAMPLES[1:]], SLUGS, LESSONS).out_of_fold
    assert np.isnan(out_of_fold[1]).all()
    rest = np.delete(out_of_fold, 1, axis=0)
    assert np.allclose(rest.sum(axis=1), 1.0)
    assert np.array_equal(rest, fit_topics(EXAMPLES, SLUGS, LESSONS).out_of_fold)


def test_a_copy_in_another_fold_would_be_recognised() -> None:
    """As one group the copies are judged by what other pieces teach; told apart, each is judged by its copies."""
    odd = count_terms("Zeppelin yodels", "A zeppelin yodels over a glacier. The glacier yodels back.")
    copies = [Example(odd, "music", (), "one") for _ in range(6)]
    apart = [replace(copy, group=f"{i}") for i, copy in enumerate(copies)]
    judged = [
        fit_topics([*EXAMPLES, *pieces], SLUGS, LESSONS).out_of_fold[-6:].argmax(axis=1) for pieces in (copies, apart)
    ]
    music = SLUGS.index("music")
    assert (judged[0] != music).all()
    assert (judged[1] == music).all()


def test_a_guessed_topic_teaches_what_is_in_a_piece_and_not_what_comes_first() -> None:
    words = count_terms(None, "Zeppelins yodel over the glacier, and the glacier yodels back.")
    certain = [Example(words, "music", ("garden",), str(k)) for k in range(4)]
    guessed = [replace(piece, guessed=True) for piece in certain]
    plain, told, unsure = (fit_topics([*EXAMPLES, *more], SLUGS, LESSONS) for more in ([], certain, guessed))
    music, garden = SLUGS.index("music"), SLUGS.index("garden")
    zeppelin = told.model.columns["zeppelin"]
    assert told.model.weights[zeppelin, music] > unsure.model.weights[zeppelin, music] > 0
    assert unsure.model.weights[zeppelin, garden] > 0 > told.model.weights[zeppelin, garden]
    for model in (told.model, unsure.model):
        assert (model.also_weights[zeppelin, [music, garden]] > 0).all()
    assert "zeppelin" not in plain.model.columns
    # all are scored, but temperature and thresholds are fitted on those that are certain
    assert np.allclose(unsure.out_of_fold.sum(axis=1), 1.0)
    assert unsure.model.acceptance.n_known == len(EXAMPLES)
    assert told.model.acceptance.n_known == len(EXAMPLES) + 4


def test_guesses_alone_leave_nothing_to_judge_by() -> None:
    guesses = [replace(piece, guessed=True) for piece in EXAMPLES]
    fitted = fit_topics(guesses, SLUGS, LESSONS)
    assert fitted.model.unknown_below == 0.0
    assert np.allclose(fitted.out_of_fold, 1 / len(SLUGS))
    terms = count_terms(None, "Roses in the hedge, roses in the frost.")
    assert fitted.model.probabilities(fitted.model.vectorise(terms)).argmax() == SLUGS.index("garden")


def test_labels_of_one_topic_are_too_few() -> None:
    with pytest.raises(LabelError, match="at least two topics"):
        fit_topics([EXAMPLES[0]], SLUGS, ())


def test_labels_without_a_word_are_too_few() -> None:
    wordless = [Example(count_terms(None, text), slug) for text, slug in (("And so on.", "music"), ("12.", "garden"))]
    with pytest.raises(LabelError, match=r"Label more"):
        fit_topics(wordless, SLUGS, ())


@pytest.mark.parametrize("texts", [[], [[]], [["organ", "choir"], ["organ"]]])
def test_text_without_a_word_that_comes_again_teaches_no_words(texts: list[list[str]]) -> None:
    with pytest.raises(DumpError, match="8 times"):
        learn_vectors(texts)


def test_words_of_one_piece_count_where_few_pieces_are_all_there_is(monkeypatch: pytest.MonkeyPatch) -> None:
    organ, choir = (count_terms(None, text) for text in ("An organ played.", "A choir sang with an organ."))
    vectors = learn_vectors([["organ", "choir"] * 8], min_count=1)
    assert {"organ", "choir", "sang", "choir sang"} < set(choose_terms([organ, choir]))
    assert choose_terms([organ, choir], [organ, organ]) == ("organ", "organ played", "played")
    assert choose_terms([organ, choir], (), vectors) == ("choir", "organ")
    monkeypatch.setattr(matrix, "MOST_TERMS", 5)
    assert choose_terms([organ, choir]) == ("organ",), "which of so many to take would be chance"


# ---- word vectors


FISH, VERSE = ("cod", "haddock"), ("sonnet", "ballad")
SEA = "net trawler deck gale buoy salt anchor rudder".split()
DESK = "rhyme stanza poet line metre page ink verse".split()


def word_lists() -> list[list[str]]:
    """Texts in which two fish, and two poems, never stand together but keep the same company."""
    rng = random.Random(4)
    texts = []
    for k in range(160):
        words, company = ((FISH, SEA), (VERSE, DESK))[k % 2]
        text = rng.choices(company, k=11)
        text.insert(rng.randrange(12), words[k // 2 % 2])
        texts.append(text)
    return texts


def fishing_vectors() -> WordVectors:
    return learn_vectors(word_lists(), n_dimensions=6)


def cosine(a: np.ndarray, b: np.ndarray) -> float:
    return float(a @ b / np.sqrt((a @ a) * (b @ b)))


def test_words_that_keep_the_same_company_have_alike_vectors() -> None:
    vectors = fishing_vectors()
    cod, haddock, sonnet, ballad = (vectors.rows[vectors.words[word]] for word in (*FISH, *VERSE))
    assert cosine(cod, haddock) > 0.8
    assert cosine(sonnet, ballad) > 0.8
    assert max(cosine(cod, sonnet), cosine(haddock, ballad)) < 0.2


def test_rare_words_have_no_vector() -> None:
    vectors = learn_vectors([*word_lists(), ["cod", "zeppelin", "net"]], n_dimensions=6)
    assert "zeppelin" not in vectors.words
    assert "net" in vectors.words


def test_vectors_know_how_rare_a_word_is_in_their_texts() -> None:
    vectors = fishing_vectors()
    n_with_cod = sum("cod" in text for text in word_lists())
    expected = math.log((1 + 160) / (1 + n_with_cod)) + 1
    assert float(vectors.idf[vectors.words["cod"]]) == pytest.approx(expected, rel=1e-6)


def test_learning_vectors_twice_gives_the_same_bytes() -> None:
    first, second = fishing_vectors().to_arrays(), fishing_vectors().to_arrays()
    assert {k: a.tobytes() for k, a in first.items()} == {k: a.tobytes() for k, a in second.items()}


def test_vectors_do_not_depend_on_the_number_of_threads() -> None:
    code = (
        "import hashlib, random\n"
        "from topics.classification.vectors import learn_vectors\n"
        "words = [f'w{i}' for i in range(500)]\n"
        "weights = [1 / (i + 5) for i in range(500)]\n"
        "draw = random.Random(3).choices\n"
        "vectors = learn_vectors([draw(words, weights, k=120) for _ in range(300)])\n"
        "print(hashlib.sha256(vectors.steps.tobytes() + vectors.scale.tobytes()).hexdigest())"
    )
    assert with_threads(1, code) == with_threads(2, code)


def test_vectors_survive_the_bundle_s_arrays() -> None:
    vectors = fishing_vectors()
    again = WordVectors.from_arrays(vectors.to_arrays())
    assert again.words == vectors.words
    assert np.array_equal(again.rows, vectors.rows)
    assert np.array_equal(again.idf, vectors.idf)


def test_a_pair_of_words_takes_the_mean_of_its_words() -> None:
    vectors = fishing_vectors()
    cod, net, both, half, none = term_vectors(["cod", "net", "cod net", "cod zeppelin", "zeppelin"], vectors)
    assert np.allclose(cod, vectors.rows[vectors.words["cod"]])
    assert np.allclose(both, (cod + net) / 2)
    assert np.allclose(half, cod)
    assert not none.any()
    assert not term_vectors(["zeppelin"], vectors).any()


# pieces about fish and poems in the words that the vectors know
CATCH = [
    Example(count_terms(None, text), topic)
    for topic, text in [
        ("harbour", "Cod in the net. The trawler rode out a gale at anchor."),
        ("harbour", "A trawler lost its net and its anchor in the gale, and no cod."),
        ("harbour", "Salt on the deck, cod on the deck."),
        ("music", "A sonnet has a rhyme in every line and a poet behind every rhyme."),
        ("music", "The poet read a sonnet, page by page, stanza by stanza."),
        ("music", "Ink on the page, a sonnet on the page."),
    ]
]


def test_folded_weights_score_as_the_svm_that_saw_the_vectors() -> None:
    vectors = fishing_vectors()
    model = fit_topics(CATCH, SLUGS, (), vectors).model
    x = csr_matrix(np.zeros((len(CATCH), len(model.terms)))).tolil()
    for row, example in enumerate(CATCH):
        vector = model.vectorise(example.terms)
        x[row, vector.columns] = vector.values
    x = x.tocsr()
    dense = x @ term_vectors(model.terms, vectors).astype(np.float64)
    dense *= VECTOR_SHARE / np.sqrt((dense**2).sum(axis=1).mean())
    seen = hstack((x, csr_matrix(dense)), format="csr")
    is_harbour = np.array([e.topic == "harbour" for e in CATCH])
    machine = LinearSVC(C=1.0, class_weight="balanced", random_state=0, max_iter=5000).fit(seen, is_harbour)
    unfolded = machine.decision_function(seen)

    space, rows, *_ = lay_out([e.terms for e in CATCH], (), model.terms, vectors)
    layer = fit_svms(rows, is_harbour[:, None], space, np.ones(len(CATCH)))
    assert np.allclose(layer.score(rows)[:, 0], unfolded, rtol=0, atol=1e-6)
    # the model keeps half the digits
    scores = [model.scores(model.vectorise(e.terms))[SLUGS.index("harbour")] for e in CATCH]
    assert np.allclose(scores, unfolded, rtol=0, atol=5e-3)


def test_a_word_that_no_label_holds_counts_as_the_words_like_it() -> None:
    haddock, ballad = piece("Haddock."), piece("A ballad.")
    with_vectors = fit_topics(CATCH, SLUGS, (), fishing_vectors()).model
    assert predict(with_vectors, haddock, ballad) == [("harbour", False), ("music", False)]
    without = fit_topics(CATCH, SLUGS, ()).model
    assert predict(without, haddock, ballad) == [(None, True), (None, True)]


# ---- why


def test_all_pulls_together_are_the_whole_decision(fitted: TopicModel) -> None:
    segment = piece("The choir sang hymns on the quay, and a gardener brought roses to the port.")
    explanation = explain_segment(segment, fitted, n_terms=10_000)
    shares = [pull.share for pull in (*explanation.towards, *explanation.against)]
    assert sum(map(abs, shares)) == pytest.approx(1.0, abs=1e-12)
    assert all(pull.share > 0 for pull in explanation.towards)
    assert all(pull.share < 0 for pull in explanation.against)
    # their sum is the score that is over the mean of all topics, up to the scale of shares
    vector = fitted.vectorise(segment_terms(segment))
    scores, bias = fitted.scores(vector), fitted.bias
    k = SLUGS.index(explanation.topic)
    lead = (scores - bias)[k] - (scores - bias).mean()
    pulls = vector.values @ np.abs(fitted.weights[vector.columns, k] - fitted.weights[vector.columns].mean(axis=1))
    assert sum(shares) == pytest.approx(lead / float(pulls), abs=1e-5)


def test_the_strongest_pull_comes_first_and_few_are_listed(fitted: TopicModel) -> None:
    segment = piece("The choir sang hymns on the quay, and a gardener brought roses to the port.")
    explanation = explain_segment(segment, fitted, "music", n_terms=2)
    assert (len(explanation.towards), len(explanation.against)) == (2, 2)
    assert "choir" in {pull.term for pull in explanation.towards}
    assert explanation.towards[0].share >= explanation.towards[1].share
    assert explanation.against[0].share <= explanation.against[1].share


def test_the_likeliest_topic_is_explained_unless_another_is_asked_for(fitted: TopicModel) -> None:
    segment = piece("The organ drowned the choir.")
    p = fitted.probabilities(fitted.vectorise(segment_terms(segment)))
    likeliest, asked = explain_segment(segment, fitted), explain_segment(segment, fitted, "garden")
    assert (likeliest.topic, likeliest.probability) == ("music", float(p[2]))
    assert (asked.topic, asked.probability) == ("garden", float(p[0]))
    with pytest.raises(ValueError, match=r"^gardn: no topic"):
        explain_segment(segment, fitted, "gardn")


@pytest.mark.parametrize("wrong", [-0.1, 1.5, float("nan")])
def test_a_confidence_that_cannot_be_is_refused(wrong: float, fitted: TopicModel) -> None:
    with pytest.raises(ValueError, match="from 0 to 1"):
        predict_segments([piece("The organ drowned the choir.")], fitted, "m", wrong)


def test_a_piece_without_known_terms_has_nothing_to_explain(fitted: TopicModel) -> None:
    explanation = explain_segment(piece("Zeppelins yodel."), fitted)
    assert (explanation.towards, explanation.against) == ((), ())


@pytest.mark.parametrize(("topic", "word"), [("harbour", "quay"), ("garden", "rose"), ("music", "choir")])
def test_the_strongest_terms_of_a_topic_are_its_own(fitted: TopicModel, topic: str, word: str) -> None:
    terms = describe_topic(fitted, topic, 6).towards
    assert word in [term for term, _ in terms]
    assert len(terms) == 6
    assert terms[:3] == describe_topic(fitted, topic, 3).towards
