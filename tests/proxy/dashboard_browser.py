"""A headless Chromium, spoken to over its own debugging protocol: what a user of the dashboard sees and does.

Nothing waits by the clock: `until` resolves inside the page as soon as what it waits for is there, and fails after
`LONGEST_WAIT`. No request can leave this machine: every other name resolves to nothing.
"""

import asyncio
import json
import shutil
import subprocess
from contextlib import asynccontextmanager
from pathlib import Path

import aiohttp
from aiohttp import web

from headroom.ledger.report import Report
from headroom.proxy import dashboard

LONGEST_WAIT = 60
"""Seconds. Against hangs; a busy machine is not a broken one."""
CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome", "chrome"))), None)
FLAGS = (
    "--headless=new",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
    "--no-proxy-server",
    "--remote-debugging-port=0",
    "--host-resolver-rules=MAP * ~NOTFOUND , EXCLUDE 127.0.0.1",
)
WAIT = """new Promise((done) => {
  const look = () => { let found; try { found = (%s); } catch { found = null; } if (found) done(found); else setTimeout(look, 10); };
  look();
})"""


class Tab:
    """One page, and everything it asked for or complained about."""

    def __init__(self, socket):
        self._socket = socket
        self._number = 0
        self.requests = []
        self.complaints = []

    async def call(self, method, **parameters):
        """A command of the protocol, and its answer."""
        return await asyncio.wait_for(self._call(method, parameters), LONGEST_WAIT)

    async def _call(self, method, parameters):
        self._number += 1
        await self._socket.send_json({"id": self._number, "method": method, "params": parameters})
        while True:
            message = json.loads((await self._socket.receive()).data)
            if message.get("id") == self._number:
                assert "error" not in message, message
                return message["result"]
            self._note(message)

    def _note(self, message):
        match message.get("method"), message.get("params"):
            case "Network.requestWillBeSent", said:
                self.requests.append(said["request"]["url"])
            case "Runtime.exceptionThrown", said:
                self.complaints.append(said["exceptionDetails"].get("exception", {}).get("description", "exception"))
            case "Log.entryAdded", said:
                self.complaints.append(said["entry"]["text"])

    async def open(self, url):
        """Load a page anew; what was asked for and complained about before is forgotten."""
        for domain in ("Page", "Runtime", "Network", "Log"):
            await self.call(f"{domain}.enable")
        await self.call("Page.navigate", url="about:blank")
        self.requests.clear()
        self.complaints.clear()
        await self.call("Page.navigate", url=url)

    async def value(self, expression):
        """What an expression gives, as JSON; a promise is waited for."""
        given = await self.call("Runtime.evaluate", expression=expression, awaitPromise=True, returnByValue=True)
        assert "exceptionDetails" not in given, given["exceptionDetails"]
        return given["result"].get("value")

    async def until(self, expression):
        """Wait until an expression is true in the page."""
        return await self.value(WAIT % expression)

    async def text(self, selector="body"):
        """What a user reads there."""
        return await self.value(f"document.querySelector({json.dumps(selector)}).innerText")

    async def press(self, key):
        """One key on the keyboard."""
        for kind in ("rawKeyDown", "keyUp"):
            await self.call("Input.dispatchKeyEvent", type=kind, key=key, code=key, windowsVirtualKeyCode=KEYS[key])


KEYS = {"Escape": 27, "ArrowLeft": 37, "Home": 36}


@asynccontextmanager
async def browser(folder: Path):
    """A browser with a profile of its own in `folder`; gives a function that opens tabs."""
    process = await asyncio.create_subprocess_exec(
        CHROMIUM, *FLAGS, f"--user-data-dir={folder}", "about:blank", stdout=subprocess.DEVNULL, stderr=subprocess.PIPE
    )
    try:
        async with aiohttp.ClientSession() as session:
            root = await asyncio.wait_for(_listening(process.stderr), LONGEST_WAIT)
            drain = asyncio.create_task(_drain(process.stderr))
            async with session.put(f"{root}/json/new?about:blank") as answer:
                address = json.loads(await answer.text())["webSocketDebuggerUrl"]
            async with session.ws_connect(address, max_msg_size=0) as socket:
                yield Tab(socket)
            drain.cancel()
    finally:
        process.kill()
        await process.wait()


async def _listening(errors):
    """The address of its debugging port, as it prints it."""
    while line := await errors.readline():
        _, mark, rest = line.decode("utf-8", "replace").partition("DevTools listening on ws://")
        if mark:
            return f"http://{rest.partition('/')[0]}"
    raise AssertionError("the browser ended at start")


async def _drain(errors):
    while await errors.readline():
        pass


ALL_DRAWN = "!document.getElementById('figures').hidden && document.querySelector('#edits table, #edits p')"


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
