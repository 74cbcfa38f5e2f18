"""What the pages answer, byte by byte; what a person sees of it is in test_dashboard_page."""

import asyncio
import json
import re
import time
from importlib.resources import files

import pytest
from aiohttp import ClientSession, web
from dashboard_seed import HOSTILE, seed

from headroom.blocks import Decision
from headroom.compression.markers import handle_of
from headroom.ledger.report import Report
from headroom.originals.facts import remember
from headroom.originals.sqlite import SqliteStore
from headroom.originals.store import MemoryStore
from headroom.proxy import dashboard

PAGES = ("/dashboard", "/dashboard/style.css", "/dashboard/dashboard.js", "/dashboard/data", "/stats", "/metrics")


def ask(report, store, *paths):
    """What a server with these pages answers, path by path: status, headers, text."""

    async def talk():
        app = web.Application()
        dashboard.register(app, report, store)
        runner = web.AppRunner(app)
        await runner.setup()
        site = web.TCPSite(runner, "127.0.0.1", 0)
        await site.start()
        root = f"http://127.0.0.1:{runner.addresses[0][1]}"
        found = []
        async with ClientSession() as session:
            for path in paths:
                async with session.get(root + path) as answer:
                    found.append((answer.status, answer.headers.copy(), await answer.text()))
        await runner.cleanup()
        return found

    return asyncio.run(talk())


@pytest.fixture(scope="module")
def path(tmp_path_factory):
    return tmp_path_factory.mktemp("ledger") / "ledger.sqlite3"


@pytest.fixture(scope="module")
def store(path):
    return seed(path, time.time())[1]


@pytest.fixture
def report(path, store):
    del store
    return Report(path)


def test_every_page_keeps_other_hosts_and_frames_out(report, store):
    for status, headers, _ in ask(report, store, *PAGES, "/dashboard/edit/00"):
        assert status in (200, 404)
        assert headers["Content-Security-Policy"].startswith("default-src 'self';")
        assert "frame-ancestors 'none'" in headers["Content-Security-Policy"]
        assert "unsafe" not in headers["Content-Security-Policy"]
        assert headers["X-Content-Type-Options"] == "nosniff"
        assert headers["Cache-Control"] == "no-store"
        assert "Access-Control-Allow-Origin" not in headers


def test_every_file_of_the_page_is_served_with_its_type(report, store):
    names = [entry.name for entry in (files("headroom.proxy") / "page").iterdir() if entry.name != "index.html"]
    kinds = {"css": "text/css", "js": "text/javascript", "svg": "image/svg+xml"}
    assert len(names) >= 5
    for name, (status, headers, text) in zip(
        names, ask(report, store, *(f"/dashboard/{n}" for n in names)), strict=True
    ):
        assert (status, headers["Content-Type"].partition(";")[0]) == (200, kinds[name.partition(".")[2]])
        assert text == (files("headroom.proxy") / "page" / name).read_text("utf-8")


def test_the_page_names_no_other_host_and_works_below_a_token(report, store):
    for entry in (files("headroom.proxy") / "page").iterdir():
        found = set(re.findall(r"\w+://[^\s\"'`<>]+", entry.read_text("utf-8")))
        assert found <= {"http://www.w3.org/2000/svg"}
    html = (files("headroom.proxy") / "page" / "index.html").read_text("utf-8")
    linked = re.findall(r'(?:href|src)="([^"#]+)"', html)
    assert len(linked) >= 5
    assert not any(link.startswith(("/", "http")) for link in linked)
    answers = ask(report, store, *(f"/t/SECRET/{link}" for link in linked), "/t/SECRET/dashboard/data")
    assert {status for status, *_ in answers} == {200}


def test_nothing_else_lies_below_the_page(report, store):
    asked = ("/dashboard/../stats.py", "/dashboard/%2e%2e/dashboard.py", "/dashboard/index.html", "/dashboard/edit/")
    assert {status for status, *_ in ask(report, store, *asked)} == {404}


def test_an_edit_before_and_after(report, store):
    edit = report.edits()[0]
    ((status, _, text),) = ask(report, store, f"/dashboard/edit/{edit.key}")
    found = json.loads(text)
    assert status == 200
    assert found["before"] == store.original(edit.handle)
    assert found["after"] == store.decisions([edit.key])[edit.key].text
    assert HOSTILE in found["before"]
    assert not found["cut"]


def put(text, became):
    """A store with one decision, and its key."""
    store, key, handle = MemoryStore(), "ab" * 16, handle_of(text)
    store.put({handle: text}, [Decision(key, became, "logs", True, handle, 10, 5)])
    return store, key


def test_a_long_edit_is_cut_and_says_so(report):
    store, key = put("x" * (dashboard.LONGEST + 1), "short")
    ((_, _, text),) = ask(report, store, f"/dashboard/edit/{key}")
    assert len(json.loads(text)["before"]) == dashboard.LONGEST
    assert json.loads(text)["cut"]


def test_a_lone_surrogate_arrives(report):
    store, key = put("half a character: \ud83d", "half: \ud83d")
    ((status, _, text),) = ask(report, store, f"/dashboard/edit/{key}")
    assert status == 200
    assert json.loads(text)["after"] == "half: \ud83d"


def test_only_edits_are_shown(report):
    store, key = put("a text", None)
    remember(store, {"hidden-turn": "not for a browser"})
    asked = [
        f"/dashboard/edit/{name}" for name in (key, "fact:hidden-turn", "fact%3Ahidden-turn", "0" * 32, "x" * 5000)
    ]
    for status, _, text in ask(report, store, *asked):
        assert status == 404
        assert "no longer kept" in json.loads(text)["error"]


def test_what_cannot_be_read_is_said(tmp_path):
    for name in ("ledger", "store"):
        (tmp_path / name).write_bytes(b"no database" * 100)
    broken, store = Report(tmp_path / "ledger"), SqliteStore(tmp_path / "store")
    for status, headers, text in ask(
        broken, store, "/stats", "/metrics", "/dashboard/data", "/dashboard/edit/" + "0" * 32
    ):
        assert (status, headers["Content-Type"]) == (503, "application/json")
        assert "is damaged" in json.loads(text)["error"]


@pytest.mark.parametrize(
    "query", ["seconds=x", "seconds=nan", "seconds=-5", "seconds=1e300", "offset=inf", "offset=1e99"]
)
def test_a_query_that_makes_no_sense_asks_for_everything(report, store, query):
    ((status, _, text),) = ask(report, store, f"/dashboard/data?{query}")
    assert status == 200
    assert json.loads(text)["totals"]["requests"] == 9


def test_a_period_is_taken_by_all(report, store):
    asked = ask(report, store, "/stats?seconds=20000", "/dashboard/data?seconds=20000", "/stats")
    assert [json.loads(text).get("requests") for *_, text in asked] == [3, None, 9]
    assert json.loads(asked[1][2])["totals"]["requests"] == 3
