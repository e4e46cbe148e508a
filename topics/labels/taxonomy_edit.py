"""The text of a taxonomy in, the text with another topic, fewer topics or another slug out.

The file belongs to the people who wrote it: comments, order and layout stay (values are changed by tomlkit, tables are
added and taken out by their lines), and only what a step changes is written anew. A slug that goes leaves a
``[[retired]]`` table, which says what came after it. Nothing here touches a file.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from topics.errors import LabelError
from topics.labels.taxonomy import Topic, check_slug, find_tables, is_toml, parse_taxonomy

__all__ = ["add_topic", "drop_topic", "format_topic", "merge_topics", "rename_topic"]

_WORDS_A_LINE = 8


def rename_topic(text: str, source: str, old: str, new: str, name: str | None = None) -> str:
    """The topic ``old`` under the slug ``new``, and under another ``name`` where one is given."""
    document = _parse(text, source)
    _check_new(text, new, source, frees=[old])
    row = _find(document, old, source)
    row["slug"] = new
    if name is not None:
        row["name"] = name
    return _retire(_dump(document), source, [old], [new])


def merge_topics(
    text: str,
    source: str,
    gone: Sequence[str],
    into: str,
    *,
    name: str | None = None,
    description: str | None = None,
) -> str:
    """The topics ``gone`` become ``into``, which stands where it stood, else where the first of them did.

    Its key words and borderline cases are those of all. Its description is the one given, else those of all, one
    after another. A new ``into`` has no rule: two rules together need a person.
    """
    document = _parse(text, source)
    gone = [slug for slug in dict.fromkeys(gone) if slug != into]
    rows = [_find(document, slug, source) for slug in gone]
    if into in _slugs(document):
        kept = _find(document, into, source)
        merged = [kept, *rows]
    else:
        _check_new(text, into, source, frees=gone)
        kept, merged = rows[0], rows
    texts = dict.fromkeys(str(row["description"]).strip() for row in merged)
    kept["description"] = description or " ".join(texts)
    for key in ("key_words", "borderline"):
        _join_lists(kept, merged, key)
    if name is not None:
        kept["name"] = name
    if kept is rows[0]:
        kept["slug"] = into
        kept["name"] = name or into.replace("-", " ").capitalize()
        for key in ("rule", "iptc"):
            kept.pop(key, None)
    text = _dump(document)
    for slug in gone[1:] if kept is rows[0] else gone:
        text = _take_out(text, source, slug)
    return _retire(text, source, gone, [into])


def add_topic(text: str, source: str, topic: Topic, after: str) -> str:
    """One more topic, right behind the topic ``after``."""
    _check_new(text, topic.slug, source)
    _find(_parse(text, source), after, source)
    lines = text.split("\n")
    _begin, end = _locate(text, source, after)
    lines[end:end] = ["", *format_topic(topic).rstrip("\n").split("\n")]
    return _check("\n".join(lines), source)


def drop_topic(text: str, source: str, slug: str, into: Sequence[str]) -> str:
    """The taxonomy without a topic; ``into`` is what came after it."""
    _find(_parse(text, source), slug, source)
    return _retire(_take_out(text, source, slug), source, [slug], list(into))


def format_topic(topic: Topic) -> str:
    """A topic as a ``[[topic]]`` table, lists a text a line where they are long."""
    lines = ["[[topic]]", *(f"{key} = {_quote(getattr(topic, key))}" for key in ("slug", "name", "description"))]
    if topic.rule is not None:
        lines.append(f"rule = {_quote(topic.rule)}")
    for key, texts in (("borderline", topic.borderline), ("key_words", topic.key_words)):
        if texts:
            one_line = f"{key} = [{', '.join(map(_quote, texts))}]"
            long = [f"{key} = [", *(f"    {_quote(text)}," for text in texts), "]"]
            lines += [one_line] if key == "key_words" or len(one_line) < 100 else long
    if topic.iptc is not None:
        lines.append(f"iptc = {_quote(topic.iptc)}")
    return "\n".join(lines) + "\n"


def _quote(text: str) -> str:
    """A TOML string on one line.

    >>> print(_quote('He said "no"'))
    "He said \\"no\\""
    """
    import tomlkit

    return str(tomlkit.string(text).as_string())


def _parse(text: str, source: str, *, whole: bool = True) -> Any:
    """The text as tomlkit's document; a ``whole`` taxonomy has been checked, so that mistakes have the usual words."""
    import tomlkit

    return tomlkit.parse(_check(text, source) if whole else text)


def _check(text: str, source: str) -> str:
    """The text, which could be read again: nothing else may get into the file."""
    parse_taxonomy(text, source)
    return text


def _dump(document: Any) -> str:
    import tomlkit

    return tomlkit.dumps(document)


def _slugs(document: Any) -> list[str]:
    return [str(row["slug"]) for row in document["topic"]]


def _find(document: Any, slug: str, source: str) -> Any:
    for row in document["topic"]:
        if row["slug"] == slug:
            return row
    raise LabelError(f'{source}: no topic "{slug}". It has {", ".join(_slugs(document))}.')


def _check_new(text: str, slug: str, source: str, frees: Sequence[str] = ()) -> None:
    """A topic can have this slug: labels that say it already mean nothing but the topics ``frees``, which become it."""
    known = parse_taxonomy(text, source)
    if slug in known:
        raise LabelError(f'{source}: topic "{slug}" is there already. Take another slug, or "topics labels merge".')
    if fault := check_slug(slug):
        raise LabelError(f'{source}: slug "{slug}" {fault}. Take another.')
    after = known.find_successors(slug)
    if not set(after) <= set(frees):
        raise LabelError(
            f'{source}: "{slug}" was a topic once, and labels that say so mean "{", ".join(after)}" now. '
            "Take another slug."
        )


def _join_lists(kept: Any, rows: Sequence[Any], key: str) -> None:
    """Append what the others have and ``kept`` has not; case does not count."""
    import tomlkit

    known = {str(text).casefold() for text in kept.get(key, ())}
    more = []
    for text in (str(text) for row in rows for text in row.get(key, ())):
        if text.casefold() not in known:
            known.add(text.casefold())
            more.append(text)
    if more and key not in kept:
        kept[key] = tomlkit.array()
    if more and "\n" in kept[key].as_string():
        for at in range(0, len(more), _WORDS_A_LINE):  # line by line: an item after a comment would be lost in it
            kept[key].add_line(*more[at : at + _WORDS_A_LINE])
    elif more:
        kept[key].extend(more)


def _locate(text: str, source: str, slug: str) -> tuple[int, int]:
    """Numbers of the lines, from 0 and half open, of a topic's table; comments behind its last key are not its own."""
    lines = text.split("\n")
    headers = find_tables(text)
    slugs = _slugs(_parse(text, source, whole=False))
    starts = [number for number, name in headers if name == "topic"]
    if len(starts) != len(slugs):
        raise LabelError(
            f"{source}: its topics are not all [[topic]] tables of their own. Write them so, then try again."
        )
    begin = starts[slugs.index(slug)]
    end = min((number for number, _name in headers if number > begin), default=len(lines))
    while not lines[end - 1].partition("#")[0].strip() and is_toml(lines[begin : end - 1]):
        end -= 1
    return begin, end


def _take_out(text: str, source: str, slug: str) -> str:
    begin, end = _locate(text, source, slug)
    lines = text.split("\n")
    if end < len(lines) and not lines[end].strip() and begin > 0 and not lines[begin - 1].strip():
        end += 1  # of the blank lines around it one is enough
    return "\n".join(lines[:begin] + lines[end:])


def _retire(text: str, source: str, slugs: Sequence[str], into: Sequence[str]) -> str:
    """Say at the end of the file what came after these slugs; a slug that is a topic again is no longer retired."""
    document = _parse(text, source, whole=False)
    now = set(_slugs(document))
    rows = document.get("retired")
    for number in reversed(range(len(rows or ()))):
        if rows[number]["slug"] in now or rows[number]["slug"] in slugs:
            del rows[number]
    if rows is not None and not rows:
        del document["retired"]
    text = _dump(document).rstrip("\n") + "\n"
    quoted = ", ".join(map(_quote, into))
    text += "".join(f"\n[[retired]]\nslug = {_quote(slug)}\ninto = [{quoted}]\n" for slug in slugs)
    return _check(text, source)
