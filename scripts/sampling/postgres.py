"""A PostgreSQL server with some traffic and a few things going wrong: its log, its tables, its processes."""

from __future__ import annotations

import json
import os
import shlex
import shutil
import socket
from pathlib import Path

from sampling import facts
from sampling.workshop import Sample, ToolMissingError, Workshop

CONFIG = """
listen_addresses = '127.0.0.1'
unix_socket_directories = '{root}/run'
port = {port}
timezone = 'UTC'
log_timezone = 'UTC'
log_line_prefix = '%m [%p] %q%u@%d '
log_statement = 'all'
log_connections = on
log_disconnections = on
log_checkpoints = on
fsync = off
deadlock_timeout = '200ms'
"""
HBA = "local all all trust\nhost all all 127.0.0.1/32 scram-sha-256\n"
SETTINGS = """select name, setting, unit, category, context, vartype, source, min_val, max_val, boot_val, pending_restart
from pg_settings where category ~ 'Write-Ahead|Query|Reporting' order by name"""
RECORDS = f"select json_agg(s) from ({SETTINGS}) s"  # noqa: S608 -- nothing in it comes from outside
TABLES = """select relname, relkind, relpages, reltuples::int, relhasindex, relpersistence, pg_relation_size(oid) as bytes
from pg_class where relkind in ('r', 'i') order by relname limit 100"""
STATEMENTS = """select tid, bid, aid, delta, mtime from pgbench_history order by mtime, tid"""


class Server:
    """A cluster of its own, below the workshop."""

    def __init__(self, shop: Workshop) -> None:
        """Find the programs, make the cluster, start it."""
        bins = sorted(Path("/usr/lib/postgresql").glob("*/bin"))
        found = shutil.which("initdb")
        if not bins and not found:
            raise ToolMissingError("initdb")
        self.bin = bins[-1] if bins else Path(str(found)).parent
        self.shop = shop
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]
        self.as_user = "runuser -u postgres -- " if os.geteuid() == 0 else ""
        shop.run("mkdir pg run logs && chmod 777 pg run logs")
        if self.as_user:
            shop.run("chown postgres pg run logs")
        self.server("initdb -D pg/data -U postgres --no-sync --locale=C.UTF-8")
        shop.write({"extra.conf": CONFIG.format(root=shop.root, port=self.port), "hba.conf": HBA})
        shop.run("cat extra.conf >> pg/data/postgresql.conf && cat hba.conf > pg/data/pg_hba.conf")
        self.server("pg_ctl -D pg/data -l logs/postgresql.log -w start >/dev/null")

    def server(self, command: str) -> str:
        """Run one of the server's programs, as a user that is not root."""
        return self.shop.run(f"{self.as_user}{self.bin}/{command}")

    def psql(self, statement: str, options: str = "", database: str = "shop") -> str:
        """Run a statement."""
        return self.shop.run(f"psql -X {self._to(database)} {options} -c {shlex.quote(statement)}")

    def shell(self, command: str) -> str:
        """Run a client program (`{to}` stands for the way to the server)."""
        return self.shop.run(command.replace("{to}", self._to("shop")))

    def _to(self, database: str) -> str:
        return f"-h {self.shop.root}/run -p {self.port} -U postgres {database}"


def make(shop: Workshop) -> None:
    """Start the server, use it, sample it, stop it."""
    shop.need("psql", "pgbench")
    server = Server(shop)
    try:
        use(server)
        sample_tables(shop, server)
        quiet = "-c log_statement=none -c log_connections=off -c log_disconnections=off"
        busy = "pgbench -n -c 12 -T 2 {to} >/dev/null 2>&1 & sleep 1; ps -fu postgres; wait"
        processes = server.shell(f"export PGOPTIONS='{quiet}'; {busy}") if server.as_user else ""
    finally:
        server.server("pg_ctl -D pg/data -m fast -w stop >/dev/null")
    version = shop.version(f"{server.bin}/postgres --version")
    log = shop.clean((shop.root / "logs/postgresql.log").read_text("utf-8"))
    found = facts.rare_lines(log, 16) + facts.red_lines(log, 6) + facts.matches(log, r"(parameter .* changed to .*)$")
    shop.add(Sample("postgresql.log", "logs", "cat /var/log/postgresql/postgresql.log", log, found, version))
    if processes:
        names = facts.matches(processes, r"postgres: ([^\n]+)", limit=5)
        shop.add(Sample("ps.txt", "listing", "ps -fu postgres", processes, names, shop.version("ps --version")))


def use(server: Server) -> None:
    """Ordinary traffic, and between it what a reader of the log should find."""
    server.psql("create database shop", database="postgres")
    server.shell("pgbench -i -s 1 -q {to}")
    server.shell("pgbench -n -c 2 -t 14 {to}")
    server.psql("alter system set work_mem = '64kB'")
    server.psql("select pg_reload_conf()")
    server.shell("pgbench -n -c 2 -t 5 {to}")
    server.psql("create role clerk login password 'right'")
    server.shop.run(f"psql -X -h 127.0.0.1 -p {server.port} -U clerk shop -c 'select 1'", PGPASSWORD="wrong")
    server.psql("select total from invoices where id = 7")
    server.psql("insert into pgbench_branches values (1, 0, null)")
    first = "begin; update pgbench_tellers set tbalance = 1 where tid = 1; select pg_sleep(1); update pgbench_tellers set tbalance = 1 where tid = 2; commit"
    second = first.replace("tid = 1", "tid = 0").replace("tid = 2", "tid = 1").replace("tid = 0", "tid = 2")
    options = " ".join(f"-c {shlex.quote(part)}" for part in first.split("; "))
    others = " ".join(f"-c {shlex.quote(part)}" for part in second.split("; "))
    server.shell(f"psql -X {{to}} {options} & psql -X {{to}} {others}; wait")
    server.psql("set statement_timeout = '50ms'; select pg_sleep(3)")
    server.shell("pgbench -n -c 2 -t 5 {to}")


def sample_tables(shop: Workshop, server: Server) -> None:
    """Query results in the shapes that psql prints."""
    version = shop.version("psql --version")
    records = server.psql(RECORDS, "-At")
    value = json.loads(records)
    shop.add(
        Sample(
            "settings.json",
            "json",
            f'psql shop -At -c "{" ".join(RECORDS.split())}"',
            records,
            facts.json_facts(value),
            version,
        )
    )
    csv = server.psql(SETTINGS, "--csv")
    header, *rows = csv.splitlines()
    middle = [cell for row in facts.pick(rows) for cell in row.split(",")[:2] if len(cell) > 2]
    shop.add(
        Sample(
            "settings.csv",
            "tables",
            f'psql shop --csv -c "{" ".join(SETTINGS.split())}"',
            csv,
            facts.pick(header.split(","), (0, 0.5, 1)) + list(dict.fromkeys(middle)),
            version,
        )
    )
    table = server.psql(TABLES)
    names = facts.matches(table, r"^ (\w+) +\| ", limit=6) + facts.matches(table, r"^ pg\w+ .*\| +(\d{5,})$", limit=3)
    shop.add(
        Sample(
            "relations.txt",
            "tables",
            f'psql shop -c "{" ".join(TABLES.split())}"',
            table,
            names + facts.last_line(table),
            version,
        )
    )
    tsv = server.psql(f"copy ({STATEMENTS}) to stdout with (format text, header)")
    times = facts.matches(tsv, r"(\d\d:\d\d:\d\d\.\d+)$", limit=6)
    shop.add(
        Sample(
            "history.tsv",
            "tables",
            f'psql shop -c "copy ({STATEMENTS}) to stdout with (format text, header)"',
            tsv,
            times,
            version,
        )
    )
