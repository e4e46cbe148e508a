"""Train, save as a version, measure both models, promote: what ``topics train`` and the review page's button do."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Unpack

from topics.errors import BundleError
from topics.retraining.curve import draw_curve
from topics.retraining.held_out import HeldOut, find_held_out, judge_held_out
from topics.retraining.judging import JudgedPiece, judge_pieces
from topics.retraining.known import find_known
from topics.retraining.paired import Compared, Pair, compare_pairs, compare_sums, compare_topics
from topics.retraining.places import NONE, STARTS, PlacesJudged, judge_places
from topics.retraining.verdict import ScoreBand, Verdict

if TYPE_CHECKING:
    from topics.bundle import Model
    from topics.training import Learned, LearnOptions

__all__ = ["VERDICT", "Progress", "retrain"]

VERDICT = "verdict.json"  # beside a version, not part of it
BANDS = ((0.9, 1.0), (0.7, 0.9), (0.5, 0.7), (0.0, 0.5))
FEW, MANY = 20, 80  # labels of a topic
Progress = Callable[[str, float], None]  # what is being done, and the share that is done, 0 to 1


def retrain(
    labels: Path | str = Path("labels"),
    folder: Path | str = Path("models/default"),
    *,
    held_out: Sequence[Path] = (),
    quick: bool = False,
    promote: bool | None = None,
    progress: Progress = lambda message, done: None,
    **options: Unpack[LearnOptions],
) -> Verdict:
    """Train on all labels, save the model as a version in ``folder``, compare it with the one in use, and promote it.

    ``promote`` says whether the new version takes over: by default unless it got worse, ``True`` in any case,
    ``False`` never. ``held_out`` are gold files of dumps that teach nothing, by default those in
    ``labels/held_out/``. ``quick`` leaves out the figures that take a minute and more: boundary decisions out of fold,
    and the learning curve. The other options are those of :func:`topics.training.train`.
    """
    from topics.bundle import check_place, save_version
    from topics.training import learn, write_card
    from topics.versions import promote as promote_version
    from topics.writers.atomic import write_text

    labels, folder = Path(labels), Path(folder)
    check_place(folder, versioned=True)
    progress("reading labels", 0.0)
    learned = learn(labels, **options, on_progress=lambda message: progress(message, 0.1))
    old, own = _find_old(folder, options.get("base"))
    progress("saving", 0.5)
    path = save_version(
        folder,
        learned.segmentation,
        learned.fitted.model,
        learned.vectors,
        name=folder.name,
        about=learned.about,
        card=write_card(folder.name, learned.taxonomy, learned.about),
        learned=learned.provenance,
    )
    verdict = Verdict(
        before=old.id,
        after=f"{folder.name}@{path.name}",
        path=path,
        n_labels=len(learned.examples),
        own=own,
        taught=folder in (old.path, old.path.parent) and bool(old.manifest.get("trained_on", {}).get("pieces")),
        metrics=learned.about["metrics"],
        refined=learned.about["segmentation"].get("refined"),
        problems=learned.problems,
    )
    if old.version == path.name:
        return replace(verdict, before=verdict.after, promoted=own)
    verdict = _measure(verdict, learned, old, list(held_out) or find_held_out(labels), quick, progress)
    if promote or (promote is None and verdict.may_be_promoted):
        promote_version(path)
        verdict = replace(verdict, promoted=True)
    write_text(path / VERDICT, json.dumps(verdict.to_dict(), ensure_ascii=False, indent=1) + "\n")
    progress("done", 1.0)
    return verdict


def _find_old(folder: Path, base: str | None) -> tuple[Model, bool]:
    """The model to compare with, and whether it is the one in use under this name."""
    from topics.bundle import load_model
    from topics.shelf import roots

    try:
        return load_model(folder), True
    except BundleError:
        pass
    if any(folder.parent.is_dir() and root.is_dir() and root.samefile(folder.parent) for _, root in roots()) or (
        folder.parent == Path("models")
    ):
        try:  # not in this folder; but the name may mean one further down
            return load_model(folder.name), True
        except BundleError:
            pass
    return load_model(base), False


def _measure(
    verdict: Verdict, learned: Learned, old: Model, gold: Sequence[Path], quick: bool, progress: Progress
) -> Verdict:
    from topics.labels.store import find_label_files

    old = old.respell(learned.taxonomy.spell)
    known = find_known(old, find_label_files(learned.labels))
    slugs = learned.taxonomy.slugs
    progress("judging labelled pieces", 0.55)
    judging = judge_pieces(learned, old, known)
    notes = list(judging.notes)
    is_stranger = not set(slugs) & set(old.topics.slugs)
    if is_stranger:
        notes.append(f"{old.id} knows none of these topics")
    if is_stranger and not judging.refitted:
        judging = replace(judging, pieces=())
    pairs = [piece.pair for piece in judging.pieces]
    progress("judging held-out dumps", 0.7)
    held = judge_held_out(gold, learned, old, _as_model(learned, verdict.path), known) if gold else HeldOut()
    if is_stranger:
        held = replace(held, pairs=())
    places = PlacesJudged()
    if not quick:
        places = judge_places(learned, old, known, lambda message: progress(message, 0.75))
        progress("drawing the learning curve", 0.9)
    notes += [*held.notes, *places.notes]
    figures = {
        "labels": compare_pairs(pairs, slugs),
        "held out": _compare_held_out(held, slugs),
        "boundary decisions": _compare_places(places.pairs),
    }
    return replace(
        verdict,
        figures={where: found for where, found in figures.items() if found},
        topics=compare_topics(pairs, slugs) if pairs else (),
        tiers=_compare_tiers(judging.pieces, slugs),
        bands=_count_bands(pairs),
        curve=() if quick else draw_curve(learned),
        notes=tuple(notes),
    )


def _as_model(learned: Learned, path: Path) -> Model:
    from topics.bundle import Model

    return Model(path.parent.name, path.name, path, learned.segmentation, learned.fitted.model, learned.about)


def _compare_held_out(held: HeldOut, slugs: Sequence[str]) -> tuple[Compared, ...]:
    import numpy as np

    found = list(compare_pairs(held.pairs, slugs))
    if held.boundaries:
        names = [name for name, _, _ in held.boundaries]
        for figure, hits in (("boundary F1", "n_hits"), ("boundary F1 in the lead", "n_hits_lenient")):
            before, after = (
                np.array([[getattr(s, hits), s.n_true, s.n_found] for s in side], float)
                for side in zip(*((b, a) for _, b, a in held.boundaries), strict=True)
            )
            compared = compare_sums(figure, before, after, names, _f1)
            found.append(replace(compared, n=int(before[:, 1].sum())))
    return tuple(found)


def _f1(sums: Any) -> Any:
    import numpy as np

    return 2 * sums[..., 0] / np.maximum(sums[..., 1] + sums[..., 2], 1)


def _compare_places(pairs: Sequence[Pair]) -> tuple[Compared, ...]:
    found = {compared.name: compared for compared in compare_pairs(pairs, (STARTS, NONE))}
    if not found:
        return ()
    return replace(found["accuracy"], name="kept by itself"), found["Brier"]


def _compare_tiers(pieces: Sequence[JudgedPiece], slugs: Sequence[str]) -> dict[str, tuple[Compared, ...]]:
    """Accuracy on parts of the pieces, each kind of part that has two and more."""
    n_labels = {slug: sum(piece.decision.topic == slug for piece in pieces) for slug in slugs}

    def size(piece: JudgedPiece) -> str:
        n = n_labels.get(piece.decision.topic or "", 0)
        return f"under {FEW}" if n < FEW else f"{FEW} to {MANY - 1}" if n < MANY else f"{MANY} and more"

    confidence = {"h": "high", "m": "medium", "l": "low", None: "not said"}
    kinds: dict[str, Callable[[JudgedPiece], str]] = {
        "label": lambda piece: piece.status,
        "confidence of the label": lambda piece: confidence[piece.decision.confidence],
        "labels of the topic": size,
        "kind": lambda piece: piece.decision.kind,
    }
    tiers = {}
    for kind, part_of in kinds.items():
        parts: dict[str, list[Pair]] = {}
        for piece in pieces:
            parts.setdefault(part_of(piece), []).append(piece.pair)
        if len(parts) > 1:
            tiers[kind] = tuple(
                replace(compare_pairs(parts[name], slugs)[0], name=name) for name in sorted(parts, key=_order)
            )
    return tiers


def _order(name: str) -> tuple[int, str]:
    known = ("under", f"{FEW} to", f"{MANY} and", "high", "medium", "low", "not said", "labelled before")
    return next((k for k, start in enumerate(known) if name.startswith(start)), len(known)), name


def _count_bands(pairs: Sequence[Pair]) -> tuple[ScoreBand, ...]:
    def count(side: Sequence[Any], low: float, high: float) -> tuple[int, float, float]:
        inside = [j for j in side if j.score is not None and (low <= j.score < high or j.score == high == 1.0)]
        n = len(inside)
        right = sum(j.guess == j.topic for j in inside)
        return n, sum(j.score for j in inside) / n if n else 0.0, right / n if n else 0.0

    if not pairs:
        return ()
    before, after = [pair.before for pair in pairs], [pair.after for pair in pairs]
    return tuple(ScoreBand(low, high, *count(before, low, high), *count(after, low, high)) for low, high in BANDS)
