"""HTML as tools write it: a documentation page and a converted article; and an answer with prose, code and output mixed."""

from __future__ import annotations

from sampling import facts
from sampling.workshop import Sample, Workshop

API = """package shop;

import java.util.List;

/**
 * Packs articles into parcels. A parcel never weighs more than its limit; heavier articles travel alone and are
 * charged by the {@linkplain #HEAVY heavy rate}.
 *
 * <pre>{@code var packer = new Packer(30); packer.pack(List.of(12, 9, 14));}</pre>
 */
public class Packer {
    /** Weight in kilograms from which an article is heavy. */
    public static final int HEAVY = 31;

    /** Carriers, cheapest first. */
    public enum Carrier { /** Walks. */ POST, /** Drives at night. */ COURIER, /** For pallets. */ FREIGHT }

    /** Thrown for an article that no carrier takes. */
    public static class TooHeavyException extends RuntimeException { /** Says which. @param name its name */ public TooHeavyException(String name) { super(name); } }

    /** Makes a packer. @param limit kilograms a parcel may weigh, 1 to 1000 */
    public Packer(int limit) { }

    /**
     * Distributes weights over parcels, keeping their order.
     *
     * @param weights kilograms of each article
     * @return the weights of each parcel; never an empty parcel
     * @throws TooHeavyException an article above 1000 kg
     */
    public List<List<Integer>> pack(List<Integer> weights) { return List.of(weights); }

    /**
     * What sending costs.
     *
     * @param parcels as returned by {@link #pack}
     * @param carrier who takes them
     * @return cents, rounded up; 0 for no parcels
     */
    public long price(List<List<Integer>> parcels, Carrier carrier) { return 0; }
}
"""


def make(shop: Workshop) -> None:
    """Javadoc's page of a class, koa's readme as a page, and the same readme as it is."""
    shop.need("javadoc", "npm")
    shop.write({"src/shop/Packer.java": API}, "packer")
    shop.run("javadoc -quiet -notimestamp -d doc src/shop/Packer.java", "packer")
    page = shop.run("cat doc/shop/Packer.html", "packer")
    said = facts.matches(page, r"<div class=\"block\">([^<&{\n]{20,})", r"<h\d[^>]*>([^<]+)</h\d>", limit=6)
    shop.add(
        Sample(
            "javadoc.html",
            "html",
            "cat doc/shop/Packer.html",
            page,
            said,
            f"javadoc of {shop.version('javac -version')}",
        )
    )
    shop.write({"package.json": '{"name": "page", "private": true}\n'}, "page")
    shop.fetch(
        "npm",
        "install",
        "--silent",
        "--no-audit",
        "--no-fund",
        "--ignore-scripts",
        "marked@16.1.2",
        "koa@3.0.1",
        folder="page",
    )
    page = shop.run("npx marked --gfm -i node_modules/koa/Readme.md", "page")
    said = facts.matches(page, r"<p>([^<&\n]{30,80})", r"<h\d>([^<&]+)</h\d>", r'href="(https://[^"]+)">[^<]', limit=5)
    marked = f"marked {shop.run('npx marked --version', 'page').strip()}"
    shop.add(Sample("readme.html", "html", "npx marked --gfm -i node_modules/koa/Readme.md", page, said, marked))
    text = shop.run("cat node_modules/koa/Readme.md; echo; npm ls --all; cat node_modules/koa/package.json", "page")
    kept = facts.matches(text, r"^#+ (.+)$", r"^(?:const|app)\b.{10,}$", r'"version": "([^"]+)"', limit=5)
    command = "cat node_modules/koa/Readme.md; echo; npm ls --all; cat node_modules/koa/package.json"
    shop.add(Sample("readme_and_tree.txt", "mixed", command, text, kept, f"cat, npm {shop.version('npm --version')}"))
