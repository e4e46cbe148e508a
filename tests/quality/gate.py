"""Quality floors: measure the shipped model on the held-out sample dumps, and fail where a figure is under its floor.

    python tests/quality/gate.py                          check
    python tests/quality/gate.py --pin                    write today's figures, less a margin, as the new floors
    python tests/quality/gate.py --pin --allow-regression the same, where one of them would go down

Floors that need the corpora in ../shared are in test_floors.py and run where these are. The floors here stand in
floors.json with the digest of the gold they were measured on. A pin that would lower a floor is refused unless
asked for by name, so that no floor sinks by accident.
"""

from __future__ import annotations

import hashlib
import json
import sys
from pathlib import Path

from topics.bundle import load_model
from topics.evaluation import evaluate
from topics.reading import read_dumps

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent.parent
GOLD, FLOORS = HERE / "held_out.jsonl", HERE / "floors.json"
MARGIN = 0.02  # small changes of the data move a figure by this much; more is a loss


def measure() -> dict[str, float]:
    """The figures that have floors, higher is better (ECE is turned round)."""
    names = {json.loads(line)["name"] for line in GOLD.read_text("utf-8").splitlines()}
    dumps = [dump for dump in read_dumps(str(ROOT / "seeds")) if dump.name in names]
    report = evaluate(dumps, GOLD, load_model(ROOT / "models" / "default"), decided={}).to_dict()
    return figures(report)


def figures(report: dict) -> dict[str, float]:
    gold, end = report["topics"], report["end_to_end"]
    return {
        "boundary_f1": report["boundaries"]["exact"]["f1"],
        "boundary_f1_lenient": report["boundaries"]["lenient"]["f1"],
        "gold_accuracy": gold["accuracy"],
        "gold_accuracy_with_secondary": gold["accuracy_with_secondary"],
        "body_share": end["body_share"],
        "line_share": end["line_share"],
        "furniture_f1": report["furniture"]["f1"],
        "honesty": 1.0 - gold["calibration"]["ece"],
    }


def main(arguments: list[str]) -> int:
    digest = hashlib.sha256(GOLD.read_bytes()).hexdigest()
    found = measure()
    pinned = json.loads(FLOORS.read_text("utf-8")) if FLOORS.exists() else {"gold": digest, "floors": {}}
    floors: dict[str, float] = pinned["floors"]
    if "--pin" in arguments:
        new = {name: round(value - MARGIN, 3) for name, value in found.items()}
        lower = [name for name, floor in floors.items() if new.get(name, 0.0) < floor]
        if lower and "--allow-regression" not in arguments:
            print(f"floors.json: pinning would lower {', '.join(lower)}. Improve the model, or add --allow-regression.")
            return 1
        FLOORS.write_text(json.dumps({"gold": digest, "floors": new}, indent=1) + "\n", "utf-8")
        floors, pinned = new, {"gold": digest}
    if pinned["gold"] != digest:
        print("floors.json: pinned on other gold than held_out.jsonl. Look at what changed, then run with --pin.")
        return 1
    failed = False
    print(f"{'figure':32} {'floor':>7} {'found':>7}")
    for name, floor in floors.items():
        value = found.get(name, 0.0)
        failed |= value < floor
        print(f"{name:32} {floor:7.3f} {value:7.3f}{'  UNDER ITS FLOOR' if value < floor else ''}")
    if not floors:
        print("floors.json: no floors. Run with --pin.")
        failed = True
    return int(failed)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
