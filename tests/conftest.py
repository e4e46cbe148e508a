"""What several test files need: the model that ships, loaded once; and no haste, since a busy machine is no bug."""

from __future__ import annotations

import pytest
from hypothesis import settings

from topics.bulk import warm_up
from topics.bundle import Model, load_model

settings.register_profile("topics", deadline=None)
settings.load_profile("topics")


@pytest.fixture(scope="session")
def model() -> Model:
    """The shipped model. Its exact scores are nobody's business here: it is replaced by better ones."""
    return load_model()


@pytest.fixture(scope="session", autouse=True)
def _compiled(model: Model) -> None:
    """All kernels of a prediction are compiled before the first test: no command has to say that it compiles."""
    warm_up(model)
