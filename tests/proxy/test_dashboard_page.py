"""The dashboard as a person has it: in a browser, on ledgers as a proxy leaves them. Skipped where there is no Chromium."""

import json
import random
import time
from urllib.parse import urlsplit

import pytest
from dashboard_browser import ALL_DRAWN, CHROMIUM, Desk
from dashboard_seed import HOSTILE, conversation, entry, requests, seed

from headroom.ledger.entry import Segment
from headroom.ledger.ledger import Ledger
from headroom.originals.store import MemoryStore
from headroom.wire.usage import Usage

pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="there is no Chromium on PATH")
EDIT_DRAWN = "document.querySelector('#edit[open] .diff tbody tr')"


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
    assert desk.value("document.querySelectorAll('.diff tr.same .gone, .diff tr.same .new').length") == 0
    before = desk.value("document.querySelectorAll('.diff tbody tr').length")
    desk.value("document.querySelector('.diff .fold button').click()")
    assert desk.value("document.querySelectorAll('.diff tbody tr').length") > before + 20
    desk.press("Escape")
    desk.until("!document.getElementById('edit').open && document.activeElement.className === 'opener'")


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


def test_what_nothing_was_left_out_of_is_not_shown_as_lost(desk, tmp_path):
    listing = json.dumps([{"id": at, "state": "open", "kind": "issue", "title": f"Title {at}"} for at in range(60)])
    (segments, (edit,)), *_ = requests("rows", store := MemoryStore(), listing)
    Ledger(tmp_path / "ledger").add(entry(time.time() - 5, "rows", segments, (edit,)))
    assert edit.lossless
    desk.open(desk.serve(tmp_path / "ledger", store) + "/dashboard")
    assert "nothing left out" in desk.text("#edits")
    desk.value("document.querySelector('#edits .opener').click()")
    desk.until(EDIT_DRAWN)
    assert "written another way" in desk.text("#edit-legend")
    assert "not shown" not in desk.text("#edit")
    desk.stop()


def test_a_long_list_shows_its_first_rows_and_the_others_when_asked(desk, tmp_path):
    ledger = Ledger(tmp_path / "ledger")
    for at in range(25):
        ledger.add(entry(time.time() - 100 + at, f"number{at:02}", (Segment(10, 5, "logs"), Segment(10))))
    desk.open(desk.serve(tmp_path / "ledger", MemoryStore()) + "/dashboard")
    rows = "document.querySelectorAll('#conversations tbody tr').length"
    assert desk.value(rows) == 10
    desk.value("document.querySelector('#conversations .more').click()")
    assert desk.value(rows) == 25
    assert "Show" not in desk.text("#conversations")
    assert desk.value("document.activeElement.dataset.key") == "number14"
    desk.stop()


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


@pytest.mark.parametrize(
    ("call", "said"),
    [
        ("money(0)", "$0.00"),
        ("money(1234.5)", "$1,234.50"),
        ("money(0.0421)", "$0.042"),
        ("money(0.00421)", "$0.0042"),
        ("money(0.00000001)", "<$0.0001"),
        ("money(-0.2)", "\N{MINUS SIGN}$0.20"),
        ("percent(0.9965)", "99.7 %"),
        ("percent(0.99999)", "99.9 %"),
        ("percent(1)", "100 %"),
        ("percent(-0.004)", "\N{MINUS SIGN}0.4 %"),
        ("count(9999)", "9,999"),
        ("count(1234567)", "1.23M"),
        ("plural(1, 'text')", "1 text"),
        ("plural(2, 'text')", "2 texts"),
        ("milliseconds(1500)", "1.5 s"),
        ("ago(0, 7300)", "2 h ago"),
    ],
)
def test_numbers_read_as_a_person_writes_them(desk, seeded, call, said):
    if "dashboard" not in desk.value("location.pathname"):
        desk.open(f"{seeded}/dashboard")
    assert (
        desk.value(
            f"import('./dashboard/draw.js').then(({{ money, percent, count, plural, milliseconds, ago }}) => {call})"
        )
        == said
    )


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
