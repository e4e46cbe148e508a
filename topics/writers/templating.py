"""One way to make pages: templates that escape whatever is put into them and stop at a name they do not know."""

from __future__ import annotations

from typing import TYPE_CHECKING

from topics.writers.text import clean_cell

if TYPE_CHECKING:
    from jinja2 import Environment

__all__ = ["make_environment"]


def make_environment(*packages: str) -> Environment:
    """An environment over the ``templates/`` of these packages, the first that has a template first."""
    from jinja2 import ChoiceLoader, Environment, PackageLoader, StrictUndefined

    environment = Environment(
        loader=ChoiceLoader([PackageLoader(package) for package in packages]),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["line"] = clean_cell
    environment.filters["percent"] = lambda share: "<1%" if 0 < share < 0.005 else f"{share:.0%}"
    environment.filters["thousands"] = lambda number: f"{number:,}"
    return environment
