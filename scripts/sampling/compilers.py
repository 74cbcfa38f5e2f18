"""Compilers and linters on projects that do not compile."""

from __future__ import annotations

import json
import sys

from sampling import facts, projects
from sampling.workshop import Sample, ToolMissingError, Workshop

_PLACES = (r"^(\S+?[:(]\d+[:,]\d+)", r"^\s*--> (\S+:\d+:\d+)", r"^(\S+\.java:\d+)")
_MESSAGES = (r"(?:error|warning)(?:\[\w+\])?:? +(.{10,})$", r"error TS\d+: (.+)$")


def make(shop: Workshop) -> None:
    """One sample a tool; what is missing is skipped, and named at the end."""
    missing = []
    for recipe in (make_and_gcc, java, rust, python, node):
        try:
            recipe(shop)
        except ToolMissingError as error:
            missing.append(str(error))
    if missing:
        raise ToolMissingError(", ".join(missing))


def red(text: str, limit: int = 4) -> list[str]:
    """Places and messages."""
    return facts.matches(text, *_PLACES, *_MESSAGES, limit=limit)


def make_and_gcc(shop: Workshop) -> None:
    """A C project with a Makefile."""
    shop.need("make", "gcc")
    parts = {
        f"{name}.c": projects.MORE_C.format(name=name)
        for name in ("tax", "stock", "orders", "clients", "prices", "parcels")
    }
    shop.write(
        {
            **parts,
            "ledger.c": projects.LEDGER_C,
            "ledger.h": projects.LEDGER_H,
            "main.c": projects.MAIN_C,
            "Makefile": projects.MAKEFILE,
        },
        "ledger",
    )
    run = shop.run("make -k CC=gcc", "ledger")
    shop.add(
        Sample(
            "make_gcc.txt",
            "test_output",
            "make -k",
            run,
            red(run) + facts.last_line(run),
            shop.version("gcc --version"),
        )
    )


def java(shop: Workshop) -> None:
    """A class full of errors."""
    shop.need("javac")
    shop.write({"src/shop/Invoice.java": projects.JAVA}, "invoice")
    fixed = projects.JAVA.replace("/ 100 }", "/ 100; }")
    before = shop.run("javac -Xlint:all -d out src/shop/Invoice.java", "invoice")
    shop.write({"src/shop/Invoice.java": fixed}, "invoice")
    run = before + shop.run("javac -Xlint:all -d out src/shop/Invoice.java", "invoice")
    shop.add(
        Sample(
            "javac.txt",
            "test_output",
            "javac -Xlint:all -d out src/shop/Invoice.java",
            run,
            red(run) + facts.last_line(run),
            shop.version("javac -version"),
        )
    )


def rust(shop: Workshop) -> None:
    """Borrow and type errors, as text and as a stream of JSON."""
    shop.need("cargo")
    shop.write(
        {
            "Cargo.toml": '[package]\nname = "orders"\nversion = "0.1.0"\nedition = "2021"\n',
            "src/lib.rs": projects.RUST,
        },
        "orders",
    )
    run = shop.run("cargo build", "orders")
    version = shop.version("cargo --version")
    shop.add(Sample("cargo_build.txt", "test_output", "cargo build", run, red(run) + facts.last_line(run), version))
    stream = shop.run("cargo check --quiet --message-format=json", "orders")
    stream = "".join(line + "\n" for line in stream.splitlines() if line.startswith("{"))
    values = [json.loads(line) for line in stream.splitlines()]
    shop.add(
        Sample(
            "cargo_check.ndjson",
            "json",
            "cargo check --quiet --message-format=json",
            stream,
            facts.json_facts(values),
            version,
        )
    )


def python(shop: Workshop) -> None:
    """Ruff and mypy, from the environment that runs this script."""
    shop.write({"report.py": projects.MESSY}, "report")
    ruff = f"{sys.executable} -m ruff check --no-cache --select ALL --config 'line-length = 120' report.py"
    run = shop.run(ruff, "report")
    codes = facts.matches(run, r"^([A-Z]+\d+) ", r"--> (\S+:\d+:\d+)", limit=8)
    version = shop.version(f"{sys.executable} -m ruff --version")
    shop.add(
        Sample(
            "ruff.txt", "test_output", "ruff check --select ALL report.py", run, codes + facts.last_line(run), version
        )
    )
    run = shop.run(f"{sys.executable} -m mypy --strict --cache-dir=/dev/null report.py", "report")
    shop.add(
        Sample(
            "mypy.txt",
            "test_output",
            "mypy --strict report.py",
            run,
            red(run) + facts.last_line(run),
            shop.version(f"{sys.executable} -m mypy --version"),
        )
    )


def node(shop: Workshop) -> None:
    """The TypeScript compiler and eslint."""
    shop.need("npm")
    shop.write(
        {
            "package.json": '{"name": "orders", "private": true}\n',
            "orders.ts": projects.ORDERS_TS,
            "ledger.js": projects.LEDGER_JS,
        },
        "web",
    )
    shop.write(
        {
            "eslint.config.mjs": 'import js from "@eslint/js";\nexport default [js.configs.all, { languageOptions: { sourceType: "commonjs" } }];\n'
        },
        "web",
    )
    shop.fetch(
        "npm",
        "install",
        "--silent",
        "--no-audit",
        "--no-fund",
        "typescript@5.9.2",
        "eslint@9.33.0",
        "@eslint/js@9.33.0",
        folder="web",
    )
    run = shop.run("npx tsc --noEmit --strict --pretty false orders.ts", "web")
    shop.add(
        Sample(
            "tsc.txt",
            "test_output",
            "npx tsc --noEmit --strict orders.ts",
            run,
            red(run),
            f"tsc {shop.run('npx tsc --version', 'web').strip()}",
        )
    )
    run = shop.run("npx eslint ledger.js", "web")
    places = facts.matches(run, r"^ +(\d+:\d+) ", r"  ([\w-]+)$", limit=6)
    shop.add(
        Sample(
            "eslint.txt",
            "test_output",
            "npx eslint ledger.js",
            run,
            places + facts.last_line(run),
            f"eslint {shop.run('npx eslint --version', 'web').strip()}",
        )
    )
