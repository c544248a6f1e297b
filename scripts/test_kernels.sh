#!/usr/bin/env bash
# Runs the agent under Debian's older kernels in microVMs, and writes which rung
# each probe took into docs/kernel-support.md.
# usage: scripts/test_kernels.sh
set -euo pipefail
cd "$(dirname "$0")/.."
scripts/build.sh release >/dev/null
agent=$PWD/build/release/src/agent/netprobe-agent
failed=0
answers=()
for suite in bullseye bookworm trixie; do
  echo "== $suite"
  code=0
  tests/kernels/kernel_test.sh "$suite" build/kernels "$agent" || code=$?
  [ "$code" -eq 0 ] || [ "$code" -eq 77 ] || failed=1
  [ "$code" -ne 0 ] || answers+=("build/kernels/$suite.probes.json")
done
[ ${#answers[@]} -eq 3 ] && scripts/kernel_table.sh "${answers[@]}"
exit "$failed"
