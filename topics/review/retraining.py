"""Training again from the page: one training at a time, in a thread, with a bar to watch and words for what came of it.

What trains is given (:data:`Train`): this module hands it the dumps of the run that boundary decisions speak of, as
files, since boundaries are learned from text and the label files hold none of it; where they hold none of the pieces
either, it hands over the dumps of those too. Without it the page has no button.
"""

from __future__ import annotations

import multiprocessing
import signal
import tempfile
import threading
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from multiprocessing.connection import Connection
from pathlib import Path

from topics.errors import TopicsError
from topics.review.desk import Desk

__all__ = ["Progress", "Retraining", "Standing", "Train", "in_own_process"]

Progress = Callable[[str, float], None]
Train = Callable[[Path, Progress], str]
"""Trains on the label folder and on the dumps in a folder; tells what it does and how far it is, from 0 to 1; returns
in words what came of it, the verdict included. Raises :class:`TopicsError` where it cannot."""


@dataclass(frozen=True, slots=True)
class Standing:
    """Where a training stands: ``state`` is ``idle``, ``running``, ``done`` or ``failed``; ``share`` from 0 to 1."""

    state: str = "idle"
    words: str = ""
    share: float = 0.0


class Retraining:
    """The one training that the page may start."""

    def __init__(self, desk: Desk, train: Train) -> None:
        self._desk = desk
        self._train = train
        self._lock = threading.Lock()
        self.standing = Standing()

    def start(self) -> bool:
        """Begin; ``False`` where one is running already."""
        with self._lock:
            if self.standing.state == "running":
                return False
            self.standing = Standing("running", "starting")
        threading.Thread(target=self._run, name="retraining", daemon=True).start()
        return True

    def _run(self) -> None:
        try:
            with tempfile.TemporaryDirectory(prefix="topics-review-") as scratch:
                write_cut_dumps(self._desk, Path(scratch))
                words = self._train(Path(scratch), self._tell)
            self.standing = Standing("done", words, 1.0)
        except TopicsError as error:
            self.standing = Standing("failed", str(error))
        except BaseException as error:
            self.standing = Standing("failed", f"training broke off ({type(error).__name__}); see the terminal.")
            raise

    def _tell(self, words: str, share: float) -> None:
        self.standing = Standing("running", words, min(1.0, max(0.0, share)))


def in_own_process(train: Train) -> Train:
    """The same in a process of its own, so that the page stays quick meanwhile; ``train`` must be importable."""
    return partial(_follow, train)


def _follow(train: Train, dumps: Path, progress: Progress) -> str:
    spawning = multiprocessing.get_context("spawn")
    ours, theirs = spawning.Pipe(duplex=False)
    worker = spawning.Process(target=_train_in_worker, args=(train, dumps, theirs), daemon=True)
    worker.start()
    theirs.close()
    try:
        while True:
            state, words, share = ours.recv()
            if state == "done":
                return str(words)
            if state == "failed":
                raise TopicsError(words)
            progress(words, share)
    except EOFError:
        raise TopicsError("training broke off; the terminal says why.") from None
    finally:
        ours.close()
        worker.join()


def _train_in_worker(train: Train, dumps: Path, out: Connection) -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the page's process hears of it and ends this one
    try:
        out.send(("done", train(dumps, lambda words, share: out.send(("running", words, share))), 1.0))
    except TopicsError as error:
        out.send(("failed", str(error), 0.0))
    finally:
        out.close()


def write_cut_dumps(desk: Desk, folder: Path) -> int:
    """Write the dumps of the run that training needs the text of, a file each, named by digest; how many."""
    with desk.lock:
        desk.refresh()
        known = desk.roster.dumps_of
        spoken_of = [*desk.ledger.cut_dumps, *(() if desk.keep_text else desk.ledger.by_dump)]
        wanted = {digest: known[digest][0] for digest in spoken_of if digest in known}
    for digest, dump in sorted(wanted.items()):
        with desk.lock:
            text = desk.roster.text_of_dump(dump)
        (folder / f"{digest[:20]}.txt").write_bytes(text.encode("utf-8", "surrogatepass"))
    return len(wanted)
