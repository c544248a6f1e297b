#!/usr/bin/env bash
# Runs every benchmark and prints their tables; the numbers also go to
# build/bench.jsonl, one JSON object a line. Best on a quiet machine.
#
# Missed budgets are printed and do not change the exit code; it is 1 where a
# benchmark could not be built or run, 2 where there is none of that name.
# bench/README.md says what each measures.
# usage: scripts/bench.sh [NAME …]      for instance: program veth agent
set -euo pipefail
cd "$(dirname "$0")/.."
all=(program tunnel name block syn sweep ingest workload feed identity flood matcher intel history clickhouse export kube metrics cluster veth agent socket overhead)
names=("$@")
[ ${#names[@]} -gt 0 ] || names=("${all[@]}")
targets=(netprobe-agent netprobe-server)
for name in "${names[@]}"; do
  if [[ " ${all[*]} " != *" $name "* ]]; then
    echo "bench: there is no benchmark '$name'; they are: ${all[*]}" >&2
    exit 2
  fi
  targets+=("${name}_bench")
done
if [ "$(id -u)" -ne 0 ]; then
  echo "bench: needs root, to load programs and make namespaces: sudo make bench" >&2
  exit 1
fi
scripts/build.sh dev "${targets[@]}" >/dev/null
export NETPROBE_BENCH_JSON=$PWD/build/bench.jsonl
: >"$NETPROBE_BENCH_JSON"
export NETPROBE_BIN=$PWD/build/dev
failed=()
for name in "${names[@]}"; do
  "build/dev/bench/${name}_bench" || failed+=("$name")
done
missed=$(grep -c '"met":false' "$NETPROBE_BENCH_JSON" || true)
echo
echo "bench: $missed budgets missed; the same numbers as JSON: $NETPROBE_BENCH_JSON"
if [ ${#failed[@]} -gt 0 ]; then
  echo "bench: did not run to its end: ${failed[*]}" >&2
  exit 1
fi
