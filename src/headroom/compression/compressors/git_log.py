"""git's history: `git log` (full, --stat, --oneline and other one-line formats), `git diff --stat`, `git blame`.

* Every commit's hash as printed and every subject stay; every body stays but for what bots repeat for machines.
* Long forms and blame are folded without loss (`git_log_entries`, `git_log_blame`).
* One-line logs are dense already: only a subject that many commits share (`Merge branch 'stable'`) is told once, with
  all the hashes. `aggressive` also leaves out the middle of a long one, but never what is rare or asked for.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence

from headroom.compression import markers, relevance, units
from headroom.compression.compressors import git_log_blame, git_log_entries, git_log_stat
from headroom.compression.compressors.git_log_entries import COMMIT, Entry
from headroom.compression.contract import Compressor, Context, Folded, Probe
from headroom.tokens import count

SHARED = 8
"""A subject of this many one-line commits is told once, where such commits are over a quarter of the log: for less, the
log stays as it was printed."""
LONG = 3000
"""Tokens (cl100k). Below, an aggressive run leaves a one-line log whole."""
_RECENT = 40
"""Newest and oldest lines of a long log that stay in an aggressive run."""

_ONELINE = re.compile(r"(?:[*|\\/_.] ?)*([0-9a-f]{7,13}|[0-9a-f]{40}|[0-9a-f]{64}) (?P<rest>\S.*)$", re.DOTALL)
_GRAPH = re.compile(r"[*|\\/_. -]*$")
_SUBJECT = re.compile(r"(?:\((?:HEAD|tag: |origin/|[\w./-]+(?:, |\)))[^()]*\) )?(?P<subject>.*)$", re.DOTALL)
_PATCH = re.compile(r"^diff --(?:git|cc) ", re.MULTILINE)
_COMMAND = r"\bgit\b.*\b(?:log|reflog|blame|annotate|shortlog|show|whatchanged|rev-list|diff|cherry)\b"


def score(probe: Probe) -> float:
    """How surely the text is git's history; a log with patches in it is the diff compressor's."""
    ran = 0.1 if probe.ran(_COMMAND) else 0.0
    lines, start = probe.lines, probe.text[:200_000]
    if not lines or ("diff --" in start and _PATCH.search(start)):
        return 0.0
    first, _, rest = start[:4000].lstrip("\n").partition("\n")
    if COMMIT.match(first) and rest.startswith(("Author: ", "Merge: ")):
        return 0.85 + ran
    if probe.mostly(git_log_blame.LINE, 0.95):
        return 0.85 + ran
    if probe.mostly(git_log_stat.LINE, 0.6) and any(git_log_stat.SUMMARY.match(line) for line in lines):
        return 0.8 + ran
    if len(lines) >= 5 and _is_oneline(lines):
        return 0.75 + ran
    return 0.0


def most(probe: Probe) -> float:
    """What `score` gives at most."""
    return 0.95 if probe.ran(_COMMAND) else 0.85


def _is_oneline(lines: Sequence[str]) -> bool:
    """Whether nearly every line opens with a hash that looks random: distinct, with letters and digits, of one length."""
    matches = []
    others = 0
    for line in lines:
        if match := _ONELINE.match(line):
            matches.append(match)
        elif not _GRAPH.match(line):
            others += 1
            if others > len(lines) // 50:
                return False
    if len(matches) < 5:
        return False
    hashes = [match[1] for match in matches]
    lengths = Counter(map(len, hashes))
    lettered = sum(1 for name in hashes if any(map(str.isalpha, name)) and any(map(str.isdigit, name)))
    worded = sum(1 for match in matches if any(map(str.isalpha, match["rest"])))
    distinct = len(set(hashes)) > 0.9 * len(hashes) and len({name[:2] for name in hashes}) > min(len(hashes), 40) // 2
    return (
        distinct
        and lengths.most_common(1)[0][1] > 0.8 * len(hashes)
        and lettered > 0.8 * len(hashes)
        and worded > 0.9 * len(hashes)
    )


def compress(text: str, context: Context) -> Folded | None:
    """The history with headers folded, and, above `lossless`, what many commits share told once."""
    lines = text.split("\n")
    head, found = git_log_entries.entries(lines)
    if found:
        return _long_form(head, found, context)
    if git_log_blame.LINE.match(lines[0]):
        made = git_log_blame.fold(lines)
        return Folded("\n".join(made), lossless=True) if made else None
    if git_log_stat.SUMMARY.match(lines[-1]) and any(map(git_log_stat.LINE.match, lines)):
        return Folded("\n".join(git_log_stat.fold(lines, alone=True)), lossless=True)
    return _one_line(lines, context)


def _long_form(head: list[str], found: list[Entry], context: Context) -> Folded | None:
    plain = "\n".join(git_log_entries.fold(head, found))
    blocks = sum(1 for entry in found for _ in git_log_entries.machine_blocks(entry.message or ()))
    if context.level == "lossless" or blocks < 3:
        return Folded(plain, lossless=True)
    hidden, first = 0, True
    for entry in found:
        for start, end, number in reversed(list(git_log_entries.machine_blocks(entry.message or ()))):
            if first:  # one example stays
                first = False
                continue
            assert entry.message is not None
            hidden += end - start
            entry.message[start:end] = [markers.note(f"updated-dependencies: {number}")]
    last = units.trailer(hidden, sum(len(entry.raw) for entry in found) + len(head), context.handle())
    return Folded("\n".join([*git_log_entries.fold(head, found), last]), lossless=False)


def _one_line(lines: list[str], context: Context) -> Folded | None:
    if context.level == "lossless":
        return None
    matches = [_ONELINE.match(line) for line in lines]
    subjects = [_SUBJECT.match(match["rest"])["subject"] if match else "" for match in matches]  # type: ignore[index]
    if context.level == "aggressive" and count("\n".join(lines)) > LONG:
        return _middle_left_out(lines, subjects, context)
    shared = [subject for subject, number in Counter(subjects).most_common() if subject and number >= SHARED]
    if not shared or any("|" in line[:2] for line in lines):
        return None
    also: dict[str, list[str]] = {subject: [] for subject in shared}
    met = set[str]()
    made = []
    for line, match, subject in zip(lines, matches, subjects, strict=True):
        if subject in also and subject in met and match and match["rest"] == subject:
            also[subject].append(match[1])
        else:
            made.append(line)
            met.add(subject)
    hidden = len(lines) - len(made)
    if hidden < len(lines) // 4:
        return None
    made += [
        markers.note(f'{len(names)} more commits "{subject}": {" ".join(names)}')
        for subject, names in also.items()
        if names
    ]
    made.append(markers.note(f"the order of these {hidden} among the others is left out", context.handle()))
    return Folded("\n".join(made), lossless=False)


def _middle_left_out(lines: list[str], subjects: list[str], context: Context) -> Folded:
    stay = relevance.hits(context.query, lines, 20)
    kinds = [
        re.sub(r"[\d.]+|\b[0-9a-f]{7,}\b", "0", subject).partition(":")[0] if ":" in subject else subject
        for subject in subjects
    ]
    stay |= relevance.rare(kinds) if len(set(kinds)) < len(kinds) // 4 else set()
    weights = relevance.scores(context.query, lines)
    rows = [
        units.Unit(
            line,
            context.first_line + index,
            context.first_line + index,
            keep=index < _RECENT or index >= len(lines) - 5 or index in stay,
            score=weights[index],
        )
        for index, line in enumerate(lines)
    ]
    text, whole = units.render(
        rows, units.select(rows, LONG // 2), context.handle, says=lambda hidden: f"{len(hidden)} commits"
    )
    return Folded(text, lossless=whole)


COMPRESSOR = Compressor(
    name="git_log",
    promise="every commit's hash as printed, every subject and body line written by a person, every file of a diffstat with its counts",
    score=score,
    compress=compress,
    most=most,
)
