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

# Every fifth packet of the tunnel is dropped: of what node 1 sends on its way
# out, of what node 2 gets on its way in. Each agent tells of ten at that place,
# and why, though all that the kernel dropped was a datagram between the nodes.
loses() { # NODE HOOK
  nsenter --net="/run/netns/np-$NAME-node$1" -- nft "table netdev t { chain c {
    type filter hook $2 device eth0 priority 0; udp dport 8472 numgen inc mod 5 0 counter drop; }; }"
}
heals() { nsenter --net="/run/netns/np-$NAME-node$1" -- nft delete table netdev t; }
pings() { nsenter --net="/run/netns/np-$NAME-pod1-2" -- ping -q -c 50 -i 0.02 -W 1 "$1" >/dev/null; }
told='[.losses[] | select(.from.interface == $from and .to.interface == $to)] |
  length == 1 and (.[0] | .packets == 10 and .unexplained == 0 and
    all(.explained_by[]; .reason == "NETFILTER_DROP"))'
urls=()
read -ra urls <<<"$AGENTS"
for case in "4 10.244.1.3 10.244.2.2 flannel.1 icmp" "6 fd10:244:1::3 fd10:244:2::2 flannel-v6.1 icmp6"; do
  read -r version from to tunnel protocol <<<"$case"
  pings "$to" || failures=$((failures + 1)) # neighbours are found
  loses 1 egress
  pings "$to" || true
  heals 1
  eventually "IPv$version: node1 lost ten behind its tunnel, and says why" \
    "${urls[0]}/api/losses?protocol=$protocol&src_ip=$from&dst_ip=$to" "$told" --arg from "$tunnel" --arg to eth0
  loses 2 ingress
  pings "$to" || true
  heals 2
  eventually "IPv$version: node2 lost ten before its tunnel, and says why" \
    "${urls[1]}/api/losses?protocol=$protocol&src_ip=$from&dst_ip=$to" "$told" --arg from eth0 --arg to "$tunnel"
  for node in 1 2; do
    eventually "IPv$version: node$node: the drops say what was in the tunnel" \
      "${urls[node - 1]}/api/drops?src_ip=$from&dst_ip=$to&reason=NETFILTER_DROP&limit=1000" \
      '[.drops[] | select(.inner_src_ip == $from and .inner_dst_ip == $to and .inner_protocol == $protocol and
        .vni == 1 and .tunnel == "vxlan" and .dst_port == 8472 and .netns == $netns)] | [.[].count] | add == 10' \
      --arg from "$from" --arg to "$to" --arg protocol "$protocol" \
      --argjson netns "$(stat -Lc %i "/run/netns/np-$NAME-node$node")"
  done
done

timeout 60 "$HERE/down" --name "$NAME"
if compgen -G "/run/netns/np-$NAME-*" >/dev/null; then
  echo "FAILED  namespaces are left"
  failures=$((failures + 1))
fi
((failures == 0)) || { echo "lab_agents_test: $failures check(s) FAILED"; exit 1; }
echo "lab_agents_test: all checks passed"
