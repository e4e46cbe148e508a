"""Evidence in, sections out: whether the scores can be believed, and which topics are taken for which."""

from __future__ import annotations

from collections import Counter

from topics.evaluation.classes import score_classes
from topics.report.blocks import Section, Table, count, percent
from topics.report.charts import draw_grid, draw_reliability
from topics.report.evidence import MIN_JUDGED, Evidence
from topics.report.judged import JudgedRun

__all__ = ["describe_confusion", "describe_reliability", "weigh_run"]

MOST_NAMES = 26
MOST_CONFUSIONS = 20
NONE_FITS, UNDECIDED = "none fits", "unknown"
NO_CARD = (
    "The model that made this run is not found here, or its card has no out-of-fold table (models trained by an older "
    "version have none; `topics train` writes it)."
)


def weigh_run(judged: JudgedRun | None) -> tuple[Evidence | None, str]:
    """What the labels on a run say of the model, where they are enough, and a sentence on them."""
    n_stale = judged.n_stale if judged is not None else 0
    are = "is" if n_stale == 1 else "are"
    stale = f"{count(n_stale, 'label')} {are} stale: the text is cut otherwise in this run." if n_stale else ""
    if judged is None or not judged.n:
        return None, " ".join(filter(None, ("No segment of this run has a label.", stale)))
    seen = (
        f"{count(judged.n_seen, 'labelled segment')} of this run taught the model, or nearly repeat such a one, and "
        "say nothing about how good it is."
        if judged.n_seen
        else ""
    )
    seen = " ".join(filter(None, (seen, stale)))
    n = len(judged.unseen)
    if n < MIN_JUDGED:
        few = f"{count(n, 'other labelled segment')} of this run {'is' if n == 1 else 'are'} too few to go by"
        return None, " ".join(filter(None, (seen, f"{few} ({MIN_JUDGED} are wanted)." if n else "")))
    scores = score_classes(judged.unseen)
    return Evidence(scores, f"{count(n, 'labelled segment')} of this run that the model has not learned from"), seen


def describe_reliability(card: Evidence | None, run: Evidence | None, about_run: str) -> Section:
    """Whether guesses of 80% are right in 80 of 100 cases."""
    title = "Can the scores be believed?"
    lines = [
        (name, evidence.scores.calibration)
        for name, evidence in (("out of fold", card), ("labels on this run", run))
        if evidence is not None and evidence.scores.calibration.n
    ]
    if not lines:
        return Section("reliability", title, (f"There is nothing to judge the scores by. {NO_CARD}", about_run))
    calibration = lines[-1][1]
    lean = sum(b.n_right - b.score_sum for b in calibration.bins) / calibration.n
    manner = (
        "about as often as they say" if abs(lean) < 0.02 else "more often than they say" if lean > 0 else "less often"
    )
    said = (
        "How often guesses were right, by how sure the model was; on the dashed line scores are honest, hollow dots "
        "are of few guesses. "
        f"Guesses are right {manner}: the mean distance from the line is {calibration.ece:.3f} "
        f"(of perfect scores, on as many pieces, {calibration.ece_by_chance:.3f})."
    )
    words = [said, *(f"Measured on {e.said_of}." for e in (card, run) if e is not None), about_run]
    table = Table(
        ("score", *(f"{name}: {what}" for name, _ in lines for what in ("guesses", "mean score", "right"))),
        tuple(
            (
                f"{each.low:.2f} to {each.high:.2f}",
                *(cell for _, c in lines for cell in _spell_bin(c.bins[k].n, c.bins[k].mean_score, c.bins[k].accuracy)),
            )
            for k, each in enumerate(calibration.bins)
            if any(c.bins[k].n for _, c in lines if len(c.bins) > k)
        ),
    )
    return Section(
        "reliability", title, tuple(filter(None, words)), draw_reliability("reliability", said, lines), table
    )


def describe_confusion(card: Evidence | None, run: Evidence | None) -> Section:
    """Which topics are taken for which, from the run's own labels where they are enough."""
    title = "Which topics are confused?"
    evidence = run or card
    if evidence is None:
        return Section("confusion", title, ("There is nothing to count confusions by either.",))
    scores = evidence.scores
    named: Counter[tuple[str, str]] = Counter()
    for (true, found), n in scores.confusion.items():
        named[true or NONE_FITS, found or UNDECIDED] += n
    totals: Counter[str] = Counter()
    for (true, _), n in named.items():
        totals[true] += n
    wrong = sorted(((pair, n) for pair, n in named.items() if not _agree(pair)), key=lambda item: (-item[1], item[0]))
    said = (
        f"True topics (rows) against what the model says (columns): {percent(scores.accuracy)} of "
        f"{count(scores.n, 'piece')} are on the diagonal"
    )
    said += f"; most often {wrong[0][0][0]} is taken for {wrong[0][0][1]} ({wrong[0][1]:,})." if wrong else "."
    words = (said, f"Counted on {evidence.said_of}.")
    table = Table(
        ("true topic", "taken for", "pieces", "share of the true"),
        tuple((true, found, f"{n:,}", percent(n, totals[true])) for (true, found), n in wrong[:MOST_CONFUSIONS]),
        frozenset((1,)),
        caption=f"The {MOST_CONFUSIONS} commonest" if len(wrong) > MOST_CONFUSIONS else "",
    )
    names = _choose_names(named)
    cells = {(true, found): n / totals[true] for (true, found), n in named.items() if totals[true]}
    marked = {pair: f"{value:.0%}".rstrip("%") for pair, value in cells.items() if value >= 0.1}
    return Section("confusion", title, words, draw_grid("confusion", said, names, cells, marked), table)


def _choose_names(named: Counter[tuple[str, str]]) -> list[str]:
    """The topics with most pieces, by name; what is no topic last."""
    weight: Counter[str] = Counter()
    for (true, found), n in named.items():
        weight[true] += n
        weight[found] += n
    kept = sorted(weight, key=lambda name: (-weight[name], name))[:MOST_NAMES]
    return sorted(kept, key=lambda name: (name in (NONE_FITS, UNDECIDED), name))


def _agree(pair: tuple[str, str]) -> bool:
    return pair[0] == pair[1] or pair == (NONE_FITS, UNDECIDED)


def _spell_bin(n: int, mean_score: float, accuracy: float) -> tuple[str, str, str]:
    return (f"{n:,}", f"{mean_score:.2f}", f"{accuracy:.0%}") if n else ("0", "", "")
