"""The named arrays that weights are kept as in a bundle: those below a name, and whether they fit each other."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from numpy.typing import NDArray

__all__ = ["below", "check_shapes"]


def below(arrays: Mapping[str, NDArray[Any]], prefix: str) -> dict[str, NDArray[Any]]:
    """The arrays whose names begin with ``prefix``, without it. Reads no others of a file."""
    return {name.removeprefix(prefix): arrays[name] for name in arrays if name.startswith(prefix)}


def check_shapes(arrays: Mapping[str, NDArray[Any]], shapes: Mapping[str, tuple[int, ...]]) -> None:
    """Raise ``ValueError`` for an array of another shape than that beside its name, in which 0 is any number."""
    for name, shape in shapes.items():
        found = arrays[name].shape
        if len(found) != len(shape) or any(wanted not in (0, n) for wanted, n in zip(shape, found, strict=True)):
            raise ValueError(f"{name}: shape {found}, expected {shape}")
