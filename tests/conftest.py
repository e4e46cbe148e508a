"""What several test files need: the model that ships, loaded once; and no haste, since a busy machine is no bug."""

from __future__ import annotations

import pytest
from hypothesis import settings

from topics.bundle import Model, load_model

settings.register_profile("topics", deadline=None)
settings.load_profile("topics")


@pytest.fixture(scope="session")
def model() -> Model:
    """The shipped model. Its exact scores are nobody's business here: it is replaced by better ones."""
    return load_model()
