#!/usr/bin/env bash
# Runs the agent on this machine, observing only: it attaches by TC, never by
# XDP, and changes no packet. Ctrl-C detaches everything.
# usage: scripts/run.sh [AGENT FLAG …]
set -euo pipefail
cd "$(dirname "$0")/.."
if [ "$(id -u)" -ne 0 ]; then
  echo "run: the agent loads BPF programs: use sudo make run" >&2
  exit 1
fi
port=${NETPROBE_METRICS_PORT:-8081}
# What it records stays in the build's folder, unless it is said otherwise.
export NETPROBE_DATA_DIR=${NETPROBE_DATA_DIR:-$PWD/build/history}
cat <<TEXT
run: the agent starts now; Ctrl-C ends it. In a browser: http://localhost:$port/
run: In a second terminal:
run:   curl -s localhost:$port/metrics | head
run:   bin/netprobe top
run:   bin/netprobe observe
TEXT
exec bin/netprobe-agent "$@"
