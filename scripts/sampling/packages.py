"""What package managers print: listings, trees, JSON, and the long story of an install."""

from __future__ import annotations

import json
import sys

from sampling import facts
from sampling.workshop import Sample, Workshop

PYTHON_PACKAGES = (
    "httpx==0.28.1",
    "flask-sqlalchemy==3.1.1",
    "rich==14.0.0",
    "celery==5.5.3",
    "jsonschema==4.25.0",
    "tox==4.28.4",
)
NODE_PACKAGES = ("mocha@11.7.1", "koa@3.0.1", "nodemon@3.1.10", "concurrently@9.2.0")


def make(shop: Workshop) -> None:
    """Python's side, then Node's."""
    shop.fetch(sys.executable, "-m", "venv", "venv")
    shop.fetch(str(shop.root / "venv/bin/pip"), "download", "-q", "-d", "wheels", *PYTHON_PACKAGES)
    pip = shop.version("pip --version").split(" from ")[0]
    install = "pip install -v --no-index --find-links wheels " + " ".join(PYTHON_PACKAGES)
    story = shop.run(install)
    last = facts.pick(facts.last_line(story)[0].split())
    shop.add(
        Sample(
            "pip_install.log", "logs", install, story, facts.matches(story, r"Processing (\S+)", limit=5) + last, pip
        )
    )
    listed = shop.run("pip list")
    pairs = facts.pick(line for line in listed.splitlines()[2:] if line)
    shop.add(
        Sample("pip_list.txt", "listing", "pip list", listed, [part for line in pairs for part in line.split()], pip)
    )
    shop.need("jq")
    report = "pip install --dry-run --quiet --no-index --find-links wheels --ignore-installed --report - httpx rich"
    report += " | jq '.install | del(.[].metadata.description)'"
    text = shop.run(report)
    shop.add(Sample("pip_report.json", "json", report, text, facts.json_facts(json.loads(text)), pip))
    node(shop)


def node(shop: Workshop) -> None:
    """An npm project with many small dependencies."""
    shop.need("npm")
    shop.write({"shop/package.json": '{"name": "shop", "version": "1.0.0", "private": true}\n'})
    shop.fetch(
        "npm",
        "install",
        "--silent",
        "--no-audit",
        "--no-fund",
        "--omit-lockfile-registry-resolved",
        *NODE_PACKAGES,
        folder="shop",
    )
    npm = f"npm {shop.version('npm --version')}"
    tree = shop.run("npm ls --all", "shop")
    names = facts.matches(tree, r"([\w@/.-]+@\d[\w.-]*)$", limit=8)
    shop.add(Sample("npm_ls.txt", "listing", "npm ls --all", tree, names, npm))
    nested = shop.run("npm ls --depth=3 --json", "shop")
    shop.add(
        Sample(
            "npm_ls.json",
            "json",
            "npm ls --depth=3 --json",
            nested,
            facts.json_facts(json.loads(nested)) + facts.matches(nested, r'"([\w-]+)": \{', limit=5),
            npm,
        )
    )
    query = "npm query '*' | jq -c '.[1:90][] | {name, version, license, engines, dependencies, location}'"
    lines = shop.run(query, "shop")
    values = [json.loads(line) for line in lines.splitlines()]
    shop.add(Sample("npm_query.ndjson", "json", query, lines, facts.json_facts(values), npm))
