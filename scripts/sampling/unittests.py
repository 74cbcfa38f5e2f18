"""Test runners on projects with a few failing tests."""

from __future__ import annotations

import sys

from sampling import facts, projects
from sampling.workshop import Sample, Workshop


def make(shop: Workshop) -> None:
    """Python's runners, then Node's and Rust's."""
    shop.write(
        {"stock.py": projects.STOCK, "test_stock.py": projects.STOCK_TESTS, "cases.py": projects.STOCK_CASES}, "stock"
    )
    pytest = f"{sys.executable} -m pytest -p no:cacheprovider -p no:randomly -p no:xdist -p no:timeout"
    run = shop.run(f"{pytest} -v test_stock.py", "stock")
    red = facts.matches(run, r"^(?:FAILED|ERROR) (\S+)", r"^E +(\S.{8,})$", limit=8)
    shop.add(
        Sample(
            "pytest.txt",
            "test_output",
            "pytest -v test_stock.py",
            run,
            red + facts.matches(run, r"^=+ (\d.*) =+$"),
            shop.version(f"{pytest} --version"),
        )
    )
    report = shop.run(f"{pytest} -q --junit-xml=report.xml test_stock.py >/dev/null; python3 -c " + _PRETTY, "stock")
    broken = facts.matches(
        report, r'<(?:failure|error) message="([^"&]{10,80})', r'<testcase [^>]*name="([^"]+)"', limit=5
    )
    shop.add(
        Sample("junit.xml", "html", "xmllint --format report.xml", report, broken, shop.version(f"{pytest} --version"))
    )
    cases = shop.run("python3 -m unittest -v cases", "stock")
    red = facts.matches(cases, r"^(?:FAIL|ERROR): (\S+)", r"^(\w*Error: .+|stock\.\w+: \w+)$")
    shop.add(
        Sample(
            "unittest.txt",
            "test_output",
            "python3 -m unittest -v cases",
            cases,
            red + facts.last_line(cases),
            shop.version("python3 --version"),
        )
    )
    rust(shop)
    node(shop)


_PRETTY = """'
import xml.dom.minidom
print(xml.dom.minidom.parse("report.xml").toprettyxml(indent="  "))
'"""


def rust(shop: Workshop) -> None:
    """Cargo's test harness."""
    shop.need("cargo")
    shop.write(
        {
            "Cargo.toml": '[package]\nname = "parcels"\nversion = "0.1.0"\nedition = "2021"\n',
            "src/lib.rs": projects.RUST_TESTED,
        },
        "parcels",
    )
    run = shop.run("cargo test", "parcels", RUST_BACKTRACE="1")
    red = facts.matches(
        run,
        r"^test (\S+) \.\.\. FAILED",
        r"(panicked at [^\n:]+:\d+:\d+)",
        r"^ *((?:left|right): .+)$",
        r"(test result: .+)$",
    )
    shop.add(Sample("cargo_test.txt", "test_output", "cargo test", run, red, shop.version("cargo --version")))


def node(shop: Workshop) -> None:
    """Jest and mocha."""
    shop.need("npm")
    shop.write(
        {
            "package.json": '{"name": "cart", "type": "module", "private": true}\n',
            "cart.mjs": projects.CART,
            "cart.test.mjs": projects.CART_TESTS,
        },
        "cart",
    )
    shop.fetch(
        "npm",
        "install",
        "--silent",
        "--no-audit",
        "--no-fund",
        "jest@30.0.5",
        "mocha@11.7.1",
        "expect@30.0.5",
        folder="cart",
    )
    jest = "NODE_OPTIONS=--experimental-vm-modules npx jest --verbose --testMatch '**/*.test.mjs'"
    run = shop.run(jest, "cart")
    red = facts.matches(run, r"● (.+)$", r"^ +((?:Expected|Received).*)$", r"^((?:Tests|Test Suites): .+)$")
    shop.add(
        Sample(
            "jest.txt",
            "test_output",
            "npx jest --verbose",
            run,
            red,
            f"jest {shop.run('npx jest --version', 'cart').strip()}",
        )
    )
    shop.write(
        {
            "run.mjs": 'globalThis.test = it; it.skip = xit;\nglobalThis.expect = (await import("expect")).expect;\nawait import("./cart.test.mjs");\n'
        },
        "cart",
    )
    run = shop.run("npx mocha run.mjs", "cart")
    red = facts.matches(
        run, r"^ +\d+\) (.+)$", r"^ +(\d+ (?:passing|failing|pending).*)$", r"^ +((?:Expected|Received): .*)$"
    )
    shop.add(
        Sample(
            "mocha.txt",
            "test_output",
            "npx mocha run.mjs",
            run,
            red,
            f"mocha {shop.run('npx mocha --version', 'cart').strip()}",
        )
    )
