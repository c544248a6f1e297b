#!/usr/bin/env bash
# The lab with the real agents: what a pod sends to a pod of another node is one
# flow for each of the two agents, at pod, bridge, tunnel and uplink, and every
# packet is accounted for. Needs root; exits 77 (skipped) without it.
#
#   sudo tests/lab/lab_agents_test.sh PATH-OF-NETPROBE-AGENT
set -euo pipefail

HERE=$(cd "$(dirname "${BASH_SOURCE[0]}")/../../lab" && pwd -P)
[[ $EUID == 0 ]] || { echo "SKIPPED: the lab needs root"; exit 77; }
for tool in jq curl ping nft nginx dnsmasq iperf3 dig; do
  [[ -n $(command -v "$tool" || true) ]] || { echo "SKIPPED: the lab needs $tool"; exit 77; }
done
AGENT=$1
[[ -z ${NETPROBE_BIN:-} ]] || AGENT=$NETPROBE_BIN/src/agent/netprobe-agent

WORK=$(mktemp -d)
export NETPROBE_LAB_DIR=$WORK/state
unset NETPROBE_LAB_NAME
NAME=d$$
cleanup() {
  trap '' INT TERM HUP
  timeout 60 "$HERE/down" --all >/dev/null 2>&1 || true
  rm -rf -- "$WORK"
}
trap cleanup EXIT
trap 'exit 130' INT
trap 'exit 143' TERM HUP

failures=0
ask() { curl -sS --fail-with-body --noproxy '*' -m 20 "$1"; }
# The answer to a question, held against a jq condition until it is true.
eventually() { # WHAT URL JQ-CONDITION [JQ ARGUMENT...]
  local what=$1 url=$2 condition=$3 answer='' i
  shift 3
  for ((i = 0; i < 60; i++)); do
    answer=$(ask "$url" || true)
    if jq -e "$@" "$condition" <<<"$answer" >/dev/null 2>&1; then
      printf 'ok      %s\n' "$what"
      return
    fi
    sleep 0.5
  done
  printf 'FAILED  %s\n        | %s\n        | %s\n' "$what" "$condition" "${answer:0:3000}"
  failures=$((failures + 1))
}

timeout 120 "$HERE/up" --name "$NAME" --agent "$AGENT"
AGENTS='' && eval "$("$HERE/env" --name "$NAME" --shell)"
timeout 120 "$HERE/traffic" --once --name "$NAME" || failures=$((failures + 1))
# 500 bytes of IP are 472 of ping's. The last pod of node 1 asks the first of node 2.
nsenter --net="/run/netns/np-$NAME-pod1-2" -- ping -q -c 10 -i 0.1 -s 472 10.244.2.2 >/dev/null

flow='[.flows[] | select(.bytes == 5000 and .reverse_bytes == 5000)] | length == 1 and (.[0] |'
node=0
for url in $AGENTS; do
  node=$((node + 1))
  flows="$url/api/flows?protocol=icmp&src_ip=10.244.1.3&dst_ip=10.244.2.2"
  eventually "node$node: the pods' flow, counted once" "$flows" \
    "$flow .packets == 10 and .reverse_packets == 10 and .direction == \"inter-node\")"
  eventually "node$node: at pod, bridge, tunnel and inside the uplink's packets" "$flows" \
    "$flow ([.observations[] | .role + \" \" + (.depth | tostring)] | unique) ==
      [\"bridge 0\", \"pod 0\", \"tunnel 0\", \"uplink 1\"])"
  eventually "node$node: no point lost a packet" "$flows" \
    "$flow ([.observations[] | .packets + .reverse_packets] | unique) == [10])"
  eventually "node$node: flannel's network and the nodes around it" "$flows" \
    "$flow .observations[] | select(.depth == 1) | .vni == 1 and .tunnel == \"vxlan\" and
      ([.outer_src_ip, .outer_dst_ip] | sort) == [\"10.88.0.11\", \"10.88.0.12\"])"
  eventually "node$node: the outside of the tunnel" "$url/api/flows?protocol=udp&port=8472" \
    '.total > 0 and all(.flows[]; .carries == "vxlan" and all(.observations[]; .role == "uplink"))'
  eventually "node$node: every packet is accounted for" "$url/api/stats" '.accounting |
    [.total, .interfaces[], .retired[]] | all(.difference == 0 and
      .unattributed.cache_full == 0 and .unattributed.malformed == 0 and .unattributed.too_deep == 0)'
done
((node == 2)) || { echo "FAILED  there are two agents, not $node"; failures=$((failures + 1)); }

timeout 60 "$HERE/down" --name "$NAME"
if compgen -G "/run/netns/np-$NAME-*" >/dev/null; then
  echo "FAILED  namespaces are left"
  failures=$((failures + 1))
fi
((failures == 0)) || { echo "lab_agents_test: $failures check(s) FAILED"; exit 1; }
echo "lab_agents_test: all checks passed"
