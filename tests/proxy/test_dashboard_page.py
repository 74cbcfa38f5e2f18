"""The dashboard as a person has it: in a browser, on ledgers as a proxy leaves them. Skipped where there is no Chromium."""

import asyncio
import json
import random
import time
from urllib.parse import urlsplit

import pytest
from aiohttp import web
from dashboard_browser import CHROMIUM, browser
from dashboard_seed import HOSTILE, conversation, entry, requests, seed

from headroom.ledger.ledger import Ledger
from headroom.ledger.report import Report
from headroom.originals.store import MemoryStore
from headroom.proxy import dashboard
from headroom.wire.usage import Usage

pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="there is no Chromium on PATH")
ALL_DRAWN = "!document.getElementById('figures').hidden && document.querySelector('#edits table, #edits p')"
EDIT_DRAWN = "document.querySelector('#edit[open] .diff tbody tr')"


class Desk:
    """One event loop with a browser and servers in it; each call runs it until what was asked for is there."""

    def __init__(self, folder):
        self._folder, self._loop, self._runners = folder, asyncio.new_event_loop(), []
        self._browser = browser(folder)
        self.tab = self.run(self._browser.__aenter__())
        self.hosts = set()

    def run(self, waiting):
        return self._loop.run_until_complete(waiting)

    def serve(self, path, store):
        """The root of a server with the pages of this ledger."""
        app = web.Application()
        dashboard.register(app, Report(path), store)
        runner = web.AppRunner(app)
        self.run(runner.setup())
        self.run(web.TCPSite(runner, "127.0.0.1", 0).start())
        self._runners.append(runner)
        return f"http://127.0.0.1:{runner.addresses[0][1]}"

    def open(self, url, until=ALL_DRAWN):
        """Load a page and wait until it is drawn."""
        self.run(self.tab.open(url))
        self.run(self.tab.until(until))

    def value(self, expression):
        return self.run(self.tab.value(expression))

    def until(self, expression):
        return self.run(self.tab.until(expression))

    def text(self, selector="body"):
        return self.run(self.tab.text(selector))

    def press(self, key):
        self.run(self.tab.press(key))

    def stop(self, runner=None):
        """Stop one server, or the last one."""
        self.run((runner or self._runners.pop()).cleanup())

    def close(self):
        self.run(self._browser.__aexit__(None, None, None))
        while self._runners:
            self.stop()
        self._loop.close()


@pytest.fixture(scope="module")
def desk(tmp_path_factory):
    made = Desk(tmp_path_factory.mktemp("profile"))
    yield made
    made.close()


@pytest.fixture(scope="module")
def seeded(desk, tmp_path_factory):
    """The root of a server on the usual ledger."""
    path = tmp_path_factory.mktemp("ledger") / "ledger.sqlite3"
    return desk.serve(path, seed(path, time.time())[1])


@pytest.fixture
def serve(desk, tmp_path):
    """Serves a ledger with these conversations."""

    def start(**differences):
        path = tmp_path / "ledger.sqlite3"
        return desk.serve(path, seed(path, time.time(), differences)[1])

    yield start
    desk.stop()


def test_the_first_screen_says_what_was_saved(desk, seeded):
    desk.open(f"{seeded}/dashboard")
    figures = desk.value("fetch('stats').then((answer) => answer.json())")
    assert desk.text("#saved") == f"${figures['money']['paid']['saved']:.2f}"
    assert "3 requests without a known price or bill: unknown, not counted as zero" in desk.text("#saved-notes")
    tiles = desk.text("#tiles")
    for said in ("Tokens saved", "estimated", "Cache hits", "92 %", "Requests\n9", "Time added\n2.0 ms", "Failures\n3"):
        assert said in tiles
    assert "logs" in desk.text("#kinds")
    assert "Read from the cache" in desk.text("#bill")
    assert "looks like a date" in desk.text("#conversations")
    assert "broken 3 times" in desk.text("#conversations")
    assert "Please report it" in desk.text("#failures")
    assert desk.value("document.querySelectorAll('#chart .bar').length") > 3
    assert desk.tab.complaints == []


def test_no_request_leaves_for_another_host(desk, seeded):
    desk.open(f"{seeded}/dashboard")
    desk.value("document.querySelector('#edits .opener').click()")
    desk.until(EDIT_DRAWN)
    assert len(desk.tab.requests) > 6
    assert {urlsplit(url).netloc for url in desk.tab.requests} == {urlsplit(seeded).netloc}


def test_a_hostile_text_is_shown_and_does_not_run(desk, seeded):
    desk.open(f"{seeded}/dashboard")
    desk.value(
        f"[...document.querySelectorAll('#edits .opener')].find((e) => e.textContent === {json.dumps(HOSTILE)}).click()"
    )
    desk.until(EDIT_DRAWN)
    for place in ("#edits", "#conversations", "#failures", "#edit-title", "#edit-body"):
        assert HOSTILE in desk.text(place).replace("\n", ""), place
    assert desk.value("typeof window.hacked") == "undefined"
    assert desk.value("document.querySelectorAll('main img, main script, dialog img, dialog script').length") == 0
    assert desk.tab.complaints == []


def test_the_browser_itself_refuses_what_the_page_must_not_do(desk, seeded):
    desk.open(f"{seeded}/dashboard")
    assert (
        desk.value("try { document.body.innerHTML = '<b>x</b>'; 'done' } catch (error) { error.name }") == "TypeError"
    )
    outside = "fetch('http://127.0.0.2:9/').then(() => 'sent', (error) => error.name)"
    assert desk.value(outside) == "TypeError"
    assert any("Content Security Policy" in said for said in desk.tab.complaints)


def test_an_edit_opens_beside_its_original_with_the_gaps_marked(desk, serve):
    root = serve(steady={})
    desk.open(f"{root}/dashboard")
    desk.value(
        "[...document.querySelectorAll('#edits tr')].find((row) => row.innerText.includes('test_output')).querySelector('button').click()"
    )
    desk.until(EDIT_DRAWN)
    head = desk.text("#edit-sub")
    assert "tokens" in head
    assert "h:" in head
    notes = desk.value("[...document.querySelectorAll('.diff mark')].map((mark) => mark.textContent)")
    assert any("omitted" in note for note in notes)
    failed = "[...document.querySelectorAll('.diff tr.same')].map((row) => row.cells[1].textContent)"
    assert "tests/test_steady1.py::test_rate FAILED" in desk.value(failed)
    assert desk.value("document.querySelectorAll('.diff td.left.gone').length") >= 6
    before = desk.value("document.querySelectorAll('.diff tbody tr').length")
    desk.value("document.querySelector('.diff .fold button').click()")
    assert desk.value("document.querySelectorAll('.diff tbody tr').length") > before + 20
    desk.press("Escape")
    desk.until("!document.getElementById('edit').open")
    assert desk.value("document.activeElement.className") == "opener"


def test_a_numbered_line_is_the_line_it_quotes(desk, serve):
    root = serve(steady={})
    desk.open(f"{root}/dashboard")
    desk.value(
        "[...document.querySelectorAll('#edits tr')].find((row) => row.innerText.includes('logs')).querySelector('button').click()"
    )
    desk.until(EDIT_DRAWN)
    kept = desk.value(
        "[...document.querySelectorAll('.diff tr.same')].map((row) => [row.cells[0].textContent, row.cells[1].textContent])"
    )
    assert any(number == "251" and "session_timeout changed 3600 -> 36" in line for number, line in kept)


def test_an_original_that_is_gone_is_said(desk, tmp_path):
    seed(tmp_path / "ledger", time.time())
    desk.open(desk.serve(tmp_path / "ledger", MemoryStore()) + "/dashboard")
    desk.value("document.querySelector('#edits .opener').click()")
    desk.until("document.getElementById('edit-body').innerText.includes('no longer kept')")
    desk.stop()


def test_without_requests_it_says_what_to_do(desk, tmp_path):
    root = desk.serve(tmp_path / "none", MemoryStore())
    desk.open(f"{root}/t/SECRET/dashboard", until="!document.getElementById('empty').hidden")
    assert "No request yet" in desk.text()
    assert f"export ANTHROPIC_BASE_URL={root}/t/SECRET\n" in desk.text()
    desk.stop()


def test_it_refreshes_by_itself_and_says_when_the_proxy_is_gone(desk, tmp_path):
    root = desk.serve(tmp_path / "ledger", MemoryStore())
    desk.open(f"{root}/dashboard", until="!document.getElementById('empty').hidden")
    (segments, edits), *_ = requests("late", MemoryStore())
    Ledger(tmp_path / "ledger").add(entry(time.time() - 5, "late", segments, edits))
    desk.until(ALL_DRAWN)
    assert "Requests\n1" in desk.text("#tiles")
    desk.stop()
    desk.value("document.dispatchEvent(new Event('visibilitychange'))")  # as when someone looks again
    desk.until("!document.getElementById('problem').hidden")
    assert "does not answer" in desk.text("#problem")
    assert "Requests\n1" in desk.text("#tiles")


def test_money_that_was_not_paid_lost_or_unknown_is_said_so(desk, serve):
    root = serve(plan={"subscription": True})
    desk.open(f"{root}/dashboard")
    assert "API-equivalent" in desk.text("#saved-share")
    assert "API-equivalent" in desk.text("#chart-title")
    assert "nothing is paid per token" in desk.text("#saved-notes")


def test_without_a_bill_the_figure_is_unknown_and_the_chart_counts_tokens(desk, serve):
    root = serve(unbilled={"usage": None})
    desk.open(f"{root}/dashboard")
    assert desk.text("#saved") == "Not known yet"
    assert desk.text("#chart-title") == "Tokens taken out, as a running sum"
    assert "unknown" in desk.text("#tiles")
    assert "$" not in desk.text("#figures")


def test_a_loss_is_shown_as_one(desk, tmp_path):
    ledger = Ledger(tmp_path / "ledger")
    (segments, _), *_ = requests("lossy", MemoryStore())
    ledger.add(entry(time.time() - 60, "lossy", segments[:1]))
    ledger.add(entry(time.time() - 50, "lossy", segments[:1], round=1, usage=Usage(90_000, 0, 0, 0, 100)))
    desk.open(desk.serve(tmp_path / "ledger", MemoryStore()) + "/dashboard")
    assert desk.text("#saved") == "\N{MINUS SIGN}$0.27"
    assert "more than" in desk.text("#saved-share")
    assert desk.value("document.querySelectorAll('#chart .bar.under').length") == 1
    desk.stop()


def test_one_conversation_alone_and_back(desk, seeded):
    desk.open(f"{seeded}/dashboard")
    desk.value("document.querySelector('#conversations [data-key=steady]').click()")
    desk.until("document.getElementById('tiles').innerText.includes('Requests\\n3')")
    assert "Only conversation steady" in desk.text("#filter")
    assert "conversation=steady" in desk.value("location.hash")
    desk.value("document.getElementById('filter-off').click()")
    desk.until("document.getElementById('tiles').innerText.includes('Requests\\n9')")


def test_the_period_is_chosen_and_stays_in_the_address(desk, seeded):
    desk.open(f"{seeded}/dashboard")
    desk.value("document.querySelector('[data-range=day]').click()")
    desk.until("document.getElementById('tiles').innerText.includes('Requests\\n6')")
    desk.open(f"{seeded}/dashboard#range=day")
    desk.until("document.getElementById('tiles').innerText.includes('Requests\\n6')")
    assert desk.value("document.querySelector('[data-range=day]').getAttribute('aria-pressed')") == "true"


def test_the_chart_is_read_by_keyboard(desk, seeded):
    desk.open(f"{seeded}/dashboard")
    desk.value("document.querySelector('#chart svg').focus()")
    desk.press("Home")
    first = desk.text("#chart .tip")
    assert first.startswith("$0.00 so far")
    desk.press("ArrowLeft")
    assert desk.text("#chart .tip") == first
    assert "Arrow keys" in desk.value("document.querySelector('#chart svg').getAttribute('aria-label')")


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_theme_follows_the_system_until_it_is_chosen(desk, seeded, scheme):
    desk.run(desk.tab.call("Emulation.setEmulatedMedia", features=[{"name": "prefers-color-scheme", "value": scheme}]))
    desk.open(f"{seeded}/dashboard")
    dark = "getComputedStyle(document.body).backgroundColor.match(/\\d+/g).every((part) => part < 60)"
    assert desk.value(dark) == (scheme == "dark")
    for _ in range(2 if scheme == "light" else 1):
        desk.value("document.getElementById('theme').click()")
    assert desk.value(dark) == (scheme == "light")
    desk.value("localStorage.clear()")
    desk.run(desk.tab.call("Emulation.setEmulatedMedia", features=[]))


@pytest.mark.parametrize("width", [360, 768, 1280])
def test_nothing_is_wider_than_the_screen(desk, seeded, width):
    size = {"width": width, "height": 800, "deviceScaleFactor": 1, "mobile": width < 500}
    desk.run(desk.tab.call("Emulation.setDeviceMetricsOverride", **size))
    desk.open(f"{seeded}/dashboard")
    assert desk.value("document.documentElement.scrollWidth") <= width
    beyond = "[...document.querySelectorAll('.card, .tile, .table')].filter((e) => e.getBoundingClientRect().right > innerWidth)"
    assert desk.value(f"{beyond}.map((e) => e.className)") == []
    desk.run(desk.tab.call("Emulation.clearDeviceMetricsOverride"))


def test_the_comparison_tells_the_truth(desk, seeded):
    """Whatever two texts are compared: each line of both stands in it once, in order, and equal lines only are paired."""
    desk.open(f"{seeded}/dashboard")
    chance = random.Random(7)
    cases = [([chance.choice("abcdef") for _ in range(chance.randrange(30))],) * 2 for _ in range(20)]
    for _ in range(200):
        left = [
            chance.choice(["a", "b", "", "c1", "c2", "d", "}"]) + chance.choice(["", "x"])
            for _ in range(chance.randrange(25))
        ]
        right = [line for line in left if chance.random() < 0.6]
        for _ in range(chance.randrange(4)):
            right.insert(chance.randrange(len(right) + 1), chance.choice(["[note]", "}", "1: a", "new"]))
        cases.append((left, right))
    made = desk.value(
        f"import('./dashboard/diff.js').then(({{ rows }}) => {json.dumps(cases)}.map(([left, right]) => rows(left, right)))"
    )
    for (left, right), rows in zip(cases, made, strict=True):
        assert [row["left"] for row in rows if row["left"] is not None] == list(range(len(left)))
        assert [row["right"] for row in rows if row["right"] is not None] == list(range(len(right)))
        for row in rows:
            if row["kind"] == "same":
                line, told = left[row["left"]], right[row["right"]]
                assert told in (line, f"{row['left'] + 1}: {line}")
        if left == right:
            assert {row["kind"] for row in rows} <= {"same"}


def test_a_selection_of_lines_is_found_line_by_line(desk, seeded):
    desk.open(f"{seeded}/dashboard")
    left = conversation("steady")[4]["content"][0]["content"].split("\n")
    right = [*left[:5], "[6-90 omitted: 85 lines]", *left[90:]]
    kinds = desk.value(
        f"import('./dashboard/diff.js').then(({{ rows }}) => rows({json.dumps(left)}, {json.dumps(right)}).map((row) => row.kind))"
    )
    assert kinds.count("same") == len(right) - 1
