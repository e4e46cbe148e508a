"""``topics labels export`` and ``import``: labels and suggestions to other tools and to spreadsheets, and back."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from topics.cli.problems import Problems, keep_inputs
from topics.errors import LabelError

if TYPE_CHECKING:
    from topics.interchange import Applied, Change, Format, Item
    from topics.labels.decisions import TopicDecision
    from topics.labels.store import Decisions
    from topics.labels.taxonomy import Taxonomy

__all__ = ["export_labels", "import_labels"]

NAMES = "csv, doccano, label-studio, prodigy, argilla, spacy or fasttext"
FormatName = Annotated[str, typer.Option("--format", "-f", help=f"{NAMES}.")]
LabelsFolder = Annotated[Path, typer.Option("--labels", help="Folder of label files, with taxonomy.toml.")]


def export_labels(
    format: FormatName,
    output: Annotated[
        Path | None, typer.Option("--output", "-o", help="The file to write.", show_default="stdout")
    ] = None,
    labels: LabelsFolder = Path("labels"),
    run: Annotated[
        Path | None,
        typer.Option(help="A run, or a .jsonl of its records: its segments go out, the model's topics as suggestions."),
    ] = None,
    dumps: Annotated[
        list[str] | None,
        typer.Option(help="Where the text of labels is; may be repeated.", show_default="seeds/ if it is there"),
    ] = None,
    without_text: Annotated[bool, typer.Option("--without-text", help="Leave text out (csv alone can).")] = False,
) -> None:
    """Write the labels, or the segments of a run, as another tool reads them.

    \b
    Example:
      topics labels export --format csv --without-text -o labels.csv
      topics labels export --format label-studio --run runs/monday -o tasks.json
      topics labels export --format spacy > train.jsonl
    """
    from topics.examples import read_labelled_dumps
    from topics.interchange import gather_labels, gather_run
    from topics.labels.matching import settle_topics
    from topics.runs import read_rows
    from topics.writers.atomic import open_atomic
    from topics.writers.sinks import open_stream

    chosen = _take_format(format)
    if without_text and chosen.needs_text:
        raise typer.BadParameter(f"{chosen.name} is nothing without text; csv is", param_hint="--without-text")
    keep_inputs(output, [*labels.glob("*"), *(dumps or ()), *([run] if run is not None else [])])
    problems = Problems()
    taxonomy, decisions = _read_labels(labels, problems, missing_ok=run is not None)
    items: Iterable[Item]
    if run is not None:
        decided = {entry.decision.segment: entry.decision for entry in settle_topics(decisions.topics)}
        items = gather_run(read_rows(str(run)), decided, with_text=not without_text)
    else:
        at_hand = [] if without_text else read_labelled_dumps(dumps, labels.parent / "seeds")
        items = gather_labels(decisions, at_hand, with_text=not without_text)
    counts = {"written": 0, "without text": 0}
    written = chosen.write(_with_text(items, chosen.needs_text, counts), taxonomy.slugs)
    if output is not None:
        with open_atomic(output) as sink:
            for part in written:
                sink.write(part)
    else:
        with open_stream(sys.stdout, "standard output") as sink:
            for part in written:
                sink.write(part)
    left = f", {counts['without text']:,} left out without text (give --dumps)" if counts["without text"] else ""
    typer.echo(f"{counts['written']:,} pieces{left}", err=True)
    if not counts["written"]:
        raise LabelError("nothing to export. Label something, give the text with --dumps, or a run with --run.")
    problems.leave()


def _with_text(items: Iterable[Item], needed: bool, counts: dict[str, int]) -> Iterator[Item]:
    for item in items:
        if needed and not item.text:
            counts["without text"] += 1
            continue
        counts["written"] += 1
        yield item


def import_labels(
    source: Annotated[Path, typer.Argument(metavar="FILE", help="What the other tool wrote; a folder of an export.")],
    format: FormatName,
    labels: LabelsFolder = Path("labels"),
    into: Annotated[str, typer.Option(help="Name of the label file that decisions are added to.")] = "imported.jsonl",
    run: Annotated[
        list[Path] | None,
        typer.Option(help="The run that rows without a reference came from; may be repeated."),
    ] = None,
    by: Annotated[str, typer.Option(help="Who decided, where the file does not say.")] = "import",
    at: Annotated[str | None, typer.Option(help="When, as ISO 8601.", show_default="now")] = None,
    confirm: Annotated[
        bool, typer.Option("--confirm", help="Take unchanged suggestions as decisions: somebody has read them all.")
    ] = False,
    force: Annotated[bool, typer.Option("--force", help="Let answers win where the labels say a third thing.")] = False,
    without_text: Annotated[
        bool, typer.Option("--without-text", help="Keep terms and not the text of pieces that are nowhere else.")
    ] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Say what would change, and change nothing.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="The changes as JSON lines.")] = False,
) -> None:
    """Read labels back from another tool or a spreadsheet, add what changed, and say what that was.

    \b
    Example:
      topics labels import edited.csv --format csv --dry-run
      topics labels import may/ --format csv --by anna
      topics labels import project-1.json --format label-studio
    """
    from topics.interchange.applying import Places, Rules, apply_answers
    from topics.interchange.gathering import refer, refer_rows
    from topics.labels.matching import settle_topics
    from topics.records import segment_id
    from topics.runs import read_rows

    chosen = _take_format(format)
    if Path(into).name != into or not into.endswith(".jsonl") or into.endswith(".terms.jsonl"):
        raise typer.BadParameter("a file name that ends in .jsonl, inside the labels' folder", param_hint="--into")
    at = at if at is not None else _now()
    _check_field("by", by)
    _check_field("at", at)
    problems = Problems()
    taxonomy, decisions = _read_labels(labels, problems, missing_ok=True)
    current = {entry.decision.segment: entry.decision for entry in settle_topics(decisions.topics)}
    known = []
    facts = {segment: (decision.source, decision.published) for segment, decision in current.items()}
    for each in run or ():
        for row, ref in refer_rows(read_rows(str(each))):
            if ref is not None:
                known.append((row["id"], ref))
                facts.setdefault(ref.segment, (row["source"], row["published"]))
    own = [(segment_id(d.dump, d.start, d.end), refer(d)) for d in current.values()]
    rules = Rules(by, at, confirm, force, not without_text, chosen.personal)
    places = Places.of([*known, *own], complete=bool(run), facts=facts)
    applied = apply_answers(chosen.read(source), taxonomy, current, places, rules)
    _show(applied, as_json)
    if applied.changes and not dry_run:
        _store(applied.changes, labels / into, problems, terms=without_text)
    done = "nothing was written" if dry_run or not applied.changes else f"added to {labels / into}"
    typer.echo(f"{applied.summary()}; {done}", err=True)
    if applied.problems:
        raise typer.Exit(1)
    problems.leave()


def _take_format(name: str) -> Format:
    from topics.interchange import find_format

    try:
        return find_format(name)
    except LabelError as error:
        raise typer.BadParameter(str(error), param_hint="--format") from None


def _check_field(name: str, value: str) -> None:
    from topics.labels.decisions import find_fault

    if fault := find_fault(name, value):
        raise typer.BadParameter(f'"{value}" {fault}', param_hint=f"--{name}")


def _read_labels(folder: Path, problems: Problems, *, missing_ok: bool) -> tuple[Taxonomy, Decisions]:
    from topics.labels.store import find_label_files, read_decisions
    from topics.labels.taxonomy import load_own_taxonomy

    taxonomy = load_own_taxonomy(folder)
    files = find_label_files(folder)
    if not files and not missing_ok:
        raise LabelError(f"{folder}: no label files (*.jsonl). Label some segments first, or give --labels.")
    return taxonomy, read_decisions(files, taxonomy, on_problem=problems.note_label)


def _show(applied: Applied, as_json: bool) -> None:
    from topics.reading.problems import printable

    for change in applied.changes:
        if as_json:
            typer.echo(json.dumps(_as_dict(change), ensure_ascii=False))
        else:
            where = f"{change.decision.name} {change.decision.start}"
            before = str(change.before) if change.before is not None else "no label"
            title = f"  {change.title[:70]}" if change.title else ""
            typer.echo(printable(f"{where}: {before} -> {change.after}{title}"))
    for problem in applied.problems:
        typer.echo(f"topics: {printable(problem)}", err=True)


def _as_dict(change: Change) -> Mapping[str, Any]:
    decision, before = change.decision, change.before
    return {
        "place": change.place,
        "name": decision.name,
        "segment": decision.segment,
        "start": decision.start,
        "end": decision.end,
        "before": None if before is None else {"topic": before.topic, "also": before.also, "kind": before.kind},
        "after": {"topic": decision.topic, "also": decision.also, "kind": decision.kind},
        "by": decision.by,
    }


def _store(changes: Iterable[Change], path: Path, problems: Problems, *, terms: bool) -> None:
    from topics.labels.store import append_decisions

    changes = list(changes)
    if terms:
        _store_terms(changes, path)
    decisions: list[TopicDecision] = [change.decision for change in changes]
    append_decisions(path, decisions, problems.note_label)


def _store_terms(changes: list[Change], path: Path) -> None:
    """Terms and signatures of the pieces that are nowhere else, beside those that the file has already."""
    from topics.classification.analyzer import count_terms
    from topics.labels.signatures import sign_text
    from topics.labels.standoff import SegmentTerms, keep_common_terms, read_terms, terms_path, write_terms

    place = terms_path(path)
    before = read_terms(place) if place.exists() else []
    new = [
        SegmentTerms(c.decision.segment, count_terms(c.title, c.text), sign_text(c.text))
        for c in changes
        if c.text is not None
    ]
    if new:
        write_terms(place, [*before, *keep_common_terms(new, before)])


def _now() -> str:
    from datetime import UTC, datetime

    return datetime.now(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
