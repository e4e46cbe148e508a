"""Engines: results come in order; on real clusters of this machine a killed worker costs nothing, and the bytes of a
run are those of one process."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from topics.cli import app
from topics.engines import Engine, EngineError, choose_engine
from topics.engines.local import JoblibEngine, suggest_jobs

ROOT = Path(__file__).resolve().parent.parent
TRIES = 600


def square(x: int) -> int:
    return x * x


def fail_at(x: int, bad: int) -> int:
    if x == bad:
        raise ValueError(f"no {x}")
    return x


def die_once(x: int, folder: str, at: int) -> int:
    """The process ends as if the system had killed it, the first time that it has ``at``."""
    mark = Path(folder, "died")
    if x == at and not mark.exists():
        mark.touch()
        os.kill(os.getpid(), signal.SIGKILL)
    return x


def wait_until(check: Any, seconds: float = 120) -> None:
    deadline = time.monotonic() + seconds
    while not check():
        assert time.monotonic() < deadline
        time.sleep(0.05)


@pytest.fixture(scope="module")
def dask_address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A scheduler and two workers, each a process, as a user would start them."""
    pytest.importorskip("distributed")
    folder = tmp_path_factory.mktemp("dask")
    file = folder / "scheduler.json"
    where = {"cwd": folder, "stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL, "env": cluster_environment()}
    start = [sys.executable, "-m", "distributed.cli"]
    scheduler = subprocess.Popen(
        [*start[:2], "distributed.cli.dask_scheduler", "--port", "0", "--host", "127.0.0.1", "--no-dashboard",
         "--scheduler-file", str(file)], **where,
    )  # fmt: skip
    workers = []
    try:
        wait_until(file.exists)
        workers = [
            subprocess.Popen(
                [*start[:2], "distributed.cli.dask_worker", "--scheduler-file", str(file), "--nthreads", "1",
                 "--no-dashboard", "--host", "127.0.0.1", "--local-directory", str(folder)], **where,
            )
            for _ in range(2)
        ]  # fmt: skip
        import json

        yield str(json.loads(file.read_text())["address"])
    finally:
        for process in (*workers, scheduler):
            process.terminate()
        for process in (*workers, scheduler):
            process.wait(30)


@pytest.fixture(scope="module")
def ray_address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A head node with two processors, in the background, as a user would start it."""
    ray = pytest.importorskip("ray")
    folder = tmp_path_factory.mktemp("ray")
    context = ray.init(
        num_cpus=2, include_dashboard=False, log_to_driver=False, logging_level="ERROR", object_store_memory=10**8,
        _temp_dir=str(folder) if len(str(folder)) < 40 else None,
        runtime_env={"env_vars": {"PYTHONPATH": cluster_environment()["PYTHONPATH"]}},
    )  # fmt: skip
    try:
        yield str(context.address_info["gcs_address"])
    finally:
        ray.shutdown()


def cluster_environment() -> dict[str, str]:
    """Workers import this module's functions and nothing else that is ours in particular."""
    paths = [str(ROOT), str(Path(__file__).parent)]
    return {**os.environ, "PYTHONPATH": os.pathsep.join(paths), "OMP_NUM_THREADS": "1"}


@pytest.fixture(params=["joblib", "dask", "ray"])
def engine(request: pytest.FixtureRequest) -> Engine:
    if request.param == "joblib":
        return choose_engine("joblib", jobs=2)
    return choose_engine(request.param, address=request.getfixturevalue(f"{request.param}_address"))


def test_results_come_in_the_order_of_the_items(engine: Engine) -> None:
    assert list(engine(square, range(50))) == [x * x for x in range(50)]
    assert list(engine(square, [])) == []


def test_an_error_of_the_work_comes_through(engine: Engine) -> None:
    with pytest.raises(ValueError, match="no 3"):
        list(engine(partial(fail_at, bad=3), range(8)))


def test_what_a_dead_worker_had_is_done_again(engine: Engine, tmp_path: Path) -> None:
    call = partial(die_once, folder=str(tmp_path), at=7)
    assert list(engine(call, range(20))) == list(range(20))
    assert (tmp_path / "died").exists()


def test_what_can_be_read_only_once_outlives_a_dead_worker(tmp_path: Path) -> None:
    call = partial(die_once, folder=str(tmp_path), at=7)
    assert list(choose_engine("joblib", jobs=2)(call, iter(range(20)))) == list(range(20))
    assert (tmp_path / "died").exists()


def test_who_takes_results_slowly_has_the_others_wait(tmp_path: Path) -> None:
    drawn: list[int] = []
    ahead: list[int] = []
    items = (drawn.append(x) or x for x in range(60))
    call = partial(die_once, folder=str(tmp_path), at=33)
    for result in JoblibEngine(2, most_ahead=4)(call, items):
        if result in (0, 20, 40):
            time.sleep(0.5)
        assert result == len(ahead)
        ahead.append(len(drawn) - result)
    assert len(ahead) == 60 and max(ahead) <= 9  # the one that was taken, and eight
    assert (tmp_path / "died").exists()


def test_results_need_not_all_be_taken(recwarn: pytest.WarningsRecorder) -> None:
    results = choose_engine("joblib", jobs=2)(square, range(200))
    assert [next(results), next(results)] == [0, 1]
    results.close()
    assert not recwarn.list


def whoami(folder: str, dies: bool = False) -> int:
    if dies:
        die_once(0, folder, 0)
    Path(folder, f"ready-{os.getpid()}").touch()
    return os.getpid()


def test_processes_prepare_themselves_before_their_first_item(tmp_path: Path) -> None:
    engine = choose_engine("joblib", jobs=2, prepare=partial(whoami, str(tmp_path)))
    assert isinstance(engine, JoblibEngine)
    prepared = engine.prepared()
    assert len(prepared) == 2
    assert os.getpid() not in prepared
    assert engine.prepared() == prepared, "once is enough"
    assert list(engine(square, range(6))) == [x * x for x in range(6)]
    assert {int(path.name.removeprefix("ready-")) for path in tmp_path.iterdir()} >= set(prepared)


def test_a_process_that_dies_while_it_prepares_is_started_again(tmp_path: Path) -> None:
    engine = choose_engine("joblib", jobs=2, prepare=partial(whoami, str(tmp_path), dies=True))
    assert list(engine(square, range(5))) == [0, 1, 4, 9, 16]
    assert (tmp_path / "died").exists()


def test_what_goes_wrong_while_processes_prepare_is_raised() -> None:
    engine = choose_engine("joblib", jobs=2, prepare=partial(fail_at, 3, bad=3))
    with pytest.raises(ValueError, match="no 3"):
        list(engine(square, range(5)))
    assert list(choose_engine("joblib", jobs=2)(square, range(3))) == [0, 1, 4], "and the next engine works"


def interrupt_and_answer(x: int) -> int:
    os.kill(os.getpid(), signal.SIGINT)
    return x


def test_processes_are_deaf_to_an_interrupt() -> None:
    engine = choose_engine("joblib", jobs=2, prepare=partial(interrupt_and_answer, 1))
    assert isinstance(engine, JoblibEngine)
    assert engine.prepared() == [1, 1]


def test_an_interrupt_while_processes_start_is_acted_on_when_they_are_there(monkeypatch: pytest.MonkeyPatch) -> None:
    import joblib

    started: list[Any] = []

    class Interrupted(joblib.Parallel):  # type: ignore[misc]
        def __call__(self, calls: Any) -> Any:
            signal.raise_signal(signal.SIGINT)
            started.append(super().__call__(calls))
            return started[0]

    monkeypatch.setattr(joblib, "Parallel", Interrupted)
    with pytest.raises(KeyboardInterrupt):
        choose_engine("joblib", jobs=2, prepare=partial(interrupt_and_answer, 1))
    assert list(started[0]) == [1, 1]
    assert signal.pthread_sigmask(signal.SIG_BLOCK, []) == set()


def test_processes_are_started_for_what_they_can_share(monkeypatch: pytest.MonkeyPatch) -> None:
    mega = 1_000_000
    monkeypatch.setattr("joblib.cpu_count", lambda: 4)
    assert suggest_jobs([]) == suggest_jobs([15 * mega]) == suggest_jobs([mega] * 15) == 1
    assert suggest_jobs([mega] * 16) == 2
    assert suggest_jobs([mega] * 500) == 4
    assert suggest_jobs([200 * mega, *[mega] * 30]) == 1, "one of them has nearly all of it"
    assert suggest_jobs([100 * mega] * 3) == 3
    assert suggest_jobs([mega], n_dividable=100 * mega) == 4
    monkeypatch.setattr("joblib.cpu_count", lambda: 64)
    assert suggest_jobs([mega] * 5000) == 8, "memory is not free"


@pytest.mark.parametrize("backend", ["joblib", "dask", "ray"])
def test_a_run_whose_worker_is_killed_has_the_bytes_of_one_process(
    backend: str, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    wire = (ROOT / "seeds" / "harbour-wire.txt").read_text("utf-8")
    (tmp_path / "dumps").mkdir()
    for n in range(60):
        (tmp_path / "dumps" / f"{n:02}.txt").write_text(f"Wire number {n}\n\n{wire}" * 2, "utf-8")
    words = [sys.executable, "-m", "topics", "classify", str(tmp_path / "dumps"), "--output"]
    subprocess.run([*words, str(tmp_path / "one")], cwd=ROOT, check=True, capture_output=True)
    more = ["--jobs", "2"]
    if backend != "joblib":
        option = {"dask": "--scheduler", "ray": "--address"}[backend]
        more = ["--backend", backend, option, request.getfixturevalue(f"{backend}_address")]
    process = subprocess.Popen([*words, str(tmp_path / "many"), *more], cwd=ROOT, stderr=subprocess.PIPE)
    wait_until(lambda: process.poll() is not None or list(tmp_path.glob("many/shards/.topics-tmp*")))
    victims = find_writers(tmp_path / "many")
    for victim in victims[:1]:
        os.kill(victim, signal.SIGKILL)
    _, err = process.communicate(timeout=300)
    assert (process.returncode, err.decode().count("\n")) == (0, 1), err.decode()
    assert victims, "nobody was seen at work"
    assert files_below(tmp_path / "many") == files_below(tmp_path / "one")


def find_writers(folder: Path) -> list[int]:
    """Processes other than the one that was started that hold a file in the run open for writing."""
    found: list[int] = []

    def look() -> bool:
        for links in Path("/proc").glob("[0-9]*/fd"):
            try:
                held = [os.readlink(link) for link in links.iterdir()]
            except OSError:
                continue
            if any(name.startswith(str(folder / "shards")) for name in held):
                found.append(int(links.parent.name))
        return bool(found) or (folder / "manifest.json").exists()

    wait_until(look)
    return found


def files_below(folder: Path) -> dict[str, bytes]:
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


@pytest.mark.parametrize(("backend", "address"), [("dask", "tcp://127.0.0.1:9"), ("dask", "nonsense://x")])
def test_a_cluster_that_does_not_answer_is_one_line(
    backend: str, address: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("distributed")
    monkeypatch.setattr(f"topics.engines.{backend}.WAIT_SECONDS", 1)
    with pytest.raises(EngineError, match=f"no (Dask|Ray).* answers at {address}") as caught:
        list(choose_engine(backend, address=address)(square, [1]))
    assert "\n" not in str(caught.value)


def test_a_ray_cluster_that_does_not_answer_is_one_line(tmp_path: Path) -> None:
    pytest.importorskip("ray")
    wire = ROOT / "seeds" / "harbour-wire.txt"
    words = ["classify", wire, "--output", tmp_path / "run", "--backend", "ray", "--address", "127.0.0.1:9"]
    done = subprocess.run([sys.executable, "-m", "topics", *map(str, words)], cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 1
    assert done.stderr.startswith("topics: no Ray cluster answers at 127.0.0.1:9 (") and done.stderr.count("\n") == 1
    assert not (tmp_path / "run").exists()


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--backend", "spark", "--output", "run"], "unknown; known are joblib, dask, ray"),
        (["--backend", "dask", "--output", "run"], "needs --scheduler"),
        (["--scheduler", "tcp://x:1", "--output", "run"], "goes with --backend dask"),
        (["--backend", "ray", "--address", "x:1"], "goes with --output FOLDER"),
        (["--backend", "ray", "--address", "x:1", "--output", "run", "--jobs", "2"], "has the workers that it has"),
        (["-", "--backend", "ray", "--address", "x:1", "--output", "run"], "cannot go to a cluster"),
    ],
)
def test_what_does_not_go_together_is_a_usage_error(
    words: list[str], said: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    inputs = [] if words[0] == "-" else [str(ROOT / "seeds" / "harbour-wire.txt")]
    done = CliRunner().invoke(app, ["classify", *inputs, *words])
    assert done.exit_code == 2
    assert said in " ".join(done.stderr.split())
    assert not any(tmp_path.iterdir())
