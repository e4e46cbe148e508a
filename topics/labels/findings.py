"""What there is to look at in labels: findings with their places, and the report that gathers them.

A *fault* is a label that cannot be used or contradicts another: it is to be mended. A *hint* is worth a look, and may
be right as it is.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from topics.labels.counting import LabelCounts

if TYPE_CHECKING:
    from rich.console import Console

__all__ = ["FINDING_KINDS", "HINT_KINDS", "CheckReport", "Finding"]

HINT_KINDS = (
    "future",  # a date that is to come: nothing that has an earlier one replaces the decision
    "old-words",  # a decision that holds, on a topic that has another slug now
    "unpaired",  # a second reading of a text that has no first
    "second-reading",  # a second reading that differs from the first, and nobody has settled it
    "suspect",  # a label that a model, which has not seen it, holds for wrong
    "drift",  # a topic whose pieces or whose share changed with the dates
)
FINDING_KINDS = (
    "unreadable",  # a line or file that is left out; nothing else is said of it
    "unknown-topic",  # a slug that the taxonomy does not have
    "disagreement",  # two people, one text, two topics
    "near-duplicate",  # two texts that are nearly one, and two topics
    "duplicate",  # one person said the same twice
    "other-text",  # the text in the line is not the one that the digest names
    "wrong-place",  # the span of the dump is not the text that the digest names
    "changed-dump",  # the dump of that name is here with other content
    "retired",  # a boundary stands inside the span, and no part of it is labelled
    "stale",  # a boundary that can bind nowhere
    *HINT_KINDS,
)


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing to look at: ``kind`` is one of :data:`FINDING_KINDS`, ``place`` a file and line.

    ``message`` ends with the next move; ``facts`` are what it says, for a program.
    """

    kind: str
    place: str
    message: str
    facts: Mapping[str, Any] = field(default_factory=dict)

    def __str__(self) -> str:
        return f"{self.place}: {self.message}"

    @property
    def is_fault(self) -> bool:
        """Whether it is to be mended; else it is a hint."""
        return self.kind not in HINT_KINDS

    def to_dict(self) -> dict[str, Any]:
        """Plain values, keys in a fixed order; ``line`` is null for what is wrong with a whole file."""
        file, _, line = self.place.rpartition(":")
        known = line.isdecimal() and file
        return {
            "kind": self.kind,
            "fault": self.is_fault,
            "file": file if known else self.place,
            "line": int(line) if known else None,
            "message": self.message,
            **({"facts": dict(self.facts)} if self.facts else {}),
        }


@dataclass(frozen=True, slots=True)
class CheckReport:
    """The findings, by place in :data:`FINDING_KINDS` and then in the order given, and the counts."""

    findings: tuple[Finding, ...]
    counts: LabelCounts

    @classmethod
    def of(cls, findings: Iterable[Finding], counts: LabelCounts) -> CheckReport:
        """The report of findings in any order."""
        order = {kind: number for number, kind in enumerate(FINDING_KINDS)}
        return cls(tuple(sorted(findings, key=lambda finding: order[finding.kind])), counts)

    def with_more(self, findings: Iterable[Finding]) -> CheckReport:
        """The same report with these findings in it."""
        return replace(self, findings=CheckReport.of((*self.findings, *findings), self.counts).findings)

    @property
    def n_findings(self) -> Mapping[str, int]:
        """Kind to number of findings, without the kinds that have none."""
        found = Counter(finding.kind for finding in self.findings)
        return {kind: found[kind] for kind in FINDING_KINDS if found[kind]}

    @property
    def faults(self) -> Mapping[str, int]:
        """The same of faults alone."""
        return {kind: n for kind, n in self.n_findings.items() if kind not in HINT_KINDS}

    @property
    def ok(self) -> bool:
        """Whether there is nothing to mend."""
        return not self.faults

    def to_dict(self) -> dict[str, Any]:
        """Plain values, keys in a fixed order."""
        return {
            "segments": self.counts.n_segments,
            "ok": self.ok,
            "kinds": dict(self.n_findings),
            "findings": [finding.to_dict() for finding in self.findings],
        }

    def render(self, console: Console) -> None:
        """One line a finding, under its kind, and a line that sums up."""
        kind = None
        for finding in self.findings:
            if finding.kind != kind:
                kind = finding.kind
                hint = "" if finding.is_fault else ", hints"
                console.print(f"{kind} ({self.n_findings[kind]}{hint})", style="bold", markup=False)
            console.print(f"  {finding}", markup=False, highlight=False, soft_wrap=True)
        found = f"{len(self.findings)} to look at" if self.findings else "nothing to look at"
        console.print(f"{self.counts.n_segments} labelled segments, {found}", highlight=False)
