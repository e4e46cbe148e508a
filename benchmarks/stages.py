"""How long segmentation takes, stage by stage, and how many times TextTiling's speed that is.

Texts go in, seconds come out. The stages are called here as ``SegmentationModel.score`` calls them; the first
text is run once beforehand, so that neither compiling nor filling the network's tables is measured.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from statistics import median
from time import perf_counter, process_time

from topics.classification.word_lists import STOP_WORDS
from topics.paragraphs import split_paragraphs
from topics.segmentation import SegmentationModel
from topics.segmentation.analysis import analyse
from topics.segmentation.decode import decode_starts
from topics.segmentation.features import compute_features
from topics.segmentation.furniture import assign_roles
from topics.segmentation.model import stretches
from topics.segmentation.training.measure import find_starts

__all__ = ["STAGES", "compare_speed", "segment_nltk_texttiling", "time_stages"]

STAGES = ("paragraphs", "analysis", "features", "network", "decode")
N_ROUNDS = 3


def time_stages(model: SegmentationModel, texts: Sequence[str]) -> tuple[dict[str, float], int]:
    """CPU seconds by stage over all texts (the median of three rounds), and the number of paragraphs.

    ``features`` are the rows of numbers, ``network`` reads them and the tokens, ``decode`` is the roles of paragraphs
    and the choice of starts.
    """
    _run_stages(model, texts[0])
    rounds = [[_run_stages(model, text) for text in texts] for _ in range(N_ROUNDS)]
    seconds = {stage: median(sum(spent[stage] for spent, _ in timed) for timed in rounds) for stage in STAGES}
    return seconds, sum(n for _, n in rounds[0])


def _run_stages(model: SegmentationModel, text: str) -> tuple[dict[str, float], int]:
    spent = dict.fromkeys(STAGES, 0.0)
    at = process_time()

    def stop(stage: str) -> None:
        nonlocal at
        now = process_time()
        spent[stage] += now - at
        at = now

    paragraphs = split_paragraphs(text, model.punkt)
    stop("paragraphs")
    analysis = analyse(text, paragraphs, model.vocabulary)
    stop("analysis")
    for (start, end), _ in stretches(len(paragraphs)):
        stretch = analysis.stretch(start, end)
        rows = compute_features(stretch, model.vocabulary, model.vectors)
        stop("features")
        model.network.score(stretch, rows)
        stop("network")
    scored = model.score(text)  # what decoding takes; not counted
    at = process_time()
    decode_starts(scored.probabilities, assign_roles(scored).body, scored.threshold)
    stop("decode")
    return spent, len(paragraphs)


def compare_speed(
    model: SegmentationModel, texts: Sequence[str], peer: Callable[[list[str]], list[int]]
) -> tuple[float, float, float]:
    """Characters a second of ours, of the peer, and how many times as fast ours is: medians of three rounds.

    Ours starts from the text; the peer is given the paragraphs, and finding them is not counted against it.
    Each round runs both, one after the other, so that whatever else the machine does falls on both.
    """
    n_characters = sum(map(len, texts))
    paragraphs = [[text[p.start : p.end] for p in split_paragraphs(text, model.punkt)] for text in texts]
    find_starts(texts[0], model)
    ours, theirs = [], []
    for _ in range(N_ROUNDS):
        at = perf_counter()
        for text in texts:
            find_starts(text, model)
        between = perf_counter()
        for of_text in paragraphs:
            peer(of_text)
        ours.append(n_characters / (between - at))
        theirs.append(n_characters / (perf_counter() - between))
    return median(ours), median(theirs), median(a / b for a, b in zip(ours, theirs, strict=True))


def segment_nltk_texttiling(paragraph_texts: list[str]) -> list[int]:
    """nltk's TextTiling as it comes, for its time alone: no starts are given back."""
    from nltk.tokenize.texttiling import TextTilingTokenizer

    tiling = TextTilingTokenizer(stopwords=sorted(STOP_WORDS))
    try:
        tiling.tokenize("\n\n".join(" ".join(text.split()) for text in paragraph_texts))
    except (ValueError, IndexError, ZeroDivisionError):
        pass  # too short for one window
    return []
