"""Logs of services of our own: a web server under traffic, and a Java compiler's collector; and a script that prints a bit of everything."""

from __future__ import annotations

from sampling import facts
from sampling.workshop import Sample, Workshop

TRAFFIC = r"""
import http.client, sys
port = int(sys.argv[1])
paths = ["/", "/docs/", "/docs/index.html", "/docs/install.html", "/api/orders.json", "/api/users.json", "/static/app.css"]
def ask(method, path, body=None):
    link = http.client.HTTPConnection("127.0.0.1", port)
    link.request(method, path, body)
    link.getresponse().read()
    link.close()
for turn in range(330):
    ask("GET", paths[turn * turn % len(paths)] + ("" if turn % 3 else f"?page={turn % 11}"))
    if turn == 120:
        ask("GET", "/static/../../etc/passwd")
    if turn == 171:
        ask("POST", "/api/orders.json", "{}")
    if turn in (203, 204, 260):
        ask("GET", f"/api/orders/{turn}.json")
    if turn == 288:
        ask("GET", "/docs/old guide.html".replace(" ", "%20"))
"""
SITE = {
    "site/index.html": "<h1>Shop</h1>\n",
    "site/docs/index.html": "<h1>Manual</h1>\n",
    "site/docs/install.html": "<h1>Install</h1>\n",
    "site/api/orders.json": '{"orders": [{"id": 41, "total": "19.90", "state": "paid"}, {"id": 42, "total": "7.00", "state": "open"}]}\n',
    "site/api/users.json": '{"users": ["clerk", "owner"]}\n',
    "site/static/app.css": "body { margin: 0 }\n",
}
SERVE = "python3 -u -m http.server {port} --bind 127.0.0.1 --directory site"
START = r"""
port=$(python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')
python3 -u -m http.server $port --bind 127.0.0.1 --directory site >logs/http.log 2>&1 &
server=$!
until python3 -c "import http.client, sys; http.client.HTTPConnection('127.0.0.1', $port).connect()" 2>/dev/null; do :; done
"""
SCRIPT = r"""set -x
cat api/orders.json
python3 -m json.tool api/users.json
ls -l docs static
grep -rn h1 .
python3 -c 'import json; json.load(open("static/app.css"))'
df -h --output=fstype,pcent . | head -1
git status
echo done, exit 0
"""
GARBAGE = """
import java.util.ArrayList;
import java.util.List;

public class Orders {
    public static void main(String[] args) {
        List<byte[]> open = new ArrayList<>();
        for (int day = 0; day < 60; day++) {
            for (int order = 0; order < 400; order++) open.add(new byte[4096]);
            if (day % 7 == 0) open.subList(0, open.size() / 2).clear();
            if (day % 20 == 19) { open.clear(); System.gc(); }
        }
        System.out.println(open.size() + " orders open");
    }
}
"""


def make(shop: Workshop) -> None:
    """The access log, the collector's log, the script's output."""
    shop.write({**SITE, "traffic.py": TRAFFIC, "site/look.sh": SCRIPT})
    shop.run("mkdir -p logs")
    python = shop.version("python3 --version")
    shop.run(START + "python3 traffic.py $port; kill $server")
    log = shop.clean((shop.root / "logs/http.log").read_text("utf-8"))
    odd = facts.matches(log, r'"((?:POST|GET) \S+ HTTP/1.1" (?:4|5)\d\d)', limit=8)
    shop.add(Sample("http_access.log", "logs", SERVE.format(port=8000), log, odd + log.splitlines()[:1], python))
    mixed = shop.run("bash look.sh", "site")
    kept = facts.matches(mixed, r"^\+ (.+)$", r"^(\w*Error.*|\S+Error: .*)$", r'"total": "([\d.]+)"')
    shop.add(
        Sample(
            "script_trace.txt",
            "mixed",
            "bash look.sh",
            mixed,
            kept + facts.last_line(mixed),
            shop.version("bash --version"),
        )
    )
    shop.need("java", "javac")
    shop.write({"Orders.java": GARBAGE})
    shop.run("javac Orders.java")
    collector = shop.run("java -Xmx96m -XX:+UseG1GC -Xlog:gc*,gc+heap=info:stdout:uptime,level,tags -cp . Orders")
    shop.add(
        Sample(
            "java_gc.log",
            "logs",
            "java -Xmx96m -XX:+UseG1GC -Xlog:gc* -cp . Orders",
            collector,
            gc_facts(collector),
            shop.version("java --version"),
        )
    )


def gc_facts(log: str) -> list[str]:
    """What was logged once, and how the full collections ended."""
    full = facts.matches(log, r"(Pause Full \(System\.gc\(\)\) \d+M->\d+M\(\d+M\) [\d.]+ms)$", limit=3)
    return facts.rare_lines(log, 6) + full
