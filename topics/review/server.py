"""The web side: pages and fragments out of templates, deeds in as JSON.

``GET /`` is the page, ``GET /look`` the same as fragments, ``POST /do`` does something and answers with fragments,
``GET /pulse`` says whether anything changed, ``POST /retrain`` starts a training.
Handlers run in threads and take turns at the desk.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict
from functools import cache
from importlib.resources import files
from typing import Any, Final
from urllib.parse import urlencode

from jinja2 import Environment
from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, Response
from starlette.routing import Route

from topics.errors import TopicsError
from topics.review.deeds import Deed, act
from topics.review.desk import Desk
from topics.review.guard import Guard
from topics.review.retraining import Retraining, Train
from topics.review.showing import show_counts, show_list, show_piece, topic_names
from topics.review.views import SORTS, STATES, View, parse_view
from topics.writers.html import find_hue
from topics.writers.templating import make_environment
from topics.writers.text import clean_cell, replace_surrogates

__all__ = ["Pages", "make_app"]

_TYPES: Final = {"review.css": "text/css", "review.js": "text/javascript", "icon.svg": "image/svg+xml"}
_MOST_KEYS: Final = 5_000


def make_app(desk: Desk, token: str, hosts: tuple[str, ...], train: Train | None = None) -> Guard:
    """The application for one desk, reachable under ``/token/`` at any of the ``hosts`` (``name:port``).

    ``train`` is what the retrain button calls; without it there is none.
    """
    pages = Pages(desk, token, train)
    routes = [
        Route(f"/{token}/", pages.page),
        Route(f"/{token}/look", pages.look),
        Route(f"/{token}/do", pages.do, methods=["POST"]),
        Route(f"/{token}/pulse", pages.pulse),
        Route(f"/{token}/retrain", pages.retrain, methods=["POST"]),
        Route(f"/{token}/static/{{name}}", _static),
    ]
    return Guard(Starlette(routes=routes, exception_handlers={TopicsError: pages.tell_problem}), token, hosts)


class Pages:
    """The pages of one desk; ``token`` begins their addresses."""

    def __init__(self, desk: Desk, token: str, train: Train | None = None) -> None:
        self._desk = desk
        self._retraining = Retraining(desk, train) if train is not None else None
        self._base = f"/{token}/"

    def page(self, request: Request) -> Response:
        view = parse_view(request.query_params)
        with self._desk.lock:
            self._desk.refresh()
            context = self._context(view, self._find(view, request.query_params), whole="whole" in request.query_params)
            context |= {
                "sorts": SORTS,
                "states": STATES,
                "dumps": self._desk.index.dump_names[:200],
                "run": clean_cell(self._desk.source.where),
                "by": self._desk.by,
            }
            return HTMLResponse(_render("page.html.j2", context))

    def look(self, request: Request) -> Response:
        """Fragments for a view and a segment, or for one before or behind it (``step``: -1, 1, ``undecided``)."""
        query = request.query_params
        view = parse_view(query)
        with self._desk.lock:
            self._desk.refresh()
            ref = self._find(view, query)
            said = ""
            if ref is not None and query.get("step") == "undecided":
                there = self._desk.first_undecided(view, self._desk.chooser.rank(ref, view.sort))
                said = "" if there is not None else "All of these are decided"
                ref = there if there is not None else ref
            elif ref is not None and query.get("step") in ("1", "-1"):
                there = self._desk.step(view, ref, int(query["step"]))
                said = (
                    ""
                    if there is not None
                    else "That is the last one"
                    if query["step"] == "1"
                    else "That is the first one"
                )
                ref = there if there is not None else ref
            return self.answer(view, ref, said=said, whole="whole" in query)

    async def do(self, request: Request) -> Response:
        try:
            body = json.loads(await request.body())
            deed = _read_deed(body)
            view = parse_view({str(k): str(v) for k, v in body.get("view", {}).items()})
        except (ValueError, TypeError, AttributeError, RecursionError):
            return JSONResponse({"error": "That is not a decision."}, 400)
        return await run_in_threadpool(self.decide, deed, view, str(body.get("at", "")))

    def decide(self, deed: Deed, view: View, at: str) -> Response:
        """Do something, and show what comes next; ``at`` is the key of what was shown."""
        desk = self._desk
        with desk.lock:
            here, _ = desk.roster.find(at)
            rank = desk.chooser.rank(here, view.sort) if here is not None else -1.0
            try:
                done = act(desk, deed, view)
            except TopicsError as error:
                here, _ = desk.roster.find(at)
                return self.answer(view, here, error=str(error), status=409)
            ref, said = done.ref, done.said
            if ref is None:
                ref, _ = desk.roster.find(at)
            if done.onward:
                following = desk.first_undecided(view, rank)
                ref = following if following is not None else ref
                said = said if following is not None else f"{said}. All of these are decided"
            return self.answer(view, ref, said=said, n_written=done.n_written)

    def pulse(self, request: Request) -> Response:
        with self._desk.lock:
            self._desk.refresh()
            return JSONResponse(self._counts())

    def retrain(self, request: Request) -> Response:
        """Start a training, unless one is running; where it stands then."""
        if self._retraining is None:
            return JSONResponse({"error": "This page cannot train. Run topics train."}, 404)
        self._retraining.start()
        return JSONResponse(self._counts())

    def tell_problem(self, request: Request, problem: Exception) -> Response:
        """What stands in the way of an answer, in words: a taxonomy that cannot be read, a run that was taken away."""
        if request.url.path == self._base:
            context = {"base": self._base, "problem": clean_cell(str(problem))}
            return HTMLResponse(_render("problem.html.j2", context), 409)
        return JSONResponse({"error": str(problem)}, 409)

    def _counts(self) -> dict[str, Any]:
        training = asdict(self._retraining.standing) if self._retraining is not None else None
        return {**show_counts(self._desk), "training": training}

    def _find(self, view: View, query: Mapping[str, str]) -> int | None:
        """The segment that an address names, else the first undecided of the view, else its first."""
        ref, _ = self._desk.roster.find(query.get("at", ""))
        if ref is not None:
            return ref
        ref = self._desk.first_undecided(view)
        if ref is not None:
            return ref
        chosen = self._desk.choose(view)
        return int(chosen.refs[0]) if len(chosen) else None

    def _context(self, view: View, ref: int | None, *, whole: bool = False) -> dict[str, Any]:
        desk = self._desk
        items, place, n_chosen = show_list(desk, view, ref)
        return {
            "base": self._base,
            "view": view,
            "query": urlencode(view.to_query()),
            "piece": show_piece(desk, ref, view, whole=whole) if ref is not None else None,
            "items": items,
            "place": place,
            "n_chosen": n_chosen,
            "counts": self._counts(),
            "topics": topic_names(desk),
        }

    def answer(
        self,
        view: View,
        ref: int | None,
        *,
        said: str = "",
        n_written: int = 0,
        error: str = "",
        status: int = 200,
        whole: bool = False,
    ) -> Response:
        """Fragments that show a segment in a view."""
        try:
            context = self._context(view, ref, whole=whole)
        except TopicsError as problem:  # a search that makes no sense, a run that was taken away
            done = f"{said}. What comes next cannot be shown: " if n_written else ""
            return JSONResponse({"error": f"{done}{problem}"}, 409)
        piece = context["piece"]
        return JSONResponse(
            {
                "said": said,
                "error": error,
                "n_written": n_written,
                "key": piece.key if piece is not None else "",
                "heading": piece.heading if piece is not None else "",
                "query": context["query"],
                "counts": context["counts"],
                "topics": context["topics"],
                "piece": _render("piece.html.j2", context),
                "list": _render("list.html.j2", context),
            },
            status,
        )


def _read_deed(body: Mapping[str, Any]) -> Deed:
    keys = body.get("keys", [])
    if not isinstance(keys, list) or len(keys) > _MOST_KEYS:
        raise ValueError
    return Deed(
        action=str(body.get("action", "")),
        keys=tuple(str(key)[:100] for key in keys),
        everything=body.get("everything") is True,
        topic=str(body.get("topic", ""))[:200],
        offset=int(body.get("offset", -1)),
        words=replace_surrogates(str(body.get("words", "")))[:20_000],
    )


def _static(request: Request) -> Response:
    name = request.path_params["name"]
    if name not in _TYPES:
        return Response(status_code=404)
    return Response((files("topics.review") / "static" / name).read_bytes(), media_type=_TYPES[name])


def _render(template: str, context: Mapping[str, Any]) -> str:
    return replace_surrogates(_environment().get_template(template).render(context))


@cache
def _environment() -> Environment:
    environment = make_environment("topics.review")
    environment.filters["hue"] = lambda slug: find_hue(slug) // 30  # one of twelve classes: styles may not stand inline
    return environment
