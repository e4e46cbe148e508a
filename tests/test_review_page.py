"""The review page in a real browser: every key, nothing lost, nothing let in, readable by everyone."""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from review_desks import Served, coast_rows, lines_of, served, write_labels, write_run
from sample_rows import Piece, make_rows

from topics.errors import LabelError
from topics.labels.boundaries import read_boundaries
from topics.labels.decisions import BoundaryDecision, Note, TopicDecision, Undo
from topics.labels.store import read_decisions

CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="needs Chromium: apt-get install chromium")
playwright = pytest.importorskip("playwright.sync_api", reason="needs the extra dev")

Page = Any


@pytest.fixture(scope="session")
def browser() -> Iterator[Any]:
    with playwright.sync_playwright() as started:
        chromium = started.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox", "--disable-gpu"])
        yield chromium
        chromium.close()


@pytest.fixture
def coast(tmp_path: Path) -> Iterator[Served]:
    with served(write_run(tmp_path / "run", coast_rows()), write_labels(tmp_path / "labels")) as page:
        yield page


@pytest.fixture
def page(browser: Any, coast: Served) -> Iterator[Page]:
    """The coast's run in reading order, and no complaint from the browser's console."""
    with opened(browser, f"{coast.url}?sort=reading") as page:
        yield page


class opened:
    """A tab of its own; what the page complained of is an error."""

    def __init__(self, browser: Any, url: str, **options: Any) -> None:
        self.context = browser.new_context(**({"viewport": {"width": 1300, "height": 850}} | options))
        self.context.set_default_timeout(10_000)
        self.page = self.context.new_page()
        self.complaints: list[str] = []
        self.page.on("pageerror", lambda error: self.complaints.append(str(error)))
        self.page.on(
            "console",
            lambda said: (
                self.complaints.append(said.text)
                if said.type == "error" and not re.search("409|500", said.text) and "ERR_" not in said.text
                else None
            ),
        )
        self.page.goto(url)
        self.page.wait_for_selector("html.js")

    def __enter__(self) -> Page:
        return self.page

    def __exit__(self, kind: Any, *rest: Any) -> None:
        self.context.close()
        if kind is None:
            assert self.complaints == []


def until(page: Page, expression: str, seconds: float = 10) -> None:
    """Wait for something to be so. The page's policy forbids ``eval``, which the library's own way needs."""
    limit = time.monotonic() + seconds
    while not page.evaluate(expression):
        assert time.monotonic() < limit, f"{expression} is not so: {page.inner_text('body')[:400]}"
        time.sleep(0.005)


def press(page: Page, *keys: str) -> str:
    """Press keys one after another, each when the one before is saved; what the page says then."""
    for key in keys:
        page.evaluate("document.getElementById('saved').textContent = 'waiting'")
        page.keyboard.press(key)
        until(page, "!/^(waiting|Saving)/.test(document.getElementById('saved').textContent)")
    return str(page.inner_text("#saved"))


def steps(page: Page, *keys: str) -> str:
    """Keys that show another piece; its heading."""
    for key in keys:
        before = page.evaluate("document.getElementById('piece').dataset.key")
        page.keyboard.press(key)
        until(page, f"document.getElementById('piece').dataset.key !== {before!r}")
    return heading(page)


def heading(page: Page) -> str:
    return str(page.inner_text("#heading"))


def last(labels: Path) -> Any:
    return lines_of(labels)[-1]


# Keys


@pytest.mark.parametrize(
    ("key", "topic", "also", "kind"),
    [
        ("Enter", "business", ("world",), "article"),
        ("c", "business", ("world",), "article"),
        ("1", "business", ("world",), "article"),
        ("2", "world", (), "article"),
        ("9", "sudan", (), "article"),
        ("0", None, (), "article"),
        ("x", None, (), "article"),
        ("b", None, (), "boilerplate"),
    ],
)
def test_one_key_decides_and_goes_on(
    page: Page, coast: Served, key: str, topic: str | None, also: tuple[str, ...], kind: str
) -> None:
    assert heading(page) == "Ferry crews go back to work"
    assert press(page, key).startswith("Saved")
    [decision] = lines_of(coast.labels)
    assert isinstance(decision, TopicDecision)
    assert (decision.topic, decision.also, decision.kind, decision.by) == (topic, also, kind, "ada")
    assert decision.text == coast.desk.roster.record(0)["text"]
    assert heading(page) == "It rained on the derby. The home side won late."
    assert page.inner_text("#decided") == "1 of 17 decided"


def test_shift_and_a_number_add_and_take_away_a_secondary_topic(page: Page, coast: Served) -> None:
    press(page, "Shift+Digit3")
    assert (last(coast.labels).topic, last(coast.labels).also) == ("business", ("world", "sport"))
    press(page, "Shift+Digit2")
    assert last(coast.labels).also == ("sport",)
    assert heading(page) == "Ferry crews go back to work"
    assert page.get_attribute(".plus[data-topic=sport]", "aria-pressed") == "true"


def test_the_type_ahead_assigns_adds_a_secondary_topic_and_a_new_one(page: Page, coast: Served) -> None:
    page.keyboard.press("t")
    page.keyboard.type("just")
    assert page.inner_text("#choose-list [aria-selected=true]") == "Crime and justice"
    press(page, "Enter")
    assert last(coast.labels).topic == "crime-justice"
    page.keyboard.press("t")
    page.keyboard.type("heal")
    press(page, "Shift+Enter")
    assert (last(coast.labels).topic, last(coast.labels).also) == ("sport", ("health",))
    page.keyboard.press("t")
    page.keyboard.type("Bells & towers")
    press(page, "Enter")
    assert last(coast.labels).topic == "bells-towers"
    assert 'name = "Bells & towers"' in (coast.labels / "taxonomy.toml").read_text()
    page.keyboard.press("t")
    page.keyboard.type("bells")
    assert page.inner_text("#choose-list [aria-selected=true]") == "Bells & towers"
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowUp")
    page.keyboard.press("Escape")
    assert len(lines_of(coast.labels)) == 3


def test_m_merges_with_the_piece_before(page: Page, coast: Served) -> None:
    steps(page, "j")
    assert press(page, "m").startswith("Merged")
    [decision] = lines_of(coast.labels)
    rows = coast_rows()[0]
    assert isinstance(decision, BoundaryDecision)
    assert (decision.offset, decision.starts) == (rows[1]["start"], False)
    assert heading(page) == "Ferry crews go back to work"
    assert page.locator(".para").count() == 7
    assert page.inner_text("#list-title") == "16 pieces"
    page.click(".handle.merge", force=True)  # the first of its dump: its handle does nothing
    assert press(page, "m").startswith("this is the first piece")


@pytest.mark.parametrize(("down", "up"), [("]", "["), (".", ",")])
def test_s_splits_before_the_paragraph_that_was_gone_to(page: Page, coast: Served, down: str, up: str) -> None:
    steps(page, "j", "j", "j", "j")
    assert heading(page) == "Keeper leaves the lamp"
    assert press(page, "s").startswith("Choose the paragraph")
    for key in (down, down, down, down, down, up):
        page.keyboard.press(key)
    assert press(page, "s").startswith("Split before paragraph 4")
    [decision] = lines_of(coast.labels)
    text = coast_rows()[1][0]["text"]
    assert (decision.offset, decision.starts) == (text.index("Council raises"), True)
    assert page.locator(".para").count() == 3
    assert steps(page, "j").startswith("Council raises berth fees")
    assert page.inner_text(".facts").find("start decided") > 0
    assert page.locator(".para.furniture").count() == 1


def test_a_handle_beside_a_paragraph_splits_too(page: Page, coast: Served) -> None:
    steps(page, "j", "j", "j", "j")
    page.click(".para:nth-child(4) .handle")
    until(page, "document.querySelectorAll('.para').length === 3")
    assert last(coast.labels).starts


def test_arrows_and_letters_step_and_stop_at_the_ends(page: Page) -> None:
    assert steps(page, "j", "ArrowRight").startswith("The bell has not rung")
    assert steps(page, "k", "ArrowLeft") == "Ferry crews go back to work"
    assert press(page, "k") == "That is the first one"


@pytest.mark.parametrize(
    ("key", "code", "shift", "does"),
    [
        ("/", "Digit7", True, "search"),  # German, Spanish, Swedish
        ("é", "Digit2", False, "assign"),  # French
        ("2", "Digit2", True, "also"),
        ("End", "Numpad1", False, ""),  # without NumLock
        ("ArrowLeft", "Numpad4", False, "step"),
    ],
)
def test_keys_do_the_same_on_other_layouts(
    page: Page, coast: Served, key: str, code: str, shift: bool, does: str
) -> None:
    press(page, "2", "Shift+Digit3")
    page.evaluate(
        "given => void document.body.dispatchEvent(new KeyboardEvent('keydown', {bubbles: true, ...given}))",
        {"key": key, "code": code, "shiftKey": shift},
    )
    n_lines = 2 + (does in ("assign", "also"))
    if does == "search":
        assert page.evaluate("document.activeElement.id") == "search"
    elif does == "step":
        until(page, "document.getElementById('heading').textContent === 'Ferry crews go back to work'")
    else:
        page.wait_for_timeout(300)
    assert len(lines_of(coast.labels)) == n_lines
    if n_lines > 2:
        assert (last(coast.labels).topic == "sport") is (does == "also")


def test_u_goes_to_the_next_undecided(page: Page) -> None:
    press(page, "Enter", "Enter")
    steps(page, "k", "k")
    assert steps(page, "u").startswith("The bell has not rung")


def test_u_goes_on_behind_the_piece_that_is_shown(page: Page) -> None:
    steps(page, "j")
    press(page, "Enter")
    first = steps(page, "u")
    assert steps(page, "u") != first
    assert not page.evaluate("document.querySelector('.item.current').classList.contains('decided')")
    page.goto(page.url.split("?")[0] + "?sort=reading&state=decided")
    assert press(page, "u") == "All of these are decided"


def test_at_the_end_of_a_queue_the_page_says_so(page: Page, coast: Served) -> None:
    page.goto(f"{coast.url}?sort=reading&dump=lighthouse&state=undecided")
    assert press(page, "Enter").startswith("Saved: business. All of these are decided")
    assert page.inner_text(".empty") == "Nothing fits these filters."
    page.goto(f"{coast.url}?search=nothinglikeit")
    page.keyboard.press("v")
    assert not page.is_visible("#bulk")


def test_back_sets_the_filters_too(page: Page) -> None:
    page.select_option("#topic", "world")
    until(page, "location.search.includes('topic=world')")
    page.go_back()
    until(page, "document.getElementById('list-title').textContent === '17 pieces'")
    assert page.input_value("#topic") == ""
    page.go_forward()
    until(page, "document.getElementById('list-title').textContent !== '17 pieces'")
    assert page.input_value("#topic") == "world"


def test_a_paragraph_that_was_gone_to_is_held_while_others_decide(page: Page, coast: Served) -> None:
    steps(page, "j", "j", "j", "j")
    page.keyboard.press("]")
    page.keyboard.press("]")
    page.keyboard.press("]")
    offset = page.evaluate("document.activeElement.dataset.offset")
    before = page.evaluate("version")
    row = coast_rows()[2][3]
    other = {"type": "topic", "dump": "0" * 64, "start": 0, "end": 9, "segment": row["digest"], "topic": "world"}
    with (coast.labels / "review-bo.jsonl").open("a") as file:
        file.write(
            json.dumps({**other, "also": [], "kind": "article", "by": "bo", "name": "x", "at": "2026-05-05T05:05:05Z"})
            + "\n"
        )
    page.evaluate("pulse()")
    until(page, f"version > {before}")
    assert page.evaluate("document.activeElement.dataset.offset") == offset
    assert press(page, "s").startswith("Split before paragraph 3")


def test_a_note_is_written_and_found_again(page: Page, coast: Served) -> None:
    page.keyboard.press("n")
    page.keyboard.type("ask the desk <b>twice</b>")
    press(page, "Control+Enter")
    note = last(coast.labels)
    assert isinstance(note, Note)
    assert note.note == "ask the desk <b>twice</b>"
    page.reload()
    assert page.input_value("#note") == "ask the desk <b>twice</b>"
    page.select_option("#state", "noted")
    until(page, "document.getElementById('list-title').textContent === '1 piece'")


@pytest.mark.parametrize("leave", ["Escape", "Tab", "click"])
def test_a_note_that_is_left_is_saved_once(page: Page, coast: Served, leave: str) -> None:
    page.keyboard.press("n")
    page.keyboard.type("ask again")
    if leave == "click":
        page.click("#save-note")
    else:
        page.keyboard.press(leave)
        page.keyboard.press("j" if leave == "Escape" else "Tab")
    until(page, "/^Saved: note|Ferry/.test(document.getElementById('saved').textContent)")
    page.goto(f"{coast.url}?sort=reading&at=0.0.205")
    assert page.input_value("#note") == "ask again"
    assert [note.note for note in lines_of(coast.labels) if isinstance(note, Note)] == ["ask again"]


def test_a_note_that_could_not_be_saved_is_still_there(page: Page, coast: Served) -> None:
    (coast.labels / ".lock").mkdir()
    page.keyboard.press("n")
    page.keyboard.type("ask again")
    assert "cannot be written" in press(page, "Control+Enter")
    assert page.input_value("#note") == "ask again"
    (coast.labels / ".lock").rmdir()
    page.click("#save-note")
    until(page, "/^Saved: note/.test(document.getElementById('saved').textContent)")


def test_several_are_chosen_and_decided_at_once(page: Page, coast: Served) -> None:
    page.keyboard.press("v")
    steps(page, "j")
    page.keyboard.press("v")
    assert page.inner_text("#n-selected") == "2"
    page.keyboard.press("V")
    assert not page.is_visible("#bulk")
    page.keyboard.press("v")
    page.click(".item:nth-child(3) .pick input")
    press(page, "1")
    decisions = lines_of(coast.labels)
    assert len(decisions) == 2
    assert len({decision.at for decision in decisions}) == 1
    assert {decision.topic for decision in decisions} == {"sport"}
    assert {decision.start for decision in decisions} == {row["start"] for row in coast_rows()[0][1:3]}
    press(page, "z")
    assert read_decisions([coast.labels]).topics == ()


def test_a_whole_filter_is_decided_at_once(page: Page, coast: Served) -> None:
    page.fill("#search", '"harbour office" -"Notice 7"')
    page.keyboard.press("Enter")
    until(page, "document.getElementById('list-title').textContent === '11 pieces'")
    page.click("[data-select=all]")
    page.click("#bulk [data-do=confirm]")
    until(page, "/11 segments/.test(document.getElementById('saved').textContent)")
    found = read_decisions([coast.labels]).topics
    assert len(found) == 11
    assert all(entry.decision.topic for entry in found)


def test_all_are_decided_but_one_that_was_let_go(page: Page, coast: Served) -> None:
    page.goto(f"{coast.url}?sort=reading&dump=notices")
    page.click("[data-select=all]")
    page.click(".item:nth-child(3) .pick input")
    assert page.inner_text("#n-selected") == "11"
    checked = page.evaluate("[...document.querySelectorAll('.pick input')].map((box) => box.checked)")
    assert checked == [True, True, False, *[True] * 9]
    assert "11 segments" in press(page, "2")
    third = page.evaluate("document.querySelectorAll('.pick input')[2].value")
    assert int(third.split(".")[1]) not in {entry.decision.start for entry in read_decisions([coast.labels]).topics}


def test_slash_f_and_the_question_mark_open_search_filters_and_help(page: Page) -> None:
    page.keyboard.press("/")
    assert page.evaluate("document.activeElement.id") == "search"
    page.keyboard.press("Escape")
    page.keyboard.press("f")
    assert page.evaluate("document.activeElement.id") == "topic"
    page.keyboard.press("Escape")
    page.keyboard.press("?")
    assert page.is_visible("#help")
    page.uncheck("#keys-on")
    page.keyboard.press("Escape")
    page.keyboard.press("b")
    page.wait_for_timeout(150)
    assert page.inner_text("#decided") == "0 of 17 decided"


@pytest.mark.parametrize("width", [1300, 400])
@pytest.mark.parametrize("key", ["Enter", "Escape"])
def test_a_search_is_left_with_a_key_and_holds(browser: Any, coast: Served, width: int, key: str) -> None:
    with opened(browser, f"{coast.url}?sort=reading", viewport={"width": width, "height": 800}) as page:
        page.keyboard.press("/")
        page.keyboard.type("notice")
        page.keyboard.press(key)
        until(page, "document.getElementById('list-title').textContent === '12 pieces'")
        assert page.input_value("#search") == "notice"
        assert page.evaluate("document.activeElement.id") == "heading"
        assert steps(page, "j").startswith("Notice 2")
        page.keyboard.press("f")
        assert page.evaluate("document.activeElement.id") == "topic"
        page.keyboard.press("Escape")
        assert page.is_visible("#heading")
        assert steps(page, "k").startswith("Notice 1")


def test_undo_and_redo_have_no_end(page: Page, coast: Served) -> None:
    press(page, "1", "2", "b", "m", "0")
    assert press(page, "z", "Control+z", "z", "z", "z").startswith("Undone: business")
    assert page.inner_text("#decided") == "0 of 17 decided"
    assert read_boundaries(coast.labels) == {}
    assert press(page, "z") == "there is nothing to undo."
    assert press(page, "y", "Control+y", "Z", "Control+Shift+z", "y").startswith("Redone: none of these")
    topics = [entry.decision.topic for entry in read_decisions([coast.labels]).topics]
    assert topics == ["business", "business", None, None]
    assert press(page, "y") == "there is nothing to redo."
    press(page, "z", "z", "5")
    assert press(page, "y") == "there is nothing to redo."
    assert sum(isinstance(line, Undo) for line in lines_of(coast.labels)) == 7


def test_undo_outlives_the_page_and_the_server(browser: Any, tmp_path: Path) -> None:
    run, labels = write_run(tmp_path / "run", coast_rows()), write_labels(tmp_path / "labels")
    with served(run, labels) as first, opened(browser, f"{first.url}?sort=reading") as page:
        press(page, "2", "b", "Enter")
        page.reload()
        assert press(page, "z").startswith("Undone: none of these")
    with served(run, labels) as second, opened(browser, f"{second.url}?sort=reading") as page:
        assert press(page, "z").startswith("Undone: boilerplate")
        assert press(page, "y", "y").startswith("Redone: none of these")
        press(page, "z", "z", "z")
    assert read_decisions([labels]).topics == ()


# Views


def test_filters_and_orders_show_what_they_say(page: Page) -> None:
    def count(**fields: str) -> int:
        for name, value in fields.items():
            field = page.locator(f"#{name}")
            if field.evaluate("field => field.tagName") == "SELECT":
                field.select_option(value)
            else:
                page.evaluate("document.querySelector('.more').open = true")
                field.fill(value)
                field.press("Enter")
        for name, value in fields.items():  # an answer puts its filters into the address, leaving out what is usual
            told = f"new URLSearchParams(location.search).get('{name}')"
            until(page, f"({told} ?? {{low: '0', high: '100'}}['{name}'] ?? '') === '{value}'")
        return int(page.inner_text("#list-title").split()[0])

    assert count(topic="sport") == 5
    assert count(topic="boilerplate") == 1
    assert count(topic="") == 17
    assert count(low="50", high="70") == 7
    assert count(low="0", high="100") == 17
    assert count(dump="NOTICES") == 12
    assert count(dump="") == 17
    assert count(search="derby") == 1
    assert count(search="") == 17
    assert count(sort="sure") == 17
    assert page.inner_text(".item:first-child .score") == "90%"
    assert count(sort="unsure") == 17
    assert page.inner_text(".item:first-child .score") == "10%"
    assert "sort=unsure" in page.url


def test_disagreement_and_undecided_are_found(page: Page, coast: Served) -> None:
    press(page, "Enter", "5")
    page.select_option("#state", "disagree")
    until(page, "document.getElementById('list-title').textContent === '1 piece'")
    assert page.inner_text(".item .mark") == "corrected"
    page.select_option("#state", "undecided")
    until(page, "document.getElementById('list-title').textContent === '15 pieces'")


def test_furniture_and_search_hits_are_marked(page: Page) -> None:
    assert page.locator(".para.furniture").count() == 2
    page.fill("#search", "deckhands")
    page.keyboard.press("Enter")
    page.wait_for_selector("mark.hit")
    assert page.inner_text("mark.hit") == "Deckhands"


def test_deciding_terms_are_marked(browser: Any, tmp_path: Path, model: Any) -> None:
    piece = Piece(
        ["Cup final", "The striker scored twice in the league cup final on penalties."], topic="sport", score=0.9
    )
    run, labels = write_run(tmp_path / "run", [make_rows("cup.txt", piece)]), write_labels(tmp_path / "labels")
    with served(run, labels, load=lambda: model) as place:
        place.desk.model(wait=True)
        with opened(browser, place.url) as page:
            assert "for Sport: " in page.inner_text(".terms")
            marked = {words.casefold() for words in page.locator("mark").all_inner_texts()}
            assert marked & {"cup", "final", "league", "striker", "penalties"}


# Nothing lost


# One process that has imported everything, and a copy of it for each server that is to be killed.
STARTER = """
import os, sys
from pathlib import Path
import topics.review.server, uvicorn
from topics.errors import BundleError
from topics.review.launch import Address, open_desk, serve

def no_model():
    raise BundleError("none")

run, labels = map(Path, sys.argv[1:])
for _ in sys.stdin:
    child = os.fork()
    if child == 0:
        with Address() as address, open_desk(run, labels, "ada", no_model) as desk:
            serve(desk, address, on_ready=lambda: print(os.getpid(), address.url, flush=True))
        os._exit(0)
    os.waitpid(child, 0)
"""
HURRY = """() => setInterval(() => document.body.dispatchEvent(new KeyboardEvent(
    'keydown', {key: 'Enter', bubbles: true})), 2)"""


def test_no_decision_that_was_called_saved_is_lost_over_20_kills(browser: Any, tmp_path: Path) -> None:
    """Keys fall without a pause and the server is killed in the middle; what the page counted as written is there."""
    pieces = [Piece([f"Piece {n} of the long day", f"It says {n}."], topic="sport", score=0.5) for n in range(2000)]
    run = write_run(tmp_path / "run", [make_rows("day.txt", *pieces)])
    labels = write_labels(tmp_path / "labels")
    context = browser.new_context()
    page = context.new_page()
    starter = subprocess.Popen(
        [sys.executable, "-c", STARTER, str(run), str(labels)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert starter.stdin is not None
    assert starter.stdout is not None
    n_there = n_called_saved = 0
    process = ""
    try:
        for kill in range(20):
            starter.stdin.write("another\n")
            starter.stdin.flush()
            process, url = starter.stdout.readline().split()
            page.goto(f"{url}?sort=reading")
            page.wait_for_selector("html.js")
            page.evaluate(HURRY)
            until(page, f"Number(document.body.dataset.written ?? 0) > {kill % 3}")
            time.sleep(0.007 * kill)
            os.kill(int(process), signal.SIGKILL)
            written = int(page.evaluate("Number(document.body.dataset.written)"))
            time.sleep(0.02)  # an answer that was on its way may still be shown
            written = max(written, int(page.evaluate("Number(document.body.dataset.written)")))
            found = read_decisions([labels], on_problem=lambda problem: None).topics
            assert len(found) >= n_there + written
            assert len({entry.decision.start for entry in found}) == len(found)
            n_there = len(found)  # with any that was written, and whose answer never arrived
            n_called_saved += written
            page.goto("about:blank")
            process = ""
    finally:
        if process:
            os.kill(int(process), signal.SIGKILL)
        starter.stdin.close()
        starter.stdout.close()
        starter.wait()
        context.close()
    assert n_called_saved >= 40


def test_two_tabs_lose_nothing_and_see_each_other(browser: Any, coast: Served) -> None:
    with opened(browser, f"{coast.url}?sort=reading") as one, opened(browser, f"{coast.url}?sort=reading") as two:
        press(one, "2")
        press(two, "3")  # about the same piece, later: the last word
        decisions = lines_of(coast.labels)
        assert [decision.topic for decision in decisions] == ["world", "sport"]
        steps(one, "j", "j", "j")
        steps(two, "j", "j", "j")
        assert heading(one) == heading(two) == "Keeper leaves the lamp"
        for _ in range(4):
            one.keyboard.press("]")
        press(one, "s")
        assert "cut otherwise" in press(two, "5")  # what two shows is not what stands
        assert two.locator(".para").count() == 3
        assert press(two, "5").startswith("Saved: health")
        until(one, "document.getElementById('decided').textContent.startsWith('2 of 18')")


def test_two_processes_lose_nothing_and_see_each_other(browser: Any, tmp_path: Path) -> None:
    run, labels = write_run(tmp_path / "run", coast_rows()), write_labels(tmp_path / "labels")
    with (
        served(run, labels, by="ada") as first,
        served(run, labels, by="bo") as second,
        opened(browser, f"{first.url}?sort=reading") as one,
        opened(browser, f"{second.url}?sort=reading") as two,
    ):
        for number in range(6):
            press(one, "2" if number % 2 else "Enter")
            press(two, "1")
        decisions = read_decisions([labels]).topics
        assert {(entry.decision.by, Path(entry.file).name) for entry in decisions} == {
            ("ada", "review-ada.jsonl"), ("bo", "review-bo.jsonl"),
        }  # fmt: skip
        assert len(decisions) == 12
        assert one.inner_text("#decided").split()[0] in two.inner_text("#decided")


def test_sixty_decisions_go_through_by_keyboard_alone(browser: Any, tmp_path: Path) -> None:
    pieces = [Piece([f"Piece {n}", f"It says {n}."], topic="sport", score=0.5) for n in range(70)]
    run, labels = write_run(tmp_path / "run", [make_rows("day.txt", *pieces)]), write_labels(tmp_path / "labels")
    with served(run, labels) as place, opened(browser, f"{place.url}?sort=reading") as page:
        for number in range(60):
            page.keyboard.press(("Enter", "2", "0", "b")[number % 4])
        until(page, "document.getElementById('decided').textContent.startsWith('60 of')")
    assert len({entry.decision.start for entry in read_decisions([labels]).topics}) == 60


def test_a_decision_waits_for_a_server_that_is_away(browser: Any, coast: Served) -> None:
    with opened(browser, f"{coast.url}?sort=reading") as page:
        page.evaluate("void ([window.reach, window.fetch] = [fetch, () => Promise.reject(new TypeError())])")
        page.keyboard.press("2")
        until(page, "/^Not saved/.test(document.getElementById('saved').textContent)")
        assert lines_of(coast.labels) == []
        page.evaluate("void (window.fetch = window.reach)")
        until(page, "/^Saved/.test(document.getElementById('saved').textContent)")
        assert last(coast.labels).topic == "world"


def test_what_was_typed_behind_a_deed_that_failed_is_not_done(page: Page, coast: Served) -> None:
    (coast.labels / ".lock").mkdir()
    type_ahead = """for (const [key, code] of [["2", "Digit2"], ["3", "Digit3"], ["j", "KeyJ"], ["4", "Digit4"]])
        document.body.dispatchEvent(new KeyboardEvent("keydown", {key, code, bubbles: true}))"""
    page.evaluate(f"(() => {{ {type_ahead} }})()")
    until(page, "/Not done either: 2 more/.test(document.getElementById('saved').textContent)")
    assert heading(page) == "Ferry crews go back to work"
    (coast.labels / ".lock").rmdir()
    assert press(page, "2").startswith("Saved: world")
    assert len(lines_of(coast.labels)) == 1


def test_what_stands_in_the_way_is_said_and_not_that_nobody_answers(browser: Any, coast: Served) -> None:
    taxonomy = coast.labels / "taxonomy.toml"
    good = taxonomy.read_text()
    with opened(browser, f"{coast.url}?sort=reading") as page:
        taxonomy.write_text(f"{good}\n[[topic\n")
        for key in ("j", "2", "u"):
            assert "taxonomy.toml: not TOML" in press(page, key)
        page.evaluate("pulse()")
        page.wait_for_timeout(200)
        assert "taxonomy.toml: not TOML" in page.inner_text("#saved")
        answer = page.reload()
        assert answer.status == 409
        assert "taxonomy.toml: not TOML" in page.inner_text("main")
        taxonomy.write_text(good)
        page.click("main a")
        assert press(page, "2").startswith("Saved")


def test_what_was_saved_is_said_where_the_next_piece_cannot_be_shown(browser: Any, tmp_path: Path) -> None:
    run, labels = write_run(tmp_path / "run", coast_rows()), write_labels(tmp_path / "labels")
    with served(run, labels) as place, opened(browser, f"{place.url}?sort=reading") as page:
        for shard in (run / "shards").iterdir():
            shard.unlink()
        said = press(page, "2")
        assert re.match("Saved: world. What comes next cannot be shown: .*cannot be read", said)
        assert last(labels).topic == "world"


def test_a_server_that_failed_is_not_asked_again_and_again(
    browser: Any, coast: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = []

    def fail(*given: Any) -> None:
        asked.append(given)
        raise ZeroDivisionError

    with opened(browser, f"{coast.url}?sort=reading") as page:
        monkeypatch.setattr("topics.review.server.act", fail)
        page.keyboard.press("2")
        until(page, "/terminal says why/.test(document.getElementById('saved').textContent)")
        assert len(asked) == 1


def test_one_decision_serves_all_near_duplicates(browser: Any, tmp_path: Path) -> None:
    dumps = coast_rows()
    first, again, third = dumps[0][0], dumps[1][0], dumps[2][0]
    again["duplicate_of"] = third["duplicate_of"] = first["id"]
    run, labels = write_run(tmp_path / "run", dumps), write_labels(tmp_path / "labels")
    with served(run, labels) as place, opened(browser, f"{place.url}?sort=reading") as page:
        assert page.inner_text("#twins").endswith("Choose its 2 near-duplicates too")
        page.keyboard.press("d")
        assert page.inner_text("#n-selected") == "3"
        press(page, "1")
        decided = {line.segment for line in lines_of(labels)}
        assert decided == {row["digest"] for row in (first, again, third)}
        page.goto(f"{place.url}?sort=reading")
        steps(page, "j")
        assert page.query_selector("#twins") is None
        page.keyboard.press("d")
        until(page, "/no near-duplicates/.test(document.getElementById('saved').textContent)")


def test_the_retrain_button_shows_a_bar_and_then_what_came_of_it(browser: Any, tmp_path: Path) -> None:
    """It is given the dumps that boundary decisions speak of; a second press while it runs starts nothing."""
    run, labels = write_run(tmp_path / "run", coast_rows()), write_labels(tmp_path / "labels")
    go_on, seen = threading.Event(), []

    def train(dumps: Path, progress: Any) -> str:
        seen.append(sorted(path.read_text() for path in dumps.iterdir()))
        progress("fitting topics", 0.4)
        assert go_on.wait(30)
        if len(seen) > 1:
            raise LabelError("labels: none.")
        return "better: .81 to .84; promoted <b>"

    with served(run, labels, train=train) as place, opened(browser, f"{place.url}?sort=reading") as page:
        steps(page, "j")
        press(page, "m")
        page.click("#retrain")
        until(page, "document.getElementById('training-bar').value === 0.4")
        assert page.inner_text("#training-words") == "Training: fitting topics"
        assert page.is_disabled("#retrain")
        press(page, "1")  # reviewing goes on meanwhile
        go_on.set()
        until(page, "document.getElementById('training-words').textContent === 'better: .81 to .84; promoted <b>'")
        assert seen == [["".join(row["text"] for row in coast_rows()[0])]]
        page.click("#retrain")
        until(page, "document.getElementById('training-words').textContent === 'labels: none.'")


# A large run


def test_a_hundred_thousand_segments_are_reviewed(browser: Any, tmp_path: Path) -> None:
    [row] = make_rows("x", Piece(["Ferry notice", "It sails tonight."], topic="sport", score=0.5))

    def dump(first: int) -> list[dict[str, Any]]:
        rows, at = [], 0
        for number in range(first, first + 100):
            text = f"Notice {number}\nThe {'quay' if number % 1000 == 7 else 'pier'} is closed.\n"
            score = (number % 97) / 100
            place = {"index": number - first, "start": at, "end": at + len(text), "dump": f"{first}.txt", "text": text}
            guesses = [{"topic": "sport", "score": score}, {"topic": "world", "score": 0.01}]
            rows.append(
                row | place | {"id": f"{number:020d}", "digest": f"{number:064x}"}
                | {"title": f"Notice {number}", "score": score, "topics": guesses}
            )  # fmt: skip
            at += len(text)
        return rows

    run = write_run(tmp_path / "run", (dump(first) for first in range(0, 100_000, 100)))
    labels = write_labels(tmp_path / "labels")
    with served(run, labels) as place, opened(browser, f"{place.url}?sort=reading") as page:
        until(page, "document.getElementById('indexing').hidden", seconds=120)
        until(page, "document.getElementById('decided').textContent === '0 of 100,000 decided'")
        press(page, "Enter", "2")
        page.fill("#search", "quay")
        page.keyboard.press("Enter")
        until(page, "document.getElementById('list-title').textContent === '100 pieces'")
        page.goto(f"{place.url}?sort=unsure&low=90&at=999.3267.9")
        assert heading(page) == "Notice 99999"
        page.goto(f"{place.url}?sort=sure&low=96")
        assert page.inner_text("#list-title") == "1,030 pieces"
        assert page.inner_text("#decided") == "2 of 100,000 decided"
        page.click("[data-select=all]")
        press(page, "b")
    assert len(read_decisions([labels]).topics) == 1032


# Hostile input


def hostile_rows() -> list[Any]:
    script = "<script>window.hacked = 1</script><img src=x onerror='window.hacked = 1'>"
    return [
        make_rows(
            f"{script}\u202egnp.txt",
            Piece(
                [script, f"\u202eevil\u2066 {script}", "</li></ol><h1>No</h1>"],
                topic=f"x{script}",
                score=0.5,
                title=script,
            ),
            Piece(["short", "x"], topic="sport", score=0.4, title="T" * 1_000_000),
            Piece(["{{ 7 * 7 }} ${8*8} ' \" ` --> ]]>", "javascript:alert(1)"], topic="sport", score=0.3),
            Piece(["word " * 200_000], topic="sport", score=0.2),
        )
    ]


def test_hostile_text_is_shown_as_text(browser: Any, tmp_path: Path) -> None:
    run, labels = write_run(tmp_path / "run", hostile_rows()), write_labels(tmp_path / "labels")
    with served(run, labels) as place, opened(browser, f"{place.url}?sort=reading") as page:
        for _ in range(3):
            steps(page, "j")
        steps(page, "k", "k", "k")
        assert heading(page).startswith("<script>window.hacked")
        page.keyboard.press("n")
        page.keyboard.type("<script>window.hacked = 1</script>")
        press(page, "Control+Enter")
        page.fill("#search", "<script>")
        page.keyboard.press("Enter")
        page.wait_for_selector("mark.hit")
        page.keyboard.press("Escape")
        page.keyboard.press("t")
        page.keyboard.type("<img src=x onerror=window.hacked=1>")
        press(page, "Enter")
        page.reload()
        assert page.evaluate("window.hacked") is None
        assert page.locator("#piece script, #piece img, #list img").count() == 0
        assert "\u202e" not in page.inner_text("body")
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
        assert len(page.content()) < 600_000


def test_another_site_may_neither_decide_nor_read(browser: Any, coast: Served) -> None:
    """Even one that knows the whole address, from a page that has no policy of its own."""
    body = json.dumps({"action": "boilerplate", "keys": [coast.desk.roster.key(0)], "view": {}, "at": ""})
    attack = """async ([url, body, kind, mode]) => {
        const options = {method: 'POST', mode, body, headers: {'content-type': kind}};
        try { return (await fetch(url, options)).status; } catch { return 'refused'; }
    }"""
    context = browser.new_context()
    context.route(
        "http://elsewhere.test/**", lambda route: route.fulfill(body="<p>elsewhere", content_type="text/html")
    )
    page = context.new_page()
    page.goto("http://elsewhere.test/")
    answers = {
        page.evaluate(attack, [f"{coast.url}do", body, kind, mode])
        for kind in ("application/json", "text/plain")
        for mode in ("cors", "no-cors")
    }
    read = page.evaluate("url => fetch(url).then(() => 'read', () => 'refused')", coast.url)
    page.set_content(f"<form method=post enctype=text/plain action='{coast.url}do'><input name='{{' value='}}'></form>")
    page.evaluate("document.forms[0].submit()")
    page.wait_for_load_state()
    assert answers <= {"refused", 0}
    assert read == "refused"
    assert "Only this page itself" in page.inner_text("body")
    assert lines_of(coast.labels) == []
    context.close()


def test_the_page_asks_no_other_host_for_anything(browser: Any, coast: Served) -> None:
    context = browser.new_context(offline=False)
    asked: list[str] = []
    page = context.new_page()
    page.on("request", lambda request: asked.append(request.url))
    page.goto(coast.url)
    page.wait_for_selector("html.js")
    press(page, "Enter", "z")
    page.click("#help-button")
    context.close()
    assert asked
    assert all(url.startswith(coast.url) for url in asked)


# For everyone


@pytest.mark.parametrize("width", [360, 390, 600, 980, 1000, 1210, 1230, 1300])
def test_nothing_at_the_top_covers_anything_else(browser: Any, tmp_path: Path, width: int) -> None:
    def train(dumps: Path, tell: Any) -> str:
        return "never asked"

    script = """() => [...document.querySelectorAll(".top .name, .progress > *, .tools button, #saved")]
        .map(e => [e.id, e.getBoundingClientRect()]).filter(([, b]) => b.width > 1)
        .map(([id, b]) => [id, b.left, b.top, b.right, b.bottom])"""
    run, labels = write_run(tmp_path / "run", coast_rows()), write_labels(tmp_path / "labels")
    with (
        served(run, labels, train=train) as place,
        opened(browser, place.url, viewport={"width": width, "height": 800}) as page,
    ):
        press(page, "1")
        until(page, "/^Saved/.test(document.getElementById('saved').textContent)")
        boxes = page.evaluate(script)
    assert "retrain" in {name for name, *_ in boxes}
    assert all(left >= 0 and right <= width for _, left, _, right, _ in boxes)
    for k, (name, left, top, right, bottom) in enumerate(boxes):
        for other, left2, top2, right2, bottom2 in boxes[k + 1 :]:
            apart = right <= left2 + 1 or right2 <= left + 1 or bottom <= top2 + 1 or bottom2 <= top + 1
            assert apart, f"{name or 'text'} and {other or 'text'} at {width}"


@pytest.mark.parametrize(("width", "height"), [(1300, 850), (650, 425), (400, 800), (325, 212)])
def test_enlarged_or_narrow_the_page_keeps_its_keys_its_text_and_whole_sentences(
    browser: Any, coast: Served, width: int, height: int
) -> None:
    problem = (
        "/home/ada/archive/labels/review-ada.jsonl: cannot be written (No space left on device). Nothing was added."
    )
    with opened(browser, f"{coast.url}?sort=reading", viewport={"width": width, "height": height}) as page:
        assert all(page.is_visible(f"{place} kbd") for place in (".assign", "[data-do=confirm]", "[data-step='1']"))
        assert page.is_visible("#help-button")
        assert page.is_visible("#theme")
        page.evaluate(f"say({problem!r}, 'error')")
        saved, room = (page.evaluate(f"document.getElementById('saved').{name}Width") for name in ("scroll", "client"))
        assert saved <= room
        page.keyboard.press("]")
        seen = page.evaluate(
            "(box => document.elementFromPoint(box.x + 5, box.y + 5)?.closest('.para') !== null)"
            "(document.querySelector('.cursor p').getBoundingClientRect())"
        )
        assert seen


@pytest.mark.parametrize("look", ["light", "dark", "phone"])
def test_axe_finds_nothing_serious(browser: Any, coast: Served, look: str) -> None:
    axe = pytest.importorskip("axe_playwright_python.sync_playwright").Axe()
    options: dict[str, Any] = {"color_scheme": "dark" if look == "dark" else "light"}
    if look == "phone":
        options |= {"viewport": {"width": 390, "height": 844}, "has_touch": True, "is_mobile": True}

    def scan(page: Page) -> list[str]:
        found = axe.run(page).response["violations"]
        return [
            f"{rule['id']}: {node['html'][:120]}"
            for rule in found
            if rule["impact"] in ("serious", "critical")
            for node in rule["nodes"]
        ]

    with opened(browser, f"{coast.url}?sort=reading", bypass_csp=True, **options) as page:
        press(page, "Shift+Digit3", "5", "Enter", "m")
        page.keyboard.press("]")
        assert scan(page) == []
        page.keyboard.press("v")
        if look == "phone":
            page.click("#side-button")
        assert scan(page) == []
        if look != "light":
            return
        page.keyboard.press("?")
        assert scan(page) == []
        page.keyboard.press("Escape")
        page.keyboard.press("t")
        assert scan(page) == []
        page.keyboard.press("Escape")
        page.goto(f"{coast.url}?search=nothinglikeit")
        assert scan(page) == []


def test_the_text_comes_first_on_a_phone(browser: Any, coast: Served) -> None:
    phone = {"viewport": {"width": 390, "height": 844}, "has_touch": True, "is_mobile": True}
    with opened(browser, f"{coast.url}?sort=reading", **phone) as page:
        assert page.evaluate("[innerWidth, document.documentElement.scrollWidth]") == [390, 390]
        assert page.evaluate("document.getElementById('heading').getBoundingClientRect().top") < 200
        page.click(".acts [data-do=confirm]")
        until(page, "document.getElementById('decided').textContent.startsWith('1 of')")
        page.click("#side-button")
        page.click(".item:nth-child(5) a")
        until(page, "document.getElementById('heading').textContent === 'Keeper leaves the lamp'")
        assert page.is_visible("#heading")


def test_a_screen_reader_hears_where_it_is_and_what_was_saved(page: Page) -> None:
    press(page, "Enter")
    assert page.evaluate("document.activeElement.id") == "heading"
    assert page.get_attribute("#saved", "aria-live") == "polite"
    tree = page.locator("body").aria_snapshot()
    for words in ("banner", "navigation", "main", "article", 'button "Merge with the piece before"', "searchbox"):
        assert re.search(words, tree), words


def test_everything_can_be_reached_with_the_tab_key(page: Page) -> None:
    seen = set()
    for _ in range(90):
        page.keyboard.press("Tab")
        seen.add(
            page.evaluate(
                "(e => e.id || e.dataset.do || (e.dataset.step && 'step') || (e.dataset.at && 'item') || e.type)"
                "(document.activeElement)"
            )
        )
    assert {
        "search",
        "topic",
        "state",
        "sort",
        "item",
        "checkbox",
        "split",
        "note",
        "assign",
        "also",
        "confirm",
    } <= seen
    assert {"none", "boilerplate", "step", "help-button"} <= seen
