"""Trees and heads applied as arrays score as scikit-learn's own estimators do."""

from __future__ import annotations

import numpy as np
import pytest

from topics.segmentation.training.fit import Effort, _boost, _to_trees
from topics.segmentation.trees import Trees, score_trees


@pytest.fixture(scope="module")
def data() -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(3)
    x = rng.normal(size=(900, 7)).astype(np.float32)
    y = (x[:, 0] * x[:, 1] + 0.5 * x[:, 2] + 0.3 * rng.normal(size=900)) > 0
    return x, y


def test_arrays_score_as_the_fitted_ensemble(data: tuple[np.ndarray, np.ndarray]) -> None:
    x, y = data
    model = _boost(x, y, Effort(n_trees=20))
    trees = _to_trees(model)
    rows = np.vstack([x, 3 * x]).astype(np.float64)
    assert np.allclose(score_trees(rows, trees), model.decision_function(rows), atol=1e-12)
    assert model.score(x, y) > 0.7  # it learned something, so that equality is not between constants


def test_trees_survive_the_bundle_s_arrays(data: tuple[np.ndarray, np.ndarray]) -> None:
    x, y = data
    trees = _to_trees(_boost(x, y, Effort(n_trees=5)))
    again = Trees.from_arrays(trees.to_arrays())
    assert np.array_equal(score_trees(x.astype(float), trees), score_trees(x.astype(float), again))
