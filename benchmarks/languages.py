"""How often a language is told rightly: English of the corpora called foreign, and foreign prose of our own told.

    python benchmarks/languages.py [SHARED]

Headlines, single paragraphs and whole articles of seven English corpora, as they stand and in capitals, by ours and by
py3langid alone (all its languages, and only those that ours knows). The foreign texts are those of
tests/language_samples.py: a paragraph and a headline of each language.
"""

from __future__ import annotations

import argparse
import gzip
import json
import random
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

from shared import ROOT, describe_run, new_parser, print_table, run_script, say

from topics.segmentation.language import KNOWN, tell_language

CORPORA = (
    "articles_allsides", "articles_economist2025", "bbc2004", "reuters21578", "news_2025-05-21", "aljazeera_2025-05",
    "agnews_test",
)  # fmt: skip
N_TEXTS = 20_000  # of a kind at most
SEED = 1


def read_english(folder: Path) -> dict[str, list[str]]:
    """Headlines, paragraphs (one an article) and articles, drawn with a fixed seed."""
    rng = random.Random(SEED)
    found: dict[str, list[str]] = {"headlines": [], "paragraphs": [], "articles": []}
    for name in CORPORA:
        with gzip.open(folder / f"{name}.jsonl.gz", "rt", encoding="utf-8") as lines:
            for line in lines:
                record = json.loads(line)
                paragraphs = [part for part in record["text"].split("\n") if part.strip()]
                if record["title"]:
                    found["headlines"].append(record["title"])
                if paragraphs:
                    found["paragraphs"].append(rng.choice(paragraphs))
                    found["articles"].append(record["text"])
    return {kind: rng.sample(texts, min(N_TEXTS, len(texts))) for kind, texts in found.items()}


def list_methods() -> dict[str, Callable[[str], str]]:
    """Ours and the library by itself."""
    from py3langid.langid import MODEL_FILE, LanguageIdentifier

    every, known = LanguageIdentifier.from_model_file(MODEL_FILE), LanguageIdentifier.from_model_file(MODEL_FILE)
    known.set_languages(KNOWN)
    return {
        "topics": tell_language,
        "py3langid": lambda text: str(every.classify(text[:3000])[0]),
        "py3langid, our languages": lambda text: str(known.classify(text[:3000])[0]),
    }


def main(options: argparse.Namespace) -> None:
    """Two tables: false alarms on English, and what is told of other languages."""
    sys.path.insert(0, str(ROOT / "tests"))
    from language_samples import ENGLISH, PROSE, SHORT

    english = read_english(options.shared / "data") | {"names, tables, recipes": list(ENGLISH.values())}
    foreign = {"paragraphs": list(PROSE.items()), "headlines": list(SHORT.items())}
    print(", ".join(f"{key} {value}" for key, value in describe_run().items()))
    methods = list_methods()
    alarms, told = [], []
    for name, tell in methods.items():
        say(name)
        alarms.append(
            [name, *(_share_wrong(tell, texts, "en", f) for texts in english.values() for f in (str, str.upper))]
        )
        row = [name]
        for samples in foreign.values():
            for change in (str, str.upper):
                seen = [(code, tell(change(text))) for code, text in samples]
                row.append(f"{sum(found != 'en' for _, found in seen)} of {len(seen)}")
                row.append(f"{sum(found == code for code, found in seen)} of {len(seen)}")
        told.append(row)
    kinds = [f"{kind}{how}" for kind in english for how in ("", ", capitals")]
    print_table("English called another language", ["method", *kinds], alarms, _count(english))
    kinds = [f"{kind}{how}, {what}" for kind in foreign for how in ("", ", capitals") for what in ("flagged", "named")]
    print_table("Other languages", ["method", *kinds], told)


def _share_wrong(tell: Callable[[str], str], texts: Sequence[str], code: str, change: Callable[[str], str]) -> str:
    return f"{sum(tell(change(text)) != code for text in texts) / len(texts):.2%}"


def _count(english: dict[str, list[str]]) -> str:
    return "Texts: " + ", ".join(f"{len(texts):,} {kind}" for kind, texts in english.items()) + "."


if __name__ == "__main__":
    run_script(main, new_parser(str(__doc__)).parse_args())
