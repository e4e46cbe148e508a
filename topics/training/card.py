"""The model card: what a model was learned from and what it is worth, as Markdown."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from topics.training.refining import spell_refined

if TYPE_CHECKING:
    from topics.labels.taxonomy import Taxonomy

__all__ = ["write_card"]


def write_card(name: str, taxonomy: Taxonomy, about: Mapping[str, Any]) -> str:
    """The model card as Markdown."""
    topics, boundaries = about["metrics"]["topics"], about["metrics"]["segmentation"]
    lines = [
        f"# Model `{name}`",
        "",
        "Splits news dumps into pieces and tags each with one of "
        f"{len(taxonomy.topics)} topics: TF-IDF and one linear layer; boundaries by a small network over paragraphs.",
        "",
        "## Topics",
        "",
        *_card_source(about),
        *(_card_figures(topics) if topics["n"] else ()),
        "## Boundaries",
        "",
    ]
    source = about["segmentation"]
    if "mixed_dumps" in source:
        measured = "Measured on outlets kept out of all training." if boundaries else "Not measured: none was kept out."
        lines += [
            f"Learned from dumps mixed from {source['articles']:,} articles of {source['outlets']} outlets and "
            f"{source['pages']} pages: {source['mixed_dumps']:,} of each mix for each generation. {measured}",
            "",
        ]
    else:
        lines += ["Taken over from another model without figures.", ""]
    if boundaries:
        lines += [
            "| style | F1 | F1, start anywhere in the lead | boundaries |",
            "|---|---|---|---|",
            *(
                f"| {style} | {row['f1']:.3f} | {row['f1_lenient']:.3f} | {row['n']} |"
                for style, row in boundaries.items()
            ),
            "",
        ]
    refined = source.get("refined")
    if refined:
        lines += [
            f"Refined from `{refined['base']}` by {spell_refined(refined)}. Figures above are of that model: what "
            "refining gives and costs is in docs/segmentation.md.",
            "",
        ]
    return "\n".join(lines)


def _card_source(about: Mapping[str, Any]) -> list[str]:
    """What the topics were learned from, as lines of the card."""
    if not about["trained_on"]["pieces"]:
        return ["Cold start: there was no label, so topics go by their descriptions, and nothing was measured.", ""]
    files = ", ".join(sorted(about["labels"]))
    background = " and background pieces" if about.get("background") else ""
    return [
        f"Fitted on {about['trained_on']['pieces']} labelled pieces from {files}, and the topic descriptions"
        f"{background}. Figures are out of fold, stories kept together.{_card_pool(about)}",
        "",
    ]


def _card_figures(topics: Mapping[str, Any]) -> list[str]:
    """What the topics are worth, as lines of the card."""
    return [
        "| accuracy | primary or secondary | macro-F1 | ECE | Brier |",
        "|---|---|---|---|---|",
        f"| {topics['accuracy']:.3f} | {topics['accuracy_with_secondary']:.3f} | {topics['macro_f1']:.3f} "
        f"| {topics['ece']:.3f} | {topics['brier']:.3f} |",
        "",
        "| topic | F1 | pieces |",
        "|---|---|---|",
        *(f"| {slug} | {row['f1']:.2f} | {row['n']} |" for slug, row in topics["by_topic"].items()),
        "",
        *_card_honesty(topics),
        "Few pieces make a topic's F1 a guess. On years and outlets that no label comes from, expect less.",
        "",
    ]


def _card_pool(about: Mapping[str, Any]) -> str:
    pool = about.get("unlabelled")
    if not pool:
        return ""
    if not pool["pool_share"]:
        share = "guessing their topics did not help out of fold"
    else:
        share = f"{pool['pool_share']:.0%} of the scores were learned by guessing their topics"
    return f" {pool['pieces']:,} unlabelled pieces were read; {share}."


def _card_honesty(topics: Mapping[str, Any]) -> list[str]:
    """Reliability of the scores, and what a precision costs, as lines of the card."""
    from topics.classification.doubt import UNKNOWN_SHARE

    lines = [
        "How often the best guess is right, by its score:",
        "",
        "| score from | mean score | right | pieces |",
        "|---|---|---|---|",
        *(
            f"| {b['low']:.2f} | {b['mean_score']:.2f} | {b['accuracy']:.2f} | {b['n']} |"
            for b in topics["calibration"]["bins"]
            if b["n"]
        ),
        "",
    ]
    if topics["precision"]:
        lines += [
            f"What `--min-precision` costs where {UNKNOWN_SHARE:.0%} of pieces are of no topic (pieces of topics that "
            "were left out of training stand for them):",
            "",
            "| precision | of known pieces given a topic | of unknown pieces given one |",
            "|---|---|---|",
            *(
                f"| {row['precision']:.2f} | {row['known_given']:.0%} | {row['unknown_given']:.0%} |"
                for row in topics["precision"]
            ),
            "",
        ]
    return lines
