"""From a run to a running page: the index beside it, a port on the loopback interface, a token, and the server.

Small runs are indexed before the page is announced; a large one goes on in a process of its own while the page shows
what is there. The server ends with Ctrl-C or SIGTERM.
"""

from __future__ import annotations

import asyncio
import multiprocessing
import os
import secrets
import signal
import socket
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING, Final, Self

from topics.errors import OutputError, TopicsError
from topics.reading.problems import printable
from topics.review.desk import Desk
from topics.review.index import Index, build_index, index_path, prepare_index
from topics.review.sources import open_source

if TYPE_CHECKING:
    import uvicorn

    from topics.bundle import Model
    from topics.review.retraining import Train

__all__ = ["Address", "open_desk", "serve"]

_SMALL_BYTES: Final = 8_000_000  # of a run that is indexed in well under a second
_SMALL_ROWS: Final = 3_000
HOST: Final = "127.0.0.1"


class Address:
    """A socket on the loopback interface, and the address of the page behind it; closed when its block ends."""

    def __init__(self, port: int = 0) -> None:
        self.token = secrets.token_urlsafe(24)
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            self.socket.bind((HOST, port))
        except OSError as error:
            self.socket.close()
            raise OutputError(f"port {port}: cannot be used ({error.strerror}). Choose another --port.") from error
        self.port: int = self.socket.getsockname()[1]

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *raised: object) -> None:
        self.socket.close()

    @property
    def url(self) -> str:
        """What to open in a browser."""
        return f"http://{HOST}:{self.port}/{self.token}/"

    @property
    def hosts(self) -> tuple[str, ...]:
        """The values of ``Host`` that are ours."""
        return f"{HOST}:{self.port}", f"localhost:{self.port}"


@contextmanager
def open_desk(
    where: str | Path, labels: Path, by: str, load: Callable[[], Model], *, keep_text: bool = True
) -> Iterator[Desk]:
    """The desk for a run, its index made or being made; a process that builds it ends with the block."""
    source = open_source(where)
    place = index_path(source)
    prepare_index(source, place)
    builder: multiprocessing.process.BaseProcess | None = None
    if source.n_bytes <= _SMALL_BYTES and (source.n_rows or 0) <= _SMALL_ROWS:
        build_index(source, place)
    else:
        builder = multiprocessing.get_context("spawn").Process(
            target=_build, args=(str(where), os.getpid()), daemon=True
        )
        builder.start()
    index = Index(source, place)
    desk = Desk(source, index, labels, by, load, keep_text=keep_text)
    if builder is not None:
        threading.Thread(target=_watch, args=(builder, desk), name="index", daemon=True).start()
    try:
        yield desk
    finally:
        if builder is not None and builder.is_alive():
            builder.terminate()
            builder.join(5)
        index.close()


def serve(
    desk: Desk, address: Address, *, train: Train | None = None, on_ready: Callable[[], None] = lambda: None
) -> None:
    """Answer until Ctrl-C or SIGTERM; ``on_ready`` is called once requests are answered.

    ``train`` is what the retrain button calls; without it the page has none.
    """
    import uvicorn

    from topics.review.server import make_app

    config = uvicorn.Config(
        make_app(desk, address.token, address.hosts, train), log_level="warning", access_log=False, server_header=False,
        lifespan="off", timeout_graceful_shutdown=2, ws="none",
    )  # fmt: skip
    server = uvicorn.Server(config)
    address.socket.listen(128)  # from here on a browser that comes early waits and is answered
    desk.start_loading()
    with _stopping(server):
        on_ready()
        asyncio.run(server.serve(sockets=[address.socket]))


@contextmanager
def _stopping(server: uvicorn.Server) -> Iterator[None]:
    """Ctrl-C and SIGTERM end the server, quietly; ending is what they are for here."""

    def stop(number: int, frame: FrameType | None) -> None:
        server.should_exit = True

    before = {number: signal.signal(number, stop) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _build(where: str, parent: int) -> None:
    """In a process of its own: the rest of an index, as long as the page is there."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        source = open_source(where)
        build_index(source, index_path(source), should_stop=lambda: os.getppid() != parent)
    except TopicsError as error:
        sys.stderr.write(f"topics: {printable(str(error))}\n")
        sys.exit(1)


def _watch(builder: multiprocessing.process.BaseProcess, desk: Desk) -> None:
    builder.join()
    if builder.exitcode:
        desk.problems.append(f"{desk.index.path}: the index could not be finished. Some pieces are missing here.")
