"""Imports point one way, and predicting imports no training library."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import pytest

PACKAGE = Path(__file__).resolve().parent.parent / "topics"

# What each part may import from, besides the parts below it in the same line of docs/architecture.md.
BASE = {"errors", "records", "jit", "marks"}
ALLOWED: dict[str, set[str]] = {
    "errors": set(),
    "records": set(),
    "jit": set(),
    "marks": set(),
    "reading": BASE,
    "paragraphs": BASE,
    "evaluation": BASE | {"paragraphs", "evaluation.measure"},
    "evaluation.crossval": BASE | {"evaluation", "examples", "classification", "classification.training"},
    "evaluation.measure": BASE | {"evaluation", "pipeline", "bundle", "labels"},
    "segmentation": BASE | {"paragraphs"},
    "segmentation.training": BASE | {"paragraphs", "segmentation", "evaluation"},
    "classification": BASE,
    "classification.training": BASE | {"classification", "evaluation"},
    "labels": BASE | {"classification", "paragraphs"},
    "starting": BASE,
    "pointer": BASE | {"writers"},
    "shelf": BASE | {"pointer"},
    "bundle": BASE | {"pointer", "shelf", "paragraphs", "segmentation", "classification"},
    "versions": BASE | {"pointer", "shelf", "bundle"},
    "pipeline": BASE | {"bundle", "segmentation", "classification", "labels", "engines"},
    "writers": BASE,
    "unlabelled": BASE | {"reading", "segmentation", "classification"},
    "examples": BASE | {
        "reading", "segmentation", "classification", "classification.training", "labels", "bundle", "evaluation",
    },
    "stored_rows": BASE | {"writers"},
    "storage": BASE | {"writers", "reading"},
    "runs": BASE | {"writers", "stored_rows", "storage", "reading"},
    "engines": BASE,
    "bulk": BASE | {"bundle", "pipeline", "reading", "runs", "writers", "labels", "starting"},
    "report": BASE | {"labels", "bundle", "evaluation", "writers"},
    "discover": BASE | {"classification", "labels", "writers"},
    "training": BASE | {
        "reading", "paragraphs", "segmentation", "segmentation.training", "classification", "classification.training",
        "labels", "bundle", "shelf", "evaluation", "examples", "unlabelled",
    },
    "differences": BASE | {"pipeline", "bundle", "labels"},
    "interchange": BASE | {"labels", "reading", "writers"},
    "retraining": BASE | {
        "training", "labels", "bundle", "shelf", "versions", "pipeline", "classification", "classification.training",
        "segmentation", "evaluation", "writers", "examples",
    },
    "selection": BASE,
    "care": BASE | {
        "selection", "classification", "classification.training", "labels", "bundle", "evaluation", "examples",
    },
    "review": BASE | {
        "reading", "paragraphs", "pipeline", "bundle", "classification", "labels", "writers", "runs", "storage",
        "stored_rows", "selection",
    },
    "__main__": BASE | {"cli"},
    "cli": BASE | {
        "reading", "pipeline", "bundle", "classification", "labels", "writers", "runs",
        "stored_rows", "evaluation", "evaluation.crossval", "training", "bulk", "engines", "care", "report", "discover",
        "jit", "review", "starting", "retraining", "shelf", "versions", "differences", "interchange", "examples",
    },
}  # fmt: skip


def part_of(module: str) -> str:
    """The longest known part that a module below ``topics`` belongs to."""
    names = module.split(".")
    for k in range(len(names), 0, -1):
        if ".".join(names[:k]) in ALLOWED:
            return ".".join(names[:k])
    return names[0]


def own_imports(path: Path) -> set[str]:
    found = set()
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.ImportFrom) and node.module and node.module.startswith("topics."):
            found.add(node.module.removeprefix("topics."))
        elif isinstance(node, ast.Import):
            found.update(a.name.removeprefix("topics.") for a in node.names if a.name.startswith("topics."))
    return found


MODULES = sorted(p for p in PACKAGE.rglob("*.py") if p != PACKAGE / "__init__.py")


@pytest.mark.parametrize("path", MODULES, ids=lambda p: str(p.relative_to(PACKAGE)))
def test_imports_point_one_way(path: Path) -> None:
    module = ".".join(path.relative_to(PACKAGE).with_suffix("").parts).removesuffix(".__init__")
    part = part_of(module)
    for imported in own_imports(path):
        target = part_of(imported)
        same = target == part or (part.startswith(target + ".") and target in ALLOWED[part])
        assert same or target in ALLOWED[part], f"topics.{module} imports topics.{imported}"


def loaded_after(code: str) -> set[str]:
    script = f"{code}\nimport sys; print(' '.join(sorted({{m.split('.')[0] for m in sys.modules}})))"
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True, cwd=PACKAGE.parent
    )
    return set(done.stdout.split())


def test_predicting_imports_neither_sklearn_nor_nltk() -> None:
    loaded = loaded_after(
        "import topics\ntopics.classify(topics.segment('The ferry sailed at noon.\\n\\nNobody saw it.'))"
    )
    assert "numba" in loaded
    assert not loaded & {"sklearn", "nltk", "pandas", "pyarrow", "trafilatura", "datasketch"}


def test_importing_the_package_or_the_command_line_loads_nothing_heavy() -> None:
    loaded = loaded_after("import topics, topics.cli")
    assert not loaded & {
        "numpy",
        "numba",
        "sklearn",
        "nltk",
        "scipy",
        "pyarrow",
        "trafilatura",
        "rich",
        "joblib",
        "fsspec",
        "starlette",
        "uvicorn",
        "jinja2",
        "sqlite3",
    }


def test_help_loads_nothing_that_reads_dumps() -> None:
    script = (
        "import sys\nfrom topics.cli import main\nsys.argv = ['topics', '--help']\n"
        "try: main()\nexcept SystemExit: pass\n"
        "print('reading was loaded' if 'topics.reading' in sys.modules else 'nothing')"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True, cwd=PACKAGE.parent
    )
    assert done.stdout.splitlines()[-1] == "nothing"


def test_a_command_whose_workers_do_the_work_loads_no_kernel(tmp_path: Path) -> None:
    dumps = tmp_path / "dumps"
    dumps.mkdir()
    for name in ("first", "second"):  # which repeats it: duplicates are found and marked too
        (dumps / f"{name}.txt").write_text("The ferry to the island was late again on Monday.\n\nNobody was told.\n")
    words = ["topics", "classify", str(dumps), "--output", str(tmp_path / "run"), "--jobs", "2", "--no-labels"]
    code = f"import sys\nfrom topics.cli import main\nsys.argv = {words!r}\ntry: main()\nexcept SystemExit: pass"
    loaded = loaded_after(code)
    assert "joblib" in loaded
    assert not loaded & {"numba", "llvmlite"}
    shards = (tmp_path / "run" / "shards").iterdir()
    assert any('"duplicate_of": "' in path.read_text("utf-8") for path in shards)
