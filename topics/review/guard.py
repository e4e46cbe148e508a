"""Who may talk to the page: the person who started it, from this machine, by its own address.

The server listens on the loopback interface alone; even so, other sites in the same browser can send requests there.
So every address begins with a random token (there are no cookies to borrow), the ``Host`` must be ours (against DNS
rebinding), a request that changes something must name our ``Origin`` and be JSON, and answers forbid everything but
our own script and style sheet.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterable
from typing import Final

from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

__all__ = ["Guard"]

MAX_BODY: Final = 1_000_000  # bytes

_POLICY: Final = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; "
    "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
_HEADERS: Final = (
    (b"content-security-policy", _POLICY.encode()),
    (b"x-content-type-options", b"nosniff"),
    (b"x-frame-options", b"DENY"),
    (b"referrer-policy", b"no-referrer"),
    (b"cross-origin-opener-policy", b"same-origin"),
    (b"cross-origin-resource-policy", b"same-origin"),
    (b"cache-control", b"no-store"),
)


class Guard:
    """Lets through what comes from the page at ``/token/``, and gives every answer its headers."""

    def __init__(self, app: ASGIApp, token: str, hosts: Iterable[str]) -> None:
        self._app = app
        self._token = token
        self._hosts = frozenset(hosts)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await self._app(scope, receive, send)
            return
        if scope["type"] != "http":
            return

        async def guarded_send(message: Message) -> None:
            if message["type"] == "http.response.start":
                message["headers"] = [*message.get("headers", ()), *_HEADERS]
            await send(message)

        fault = self._find_fault(scope)
        if fault is not None:
            status, words = fault
            await PlainTextResponse(words, status)(scope, receive, guarded_send)
            return
        await self._app(scope, receive, guarded_send)

    def _find_fault(self, scope: Scope) -> tuple[int, str] | None:
        headers = {name.decode("latin-1").lower(): value.decode("latin-1") for name, value in scope["headers"]}
        host = headers.get("host", "")
        if host not in self._hosts:
            return 403, "This page answers to its own address alone."
        token, _, _ = scope["path"].removeprefix("/").partition("/")
        if not secrets.compare_digest(token.encode(), self._token.encode()):
            return 404, "Nothing here. Use the whole address that topics review printed."
        site = headers.get("sec-fetch-site", "none")
        if scope["method"] in ("GET", "HEAD"):
            if site == "cross-site" and headers.get("sec-fetch-mode") != "navigate":
                return 403, "Another site may not read this."
            return None
        if scope["method"] != "POST":
            return 405, "Only GET and POST are answered."
        if headers.get("origin") != f"http://{host}" or site not in ("none", "same-origin"):
            return 403, "Only this page itself may decide things."
        if headers.get("content-type", "").partition(";")[0].strip() != "application/json":
            return 415, "Send JSON."
        length = headers.get("content-length", "")
        if not length.isdecimal():
            return 411, "Say how long it is."
        if int(length) > MAX_BODY:
            return 413, "Too much at once."
        return None
