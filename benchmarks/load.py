"""The proxy under load, beside the direct way and the original: one run, on loopback alone, bounded in count and time.

    python benchmarks/load.py [--quick] [--original VENV] [--requests 10000] [--out FILE.md] [--json FILE.json]

A provider that answers at once stands behind each proxy; client and provider share the machine's cores with it. Times
added are differences of medians (or 95th percentiles) to the direct way, measured in turns, request by request. "New" is
text that was never sent before, all of it tool output; "seen" is the same request again. VENV holds `headroom-ai==0.42.0`
with its proxy; it runs with `--no-rate-limit --no-cache`, offline.
"""

import argparse
import asyncio
import json
import statistics
import tempfile
import time
from contextlib import suppress
from itertools import count, pairwise
from pathlib import Path

import load_systems
from load_bodies import made, next_turn
from load_wire import RECEIVED, AnswerError, Client, loop

TARGETS = {
    "start to healthy, s": 1,
    "idle memory, MB": 120,
    "added at 20 KB, new, ms p50": 4,
    "added at 20 KB, seen, ms p50": 4,
    "added at 400 KB, new, ms p50": 40,
    "added at 400 KB, seen, ms p50": 6,
    "added at a 400 KB session's next turn, ms p50": 40,
    "requests/s at 20 KB, new, 16 clients": 300,
    "requests/s at 20 KB, seen, 16 clients": 300,
    "requests/s at 400 KB, new, 16 clients": 25,
    "requests/s at 400 KB, seen, 16 clients": 25,
    "first byte of a stream later, ms p50": 2,
    "added per event, ms": 0.05,
    "longest pause of a stream beside 20 MB, ms": 20,
    "20 MB through, s": 5,
    "34 conversations, compressed": 34,
    "500 conversations, compressed": 500,
    "memory after the load, MB": 250,
    "200 clients at once, errors": 0,
}
numbers = count(1)
"""Every request that is new has the next one."""


def ms(values, share=0.5):
    """A percentile of seconds, in milliseconds."""
    ordered = sorted(values)
    return 1000 * ordered[min(len(ordered) - 1, int(share * len(ordered)))]


async def latency(systems, kb, *, seen, most, seconds):
    """Added p50 and p95: one client, the systems in turns; each at most `most` requests and `seconds`."""
    clients = {system.name: Client(system.url) for system in systems}
    took = {system.name: [] for system in systems}
    same = made(kb, next(numbers))
    if seen:
        for client in clients.values():
            await client.ask(same)
    for _ in range(most):
        for name, client in clients.items():
            if sum(took[name]) < seconds:
                body = same if seen else made(kb, next(numbers))
                took[name].append((await client.ask(body))[2])
    for client in clients.values():
        client.close()
    what = f"added at {kb} KB, {'seen' if seen else 'new'}, ms"
    return {
        name: {
            f"{what} p50": ms(values) - ms(took["direct"]),
            f"{what} p95": ms(values, 0.95) - ms(took["direct"], 0.95),
        }
        for name, values in took.items()
    }


async def turns(systems, most, seconds):
    """What the next turn of a long session waits longer: one result is new, all else was sent before."""
    clients = {system.name: Client(system.url) for system in systems}
    took = {system.name: [] for system in systems}
    for _ in range(most):
        for name, client in clients.items():
            if sum(took[name]) < seconds:
                before, after = next_turn(next(numbers))
                await client.ask(before)
                took[name].append((await client.ask(after))[2])
    what = "added at a 400 KB session's next turn, ms p50"
    return {name: {what: ms(values) - ms(took["direct"])} for name, values in took.items()}


async def throughput(system, kb, *, seen, most, seconds, clients=16):
    """Requests a second with so many clients."""
    bodies = [made(kb, next(numbers))] * most if seen else [made(kb, next(numbers)) for _ in range(most)]
    left = iter(bodies)
    done = 0
    if seen:
        await Client(system.url).ask(bodies[0])

    async def one():
        nonlocal done
        client = Client(system.url)
        for body in left:
            await client.ask(body)
            done += 1
            if time.perf_counter() - began > seconds:
                break
        client.close()

    began = time.perf_counter()
    await asyncio.gather(*(one() for _ in range(clients)))
    return {
        f"requests/s at {kb} KB, {'seen' if seen else 'new'}, {clients} clients": done / (time.perf_counter() - began)
    }


async def streams(systems, rounds):
    """How much later a stream begins, and what each event costs."""
    first = {system.name: [] for system in systems}
    each = {system.name: [] for system in systems}
    short, long = (made(20, next(numbers), stream=True, events=events) for events in (20, 2000))
    clients = {system.name: Client(system.url) for system in systems}
    for at in range(rounds + 1):
        for name, client in clients.items():
            _, begins, _ = await client.ask(short)
            _, starts, total = await client.ask(long)
            if at:  # the first time is not yet seen
                first[name].append(begins)
                each[name].append((total - starts) / 2000)
    return {
        name: {
            "first byte of a stream later, ms p50": ms(first[name]) - ms(first["direct"]),
            "added per event, ms": ms(each[name]) - ms(each["direct"]),
        }
        for name in first
    }


async def pause(system, big_url, mb, seconds):
    """The longest pause in a stream of an event every 5 ms while a large request passes, and how long that takes."""
    big = made(1000 * mb, next(numbers), form="chat")
    arrivals, said = [], {}
    stream = asyncio.ensure_future(
        Client(system.url).ask(
            made(20, next(numbers), stream=True, events=int(seconds / 0.005), gap=0.005), arrivals=arrivals
        )
    )
    await asyncio.sleep(1)

    def send():
        with suppress(AnswerError):
            _, _, said["through"] = asyncio.run(Client(big_url).ask(big, "/v1/chat/completions"))

    began = time.perf_counter()
    await asyncio.to_thread(send)  # a loop of its own: what it costs to send must not count as a pause
    ended = time.perf_counter()
    stream.cancel()
    with suppress(asyncio.CancelledError, AnswerError):
        await stream
    during = [at for at in arrivals if began - 0.1 <= at <= ended + 0.1]
    gaps = [after - before for before, after in pairwise(during)]
    return {
        f"longest pause of a stream beside {mb} MB, ms": 1000 * max(gaps, default=float("nan")),
        f"{mb} MB through, s": said.get("through", float("nan")),
    }


async def conversations(system, number, seconds):
    """How many of so many conversations with one system prompt reach the provider lighter."""
    began, lighter = time.perf_counter(), 0
    bodies = [made(20, next(numbers)) for _ in range(number)]
    left = iter(bodies)

    async def one():
        nonlocal lighter
        client = Client(system.url)
        for body in left:
            if time.perf_counter() - began > seconds:
                break
            found = RECEIVED.search((await client.ask(body))[0])
            lighter += bool(found) and int(found[1]) < 0.9 * len(body)
        client.close()

    await asyncio.gather(*(one() for _ in range(4)))
    return {f"{number} conversations, compressed": lighter}


async def crowd(system, seconds, clients=200):
    """So many clients at once, new and seen, plain and streamed: what did not come back whole."""
    began, asked, errors = time.perf_counter(), 0, {}
    common = [made(20, next(numbers), stream=stream) for stream in (False, True) for _ in range(10)]

    async def one(at):
        nonlocal asked
        client = Client(system.url)
        for turn in count(at):
            if time.perf_counter() - began > seconds:
                break
            asked += 1
            try:
                await client.ask(common[turn % len(common)] if turn % 4 else made(20, next(numbers)))
            except AnswerError as error:
                errors[str(error)] = errors.get(str(error), 0) + 1
        client.close()

    await asyncio.gather(*(one(at) for at in range(clients)))
    if errors:
        print(f"{system.name}: {errors}", flush=True)
    return {"200 clients at once, requests": asked, "200 clients at once, errors": sum(errors.values())}


async def memory(system, requests, seconds):
    """Memory at a tenth, the half and the end of so many requests with new text."""
    found, began, done = {}, time.perf_counter(), 0
    marks = {requests // 10: "a tenth", requests // 2: "half", requests: "all"}

    async def one():
        nonlocal done
        client = Client(system.url)
        while done < requests and time.perf_counter() - began < seconds:
            done += 1
            if done in marks:
                found[f"memory after {marks[done]} of {requests:,} requests, MB"] = system.memory()
            await client.ask(made(20, next(numbers)))
        client.close()

    await asyncio.gather(*(one() for _ in range(8)))
    return found


class Run:
    """One run: its systems, how much of everything, and what was found."""

    def __init__(self, options, systems, upstreams):
        self.options, self.systems, self.upstreams = options, systems, upstreams
        self.quick = options.quick
        self.proxies = [system for system in systems if system.name != "direct"]
        self.found = {system.name: {} for system in systems}

    def note(self, name, figures):
        """Keep figures, and say them."""
        self.found[name] |= figures
        for figure, value in figures.items():
            print(f"{name:9} {figure}: {value:.3g}", flush=True)

    async def all(self):
        """Every figure of every system: {system: {figure: value}}."""
        await asyncio.sleep(2 if self.quick else 8)
        for system in self.proxies:
            self.note(system.name, {"start to healthy, s": system.started, "idle memory, MB": system.memory()})
        await self.one_client()
        await self.many_clients()
        for system in self.systems:
            big = self.upstreams[1].url if system.name == "direct" else system.url
            tries = [await pause(system, big, 20, 60) for _ in range(1 if self.quick else 3)]
            self.note(system.name, {name: statistics.median(each[name] for each in tries) for name in tries[0]})
        for number in (34,) if self.quick else (34, 500):
            for system in self.proxies:
                self.note(system.name, await conversations(system, number, 10 if self.quick else 120))
        for system in self.proxies:
            self.note(system.name, await crowd(system, 5 if self.quick else self.options.seconds))
            if system.name == "ours":
                requests = self.options.requests // (20 if self.quick else 1)
                self.note(system.name, await memory(system, requests, 10 if self.quick else 200))
            self.note(system.name, {"memory after the load, MB": system.memory()})
        return self.found

    async def one_client(self):
        """What one client waits longer."""
        for kb, seen in ((20, True), (20, False), (400, True), (400, False)):
            most, seconds = (30, 2) if self.quick else (300 if kb == 20 else 60, 15)
            for name, figures in (await latency(self.systems, kb, seen=seen, most=most, seconds=seconds)).items():
                self.note(name, figures)
        for name, figures in (await turns(self.systems, 5 if self.quick else 30, 3 if self.quick else 15)).items():
            self.note(name, figures)
        for name, figures in (await streams(self.systems, 3 if self.quick else 15)).items():
            self.note(name, figures)

    async def many_clients(self):
        """How much passes."""
        for kb, seen, most in ((20, True, 6000), (20, False, 3000), (400, True, 1000), (400, False, 200)):
            for system in self.systems:
                share = (10 if self.quick else 1) * (10 if system.name == "original" else 1)
                seconds = 3 if self.quick else 12
                self.note(system.name, await throughput(system, kb, seen=seen, most=most // share, seconds=seconds))


def table(found):
    """The figures as a markdown table."""
    names = list(found)
    rows = list(dict.fromkeys(figure for figures in found.values() for figure in figures))
    lines = [f"| what | target | {' | '.join(names)} |", "|---|---:|" + "---:|" * len(names)]
    for row in rows:
        cells = [
            f"{found[name][row]:,.{2 if abs(found[name][row]) < 10 else 0}f}" if row in found[name] else "-"
            for name in names
        ]
        lines.append(f"| {row} | {TARGETS.get(row, '-')} | {' | '.join(cells)} |")
    return "\n".join([*lines, ""])


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="under a minute, with fewer of everything")
    parser.add_argument("--original", type=Path, metavar="VENV")
    parser.add_argument("--requests", type=int, default=10_000, help="of the run that watches the memory")
    parser.add_argument("--seconds", type=float, default=60, help="of the run with 200 clients")
    parser.add_argument("--out", type=Path)
    parser.add_argument("--json", type=Path)
    options = parser.parse_args()
    upstreams = [load_systems.provider(), load_systems.provider()]
    systems = [upstreams[0]]
    with tempfile.TemporaryDirectory(prefix="load-", ignore_cleanup_errors=True) as folder:
        homes = [Path(folder, name) for name in ("ours", "original")]
        for home in homes:
            home.mkdir()
        try:
            urls = [upstream.url for upstream in upstreams]
            systems.append(load_systems.ours(homes[0], *urls))
            if options.original:
                systems.append(load_systems.original(options.original, homes[1], *urls))
            found = loop()(Run(options, systems, upstreams).all())
        finally:
            for system in (*systems, *upstreams):
                system.stop()
    text = table(found)
    print(text)
    if options.out:
        options.out.write_text(text, "utf-8")
    if options.json:
        options.json.write_text(json.dumps(found, indent=1) + "\n", "utf-8")


if __name__ == "__main__":
    main()
