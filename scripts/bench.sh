#!/usr/bin/env bash
# Runs every benchmark and prints their tables; the numbers also go to
# build/bench.jsonl, one JSON object a line. Best on a quiet machine.
# usage: scripts/bench.sh [NAME …]      for instance: program veth agent
set -euo pipefail
cd "$(dirname "$0")/.."
scripts/build.sh dev >/dev/null
export NETPROBE_BENCH_JSON=$PWD/build/bench.jsonl
: >"$NETPROBE_BENCH_JSON"
export NETPROBE_BIN=$PWD/build/dev
names=("$@")
[ ${#names[@]} -gt 0 ] || names=(program sweep ingest metrics veth agent)
failed=0
for name in "${names[@]}"; do
  "build/dev/bench/${name}_bench" || { echo "bench: $name did not finish" >&2; failed=1; }
done
echo
echo "bench: the same as JSON: $NETPROBE_BENCH_JSON"
exit $failed
