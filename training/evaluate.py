"""How good Kompress is on what it was not trained on, beside four simpler ways, at the same budgets.

    python training/evaluate.py DATA [--out FILE.md]        the held-out parts
    python training/evaluate.py DATA --choose               the parts that choose thresholds

Sentences: of those that answer a question (or make up a summary), the share kept when half or a third of the pieces may
stay; alone, and among up to four other passages of the same source. Lines: of those needed later, the share kept when
40 % are dropped. Intervals are 95 % bootstraps over texts.
"""

from __future__ import annotations

import argparse
import random
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from baselines import Scorer, SelfInformation, Text, bm25, first, tf_idf
from examples import LINES, Example, distracted, examples

from headroom.compression.compressors import prose_lines
from headroom.kompress import session

SEED = 7
BUDGETS = (0.5, 1 / 3)
LINE_BUDGET = 0.6
FEWEST = 2
"""Units of a text that leaves a choice."""


def kompress(text: Text) -> list[float]:
    """The network, in windows where a text is over its cap."""
    made: list[float] = []
    for start, stop in windows(text, 0, len(text.units)):
        units, groups = text.units[start:stop], text.groups[start:stop]
        found = session.scores(text.question, units, groups, lines=text.lines, known=text.known)
        made += found if found is not None else [0.0] * len(units)
    return made


def windows(text: Text, start: int, stop: int) -> list[tuple[int, int]]:
    """Halves of halves that the network reads at once."""
    if stop - start == 1 or sum(map(len, session.pieces_of(text.units[start:stop]))) <= session.CAP:
        return [(start, stop)]
    half = (start + stop) // 2
    return windows(text, start, half) + windows(text, half, stop)


def kept(scores: Sequence[float], sizes: Sequence[int], share: float) -> set[int]:
    """The best units that fit a budget, earlier ones first among equals."""
    left = share * sum(sizes)
    chosen = set()
    for at in sorted(range(len(scores)), key=lambda at: (-scores[at], at)):
        if sizes[at] <= left:
            left -= sizes[at]
            chosen.add(at)
    return chosen


def texts(every: Sequence[Example], part: str) -> dict[str, list[Text]]:
    """By set."""
    chance = random.Random(SEED)  # noqa: S311 - draws other passages
    made: dict[str, list[Text]] = {}
    here = [example for example in every if example.part == part]
    for example in here:
        source = example.source
        others = [other for other in here if other.source == source]
        for question, needed in example.questions:
            if not needed or len(example.units) < FEWEST:
                continue
            lines = source == LINES
            groups = (
                list(np.cumsum([not unit.strip() for unit in example.units])) if lines else [0] * len(example.units)
            )
            made.setdefault(source, []).append(
                Text(question or "", example.units, groups, needed, lines, example.known)
            )
            if question and not lines:
                units, groups, start = distracted(example, others, chance)
                moved = frozenset(start + at for at in needed)
                made.setdefault(f"{source}, among others", []).append(
                    Text(question, units, groups, moved, lines, example.known)
                )
    return made


def interval(values: Sequence[float], weights: Sequence[float]) -> tuple[float, float, float]:
    """A weighted mean and its 95 % bootstrap interval."""
    x, w = np.array(values), np.array(weights, float)
    draw = np.random.default_rng(SEED).integers(0, len(x), (1000, len(x)))
    means = (x[draw] * w[draw]).sum(1) / w[draw].sum(1)
    low, high = np.quantile(means, (0.025, 0.975))
    return float((x * w).sum() / w.sum()), float(low), float(high)


def table(sets: dict[str, list[Text]], scorers: dict[str, Scorer]) -> list[str]:
    """Markdown: a row a set, a column a scorer."""
    lines = [f"| set, share that may stay | n | {' | '.join(scorers)} |", f"|---|---:|{'---:|' * len(scorers)}"]
    macro: dict[float, dict[str, list[float]]] = {budget: {name: [] for name in scorers} for budget in BUDGETS}
    for name, every in sets.items():
        scores = {scorer: [by(text) for text in every] for scorer, by in scorers.items()}
        output = name == LINES
        for budget in (LINE_BUDGET,) if output else BUDGETS:
            cells = []
            for scorer, made in scores.items():
                shares = [
                    len(kept(scored, text.sizes, budget) & text.needed) / len(text.needed)
                    for scored, text in zip(made, every, strict=True)
                ]
                weights = [len(text.needed) if output else 1 for text in every]
                mean, low, high = interval(shares, weights)
                cells.append(f"{mean:.3f} ({low:.3f}-{high:.3f})")
                if not output:
                    macro[budget][scorer].append(mean)
            lines.append(f"| {name}, {budget:.2f} | {len(every)} | {' | '.join(cells)} |")
    for budget, by in macro.items():
        lines.append(
            f"| **mean of the sets, {budget:.2f}** | | {' | '.join(f'**{np.mean(v):.3f}**' for v in by.values())} |"
        )
    return lines


def by_threshold(every: Sequence[Text], by: Scorer, threshold: float) -> str:
    """What one threshold keeps of the needed lines, and how many lines go: over all texts, since no text has a budget."""
    shares, weights, gone, total = [], [], 0, 0
    for text in every:
        flags = [score >= threshold for score in by(text)]
        shares.append(sum(flags[at] for at in text.needed) / len(text.needed))
        weights.append(len(text.needed))
        gone += flags.count(False)
        total += len(flags)
    mean, low, high = interval(shares, weights)
    return f"Lines scored {threshold} or more: {mean:.3f} ({low:.3f}-{high:.3f}) of the needed stay, {gone / total:.3f} of all go."


def thresholds(sets: dict[str, list[Text]], by: Scorer) -> list[str]:
    """What each threshold keeps: of the needed units, and of all characters (or lines)."""
    rows = ["| set | threshold | needed kept | of all kept |", "|---|---:|---:|---:|"]
    for name, every in sets.items():
        scores = [by(text) for text in every]
        for threshold in np.arange(-6, 2.01, 0.5):
            flags = [[value >= threshold for value in scored] for scored in scores]
            needed = sum(len(text.needed) for text in every)
            held = sum(flag[at] for flag, text in zip(flags, every, strict=True) for at in text.needed)
            size = sum(
                s for flag, text in zip(flags, every, strict=True) for f, s in zip(flag, text.sizes, strict=True) if f
            )
            rows.append(
                f"| {name} | {threshold:.1f} | {held / needed:.3f} | {size / sum(sum(t.sizes) for t in every):.3f} |"
            )
    return rows


def main() -> None:
    """One table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data", type=Path)
    parser.add_argument("--choose", action="store_true")
    parser.add_argument("--limit", type=int, default=400, help="texts of a set, at most")
    parser.add_argument("--out", type=Path)
    options = parser.parse_args()
    every = examples(options.data)
    sets = texts(every, "choose" if options.choose else "test")
    chance = random.Random(SEED)  # noqa: S311 - draws texts
    sets = {name: chance.sample(found, min(options.limit, len(found))) for name, found in sorted(sets.items())}
    if options.choose:
        made = thresholds(sets, kompress)
    else:
        known = [unit for example in every if example.part == "train" for unit in example.units]
        scorers: dict[str, Scorer] = {
            "first": first,
            "TF-IDF": tf_idf,
            "self-information": SelfInformation(known),
            "BM25": bm25,
            "Kompress": kompress,
        }
        made = table(sets, scorers)
        made += ["", by_threshold(sets[LINES], kompress, prose_lines.THRESHOLD)]
    print("\n".join(made))
    if options.out:
        options.out.write_text("\n".join(made) + "\n", "utf-8")


if __name__ == "__main__":
    main()
