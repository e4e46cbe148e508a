"""The five styles of dumps that figures are measured on, mixed from outlets that training never sees.

t1 headlines and blank lines; t2 one paragraph a line, no headlines, blurbs; t3 the same with every article on
one topic; t4 page lines with their furniture; t5 no line breaks. Fixed seeds: the same corpora give the same
dumps.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from typing import Final

from topics.segmentation.training.corpora import Corpora
from topics.segmentation.training.mixes import Neighbours
from topics.segmentation.training.mixing import Mixer, Style
from topics.segmentation.training.pieces import MixedDump

__all__ = ["STYLES", "build_dumps", "styles_of"]

_ANY: Final[tuple[Neighbours, ...]] = ("random", "category", "nearest")
STYLES: Final = ("t1", "t2", "t3", "t4", "t5")
_PAGES: Final = "t4"  # the style that needs pages


def styles_of(corpora: Corpora) -> tuple[str, ...]:
    """The styles that there is matter for."""
    if not corpora.articles:
        return ()
    return tuple(style for style in STYLES if corpora.pages or style != _PAGES)


def build_dumps(
    corpora: Corpora, style: str, n_dumps: int = 24, seed: int = 77, *, evenly: bool = False
) -> Iterator[MixedDump]:
    """``n_dumps`` dumps of one style from one part of the corpora (``corpora.part("test")``); ``evenly``: no few large
    outlets make most of them."""
    mixer = Mixer(corpora, evenly=evenly)
    rng = random.Random(f"{style}:{seed}")
    for k in range(n_dumps):
        if style == "t1":
            neighbours: Neighbours = "category" if k % 2 else "random"
            yield mixer.render(rng, Style(rng.randint(6, 16), neighbours, titled=1.0, joint="\n\n"))
        elif style == "t2":
            yield mixer.render(rng, Style(rng.randint(8, 18), "random", blurbs=0.3))
        elif style == "t3":
            # one topic: by the category that the source gives, or, harder, nearest neighbours of one article
            neighbours = "nearest" if k % 2 else "category"
            furnished = float(k % 3 == 0)
            yield mixer.render(rng, Style(rng.randint(6, 14), neighbours, furnished=furnished, blurbs=0.1))
        elif style == _PAGES:
            yield mixer.render_pages(rng, rng.randint(5, 9))
        else:
            titled = rng.choice((0.0, 0.0, 1.0))
            neighbours = rng.choice(_ANY)
            blurbs = rng.choice((0.0, 0.15, 0.3))
            flat = Style(rng.randint(4, 16), neighbours, titled, blurbs=blurbs, joint=" ", flat=True, flats=0.25)
            yield mixer.render(rng, flat)
