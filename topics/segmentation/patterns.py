"""How that which a regular expression matches begins, so that few places need be looked at."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

__all__ = ["list_beginnings"]


def list_beginnings(pattern: str, reach: int) -> set[str]:
    r"""How that which a pattern matches can begin: ``reach`` characters, or fewer where it ends or what follows is not
    a character of a few. Of digits those of ASCII alone.

    >>> sorted(list_beginnings(r"gifts?|(?:log|sign[- ])in|no \w+|e-?mail", 4))
    ['e-ma', 'emai', 'gift', 'logi', 'no ', 'sign']
    """
    return {beginning for alternative in _split(pattern) for beginning in _begin(alternative, reach)}


def _begin(pattern: str, reach: int) -> Iterator[str]:
    """The same of a pattern without bars outside its groups."""
    if not pattern or not reach:
        yield ""
        return
    end, choices = _first_item(pattern)
    quantifier = pattern[end : end + 1]
    rest = pattern[end + 1 :] if quantifier == "?" else "" if quantifier == "+" else pattern[end:]
    if quantifier in ("*", "{") or not choices:
        yield ""
        return
    if quantifier == "?":
        yield from _begin(rest, reach)
    for choice in choices:
        if pattern[0] == "(":
            yield from _begin(choice + rest, reach)
        else:
            yield from (choice + more for more in _begin(rest, reach - 1))


def _first_item(pattern: str) -> tuple[int, Sequence[str]]:
    """Where the first item of a pattern ends, and what it is one of: patterns, if it is a group, else characters; none
    if it can be anything."""
    if pattern[0] == "(":
        end = _end_of_group(pattern)
        return end, _split(pattern[3 : end - 1])
    if pattern[0] == "[":
        end = pattern.index("]") + 1
        return end, pattern[1 : end - 1]
    if pattern[0] == "\\":
        return 2, "0123456789" if pattern[1] == "d" else ""
    return 1, pattern[0]


def _end_of_group(pattern: str) -> int:
    """Where the group ends with which a pattern begins."""
    depth = end = 1
    while depth:
        end += 1
        depth += (pattern[end] == "(") - (pattern[end] == ")")
    return end + 1


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
