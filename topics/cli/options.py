"""The options that several commands share, each with its one meaning."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Annotated

import typer

__all__ = [
    "UNKNOWN_SHARE",
    "Address",
    "Backend",
    "Boundaries",
    "Clean",
    "Encoding",
    "Explain",
    "Format",
    "Inputs",
    "Jobs",
    "Labels",
    "MinPrecision",
    "ModelName",
    "NoLabels",
    "Others",
    "Scheduler",
    "Strict",
    "Target",
    "TextField",
    "UnknownShare",
    "Whole",
    "refuse_nan",
]


def refuse_nan(value: float | None) -> float | None:
    """The number that was given; "nan" passes every range, and is a usage error."""
    if value is not None and math.isnan(value):
        raise typer.BadParameter("nan is no number to go by")
    return value


def _or_stdout(path: str | None) -> str | None:
    return None if path == "-" else path


Inputs = Annotated[
    list[str],
    typer.Argument(
        metavar="DUMPS",
        help="Files, folders, globs, s3://…, or - for stdin. Text, JSONL, HTML, WARC, WET; .gz .zst .bz2 .xz.",
        show_default=False,
    ),
]
ModelName = Annotated[
    str | None,
    typer.Option("--model", "-m", help="A model's name, version (name@…) or folder.", show_default="default"),
]
Format = Annotated[
    str | None,
    typer.Option(
        "--format",
        "-f",
        help="jsonl, csv, parquet, md or html.",
        show_default="a table on a terminal, else jsonl",
    ),
]
Target = Annotated[
    str | None,
    typer.Option(
        "--output",
        "-o",
        help="A file (its suffix tells the format), or a folder for a run: a path, or an address such as s3://…; or - "
        "for stdout.",
        metavar="PATH",
        callback=_or_stdout,
        show_default="stdout",
    ),
]
TextField = Annotated[str, typer.Option(help="The field of a JSONL record that holds the text.")]
Whole = Annotated[bool, typer.Option("--whole", help="Take every input record as one segment already.")]
Clean = Annotated[bool, typer.Option("--clean", help='Add "body": the text without furniture.')]
Encoding = Annotated[str | None, typer.Option(help="Force an encoding.", show_default="told from the bytes")]
Strict = Annotated[bool, typer.Option("--strict", help="Stop at the first input that cannot be read.")]
Jobs = Annotated[
    int | None,
    typer.Option("--jobs", "-j", min=1, help="Worker processes.", show_default="one a processor, for much text"),
]
Backend = Annotated[
    str,
    typer.Option(help="Where a run's work is done: joblib (here), or dask or ray (your cluster).", metavar="NAME"),
]
Scheduler = Annotated[
    str | None,
    typer.Option(help="Address of the Dask scheduler.", metavar="ADDRESS", show_default=False),
]
Address = Annotated[
    str | None,
    typer.Option(help="Address of the Ray cluster, or auto.", metavar="ADDRESS", show_default=False),
]
Boundaries = Annotated[
    float | None,
    typer.Option(
        min=0.01,
        max=0.99,
        callback=refuse_nan,
        help="Probability at which a segment starts: lower for more segments, higher for fewer.",
        metavar="P",
        show_default="the model's",
    ),
]
Labels = Annotated[
    Path | None,
    typer.Option(
        "--labels",
        help="Folder of label files whose boundary decisions hold.",
        show_default="labels/ if it is there",
    ),
]
NoLabels = Annotated[bool, typer.Option("--no-labels", help="Cut as the model does, whatever people decided.")]
Explain = Annotated[
    bool, typer.Option("--explain", help="Say why each segment starts where it does, and not what it holds.")
]
Others = Annotated[
    int,
    typer.Option(
        "--others", min=0, metavar="N", help="With --explain: also the N likeliest places a dump where none starts."
    ),
]
UNKNOWN_SHARE = 0.1
MinPrecision = Annotated[
    float | None,
    typer.Option(
        "--min-precision",
        min=0.01,
        max=0.999,
        callback=refuse_nan,
        metavar="P",
        help="Give a topic only where as many of those given are right; the rest is unknown.",
        show_default="the model's threshold",
    ),
]
UnknownShare = Annotated[
    float | None,
    typer.Option(
        "--unknown-share",
        min=0.0,
        max=0.99,
        callback=refuse_nan,
        metavar="P",
        help="With --min-precision: how many of the pieces you expect to fit no topic.",
        show_default=str(UNKNOWN_SHARE),
    ),
]
