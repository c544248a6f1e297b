#!/usr/bin/env bash
# A cluster's network on this machine: nodes as namespaces with pods, VXLAN and
# services, steady traffic, an agent on each node and the server. Ctrl-C takes it all down.
# usage: scripts/demo.sh [LAB FLAG …]     environment: DEMO_SECONDS bounds it
set -euo pipefail
cd "$(dirname "$0")/.."
if [ "$(id -u)" -ne 0 ]; then
  echo "demo: it makes network namespaces and loads BPF programs: use sudo make demo" >&2
  exit 1
fi
name=demo
lab/up --name "$name" --agent "$PWD/bin/netprobe-agent" --server "$PWD/bin/netprobe-server" "$@"
trap 'lab/down --name "$name"' EXIT
lab/traffic start --name "$name"
eval "$(lab/env --name "$name" --shell)"
cat <<TEXT

demo: in a browser: $SERVER/
demo: agents: $AGENTS
demo: the server, one address for all of them: $SERVER
demo: in a second terminal:
demo:   bin/netprobe top --agent $AGENT
demo:   bin/netprobe observe --agent $AGENT --direction inter-node
demo:   curl -s "$SERVER/api/flows?limit=3"
demo:   curl -s $SERVER/api/agents
demo: Ctrl-C takes everything down.
TEXT
sleep "${DEMO_SECONDS:-3600}" &
wait $! || true
