"""What several test files need: the model that ships, loaded once."""

from __future__ import annotations

import pytest

from topics.bundle import Model, load_model


@pytest.fixture(scope="session")
def model() -> Model:
    """The shipped model. Its exact scores are nobody's business here: it is replaced by better ones."""
    return load_model()
