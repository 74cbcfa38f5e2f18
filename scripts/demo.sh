#!/usr/bin/env bash
# What `make demo` shows: the savings on the bundled samples, then one log made shorter and asked for what it left out.
# Works in a folder of its own and leaves nothing behind.
set -euo pipefail
cd "$(dirname "$0")/.."
HEADROOM_HOME=$(mktemp -d)
export HEADROOM_HOME
trap 'rm -rf "$HEADROOM_HOME"' EXIT
log=src/headroom/perf/samples/postgresql.log
short="$HEADROOM_HOME/short.log"

say() { printf '\n$ %s\n' "$*"; }

say headroom perf
headroom perf

pick=' x48|work_mem|FATAL|ERROR|left out'
say "headroom compress --stats $log | grep -E '$pick'"
headroom compress --stats "$log" >"$short" 2>"$HEADROOM_HOME/stats"
grep -E "$pick" "$short" | cut -c1-160
cat "$HEADROOM_HOME/stats"

handle=$(grep -oE 'h:[0-9a-f]{12}' "$short" | tail -1) || { echo "nothing was left out" >&2; exit 1; }
say "headroom retrieve $handle --grep 'WHERE tid = 7;'"
headroom retrieve "$handle" --grep 'WHERE tid = 7;' | cut -c1-160
