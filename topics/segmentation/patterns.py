"""Regular expressions of many alternatives, laid out so that few of them are tried at a place."""

from __future__ import annotations

__all__ = ["by_first_letter"]


def by_first_letter(pattern: str) -> str:
    """Alternatives that each begin with a letter, gathered by that letter: it matches what ``pattern`` does.

    >>> by_first_letter("sign up|gifts?|(?:log|sign) in")
    's(?:ign up|ign in)|g(?:ifts?)|l(?:og in)'
    """
    groups: dict[str, list[str]] = {}
    for alternative in _split(pattern):
        for opened in _open(alternative):
            groups.setdefault(opened[0], []).append(opened[1:])
    return "|".join(f"{letter}(?:{'|'.join(rests)})" for letter, rests in groups.items())


def _open(alternative: str) -> list[str]:
    """The same without a group at its beginning: one pattern for each of the group's alternatives."""
    if not alternative.startswith("(?:"):
        return [alternative]
    depth = end = 1
    while depth:
        end += 1
        depth += (alternative[end] == "(") - (alternative[end] == ")")
    return [opened + alternative[end + 1 :] for inner in _split(alternative[3:end]) for opened in _open(inner)]


def _split(pattern: str) -> list[str]:
    """What stands between the bars of a pattern, but for those in its groups."""
    parts, depth = [""], 0
    for character in pattern:
        depth += (character == "(") - (character == ")")
        if character == "|" and not depth:
            parts.append("")
        else:
            parts[-1] += character
    return parts
