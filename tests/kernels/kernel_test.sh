#!/usr/bin/env bash
# Fetches a suite's kernel and runs the agent under it.
# usage: tests/kernels/kernel_test.sh SUITE CACHE AGENT
set -euo pipefail
here=$(dirname "$0")
[ "$(uname -m)" = x86_64 ] || { echo "skipped: the microVMs are x86_64"; exit 77; }
[ -x "$3" ] || { echo "skipped: no release build of the agent at $3"; exit 77; }
deb=$("$here/fetch.sh" "$1" "$2") || { code=$?; echo "$deb"; exit "$code"; }
exec "$here/boot.sh" "$deb" "$3" "$2/$1.probes.json"
