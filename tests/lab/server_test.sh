#!/usr/bin/env bash
# The cluster's server in the lab, with three nodes, their agents and Kubernetes: flows
# of all directions, each shown once with both sides' counts as each agent alone tells
# them, and counted once in sums, in the stream and in /metrics. Needs root, etcd and a
# kube-apiserver; exits 77 (skipped) without them.
#
#   sudo tests/lab/server_test.sh PATH-OF-NETPROBE-AGENT PATH-OF-NETPROBE-SERVER
# shellcheck disable=SC2016,SC2317 # jq has variables; checks are called by name
set -euo pipefail

NAME=v$$
# shellcheck source=tests/lab/server_lab.sh
source "$(dirname "${BASH_SOURCE[0]}")/server_lab.sh"

echo "# what it serves"
# Every path that the list and the description name is there; an agent's own are not.
served() {
  local path listed described code
  listed=$(ask "$SERVER/" | awk '$1 ~ "^/" { print $1 }')
  described=$(ask "$SERVER/api/openapi.json" | jq -r '.paths | keys[]')
  same "" "$(comm -23 <(sort <<<"$listed") <(sort <<<"$described"))" || return 1
  same 1 "$(grep -cx -e /api/agents -e /api/blocks <<<"$listed")" || return 1
  for path in $described; do
    [[ $path == */stream ]] && continue
    code=$(curl -sS --noproxy '*' -m 15 -o /dev/null -w '%{http_code}' "$SERVER$path" || true)
    # What wants a parameter says so; what is not ready says that.
    [[ $code =~ ^(200|400|503)$ ]] || { echo "$path: $code"; return 1; }
  done
}
check "the paths that it lists are described and there" served

echo "# the agents"
check "each agent is found once, though its service has two families" holds "$SERVER/api/agents" \
  '(.agents | length) == 3 and .ready == 3 and .nodes_without_agent == []'
check "with address, version and run" holds "$SERVER/api/agents" \
  'all(.agents[]; (.address | test("^10\\.88\\.0\\.1[123]:8082$")) and .version != "" and .run_id != "" and .failures == 0)'
check "EndpointSlices have both families" same 6 "$(kube get endpointslices -l kubernetes.io/service-name=netprobe-metrics -o json |
  jq '[.items[].endpoints[]] | length')"

# --- flows of all directions ----------------------------------------------------

counts='[.packets, .bytes, .reverse_packets, .reverse_bytes] | map(tostring) | join(" ")'
flows() { ask "$1/api/flows?limit=1000&protocol=$2&src_ip=$3&dst_ip=$4" | jq -c --arg port "$5" '.flows[] | select($port == "-" or .src_port == ($port | tonumber))'; } # URL PROTOCOL SRC DST PORT
half() { flows "$@" | jq -r "$counts"; }
# A flow as the server shows it against what each agent tells: once, at SRC-AGENT; where
# two nodes saw it, with both sides, each as its agent alone counts it.
shown_once() { # SRC-AGENT DST-AGENT|- PROTOCOL SRC DST PORT|-
  local one other='' node=$2 wire
  one=$(flows "$SERVER" "${@:3}")
  [[ $(grep -c . <<<"$one") == 1 ]] || { echo "shown $(grep -c . <<<"$one") times"; jq -c '{node, src_ip, dst_ip, src_port, packets, reverse_packets}' <<<"$one"; return 1; }
  same "node$1" "$(jq -r .node <<<"$one")" || return 1
  same "$(half "${urls[$1 - 1]}" "${@:3}")" "$(jq -r "$counts" <<<"$one")" || { echo "is what node$1's agent counts"; return 1; }
  [[ $node != where ]] || node=$(jq -r '.dst_node | ltrimstr("node")' <<<"$one") # where the service led to
  if [[ $node == - || $node == "$1" ]]; then
    same null "$(jq -c .sides <<<"$one")"
    return
  fi
  same "node$1 node$node" "$(jq -r '.sides | .client.node + " " + .server.node' <<<"$one")" || return 1
  # As it is between the nodes, behind a translation.
  wire=$(jq -r --arg port "$6" '(.nat // .) | "\(.src_ip) \(.dst_ip) \(if $port == "-" then $port else .src_port end)"' <<<"$one")
  # shellcheck disable=SC2086 # three words
  other=$(half "${urls[node - 1]}" "$3" $wire)
  same "$(half "${urls[$1 - 1]}" "${@:3}")" "$(jq -r ".sides.client | $counts" <<<"$one")" || { echo "is node$1's side"; return 1; }
  same "$other" "$(jq -r ".sides.server | $counts" <<<"$one")" || { echo "is node$node's side"; return 1; }
}
web() { in_ns "$1" curl -gsS --noproxy '*' -m 5 -o /dev/null --local-port "$2" "$3"; }                      # NS PORT URL
dns() { in_ns "$1" dig +time=5 +tries=1 +short -b "$2#$3" "@$4" web.default.svc.cluster.local A >/dev/null; } # NS ADDRESS PORT SERVER
pings() { in_ns "$1" ping -q -c "$2" -i 0.05 "$3" >/dev/null; }                                               # NS COUNT ADDRESS

echo "# flows"
# A flow that has ended leaves the table soon: each is looked at when it was made.
web pod1-2 41001 http://10.244.1.2/
eventually "pod to pod on one node" shown_once 1 1 tcp 10.244.1.3 10.244.1.2 41001
web pod1-2 41002 'http://[fd10:244:1::2]/'
eventually "the same, IPv6" shown_once 1 1 tcp fd10:244:1::3 fd10:244:1::2 41002
web pod1-2 41003 http://10.244.2.2/64k
eventually "pod to pod on another node" shown_once 1 2 tcp 10.244.1.3 10.244.2.2 41003
lossless() { # URL-PART: both ends of it counted the same
  holds "$SERVER/api/flows?limit=1000&$1" '[.flows[].sides | .lost_packets, .reverse_lost_packets] | length == 2 and all(. == 0)'
}
check "nothing was lost between the nodes" lossless 'src_ip=10.244.1.3&dst_ip=10.244.2.2&src_port=41003'
web pod1-2 41004 'http://[fd10:244:2::2]/64k'
eventually "the same, IPv6" shown_once 1 2 tcp fd10:244:1::3 fd10:244:2::2 41004
# The tunnel's smaller MTU costs packets until the path's is known: those are lost there.
check "what was lost between the nodes is what one side has and the other has not" \
  holds "$SERVER/api/flows?limit=1000&src_ip=fd10:244:1::3&dst_ip=fd10:244:2::2&src_port=41004" \
  '[.flows[].sides | .lost_packets == .client.packets - .server.packets and .reverse_lost_packets == .server.reverse_packets - .client.reverse_packets] == [true]'
backends=()
led_to() { ask "$SERVER/api/flows?limit=1000&protocol=tcp&src_port=$1" | jq -r '.flows[] | select(.service == "default/web") | .dst_node'; } # PORT
for n in 1 2 3; do # a service goes round its backends
  web pod2-2 $((41010 + n)) http://10.96.0.80/
  eventually "pod to service, $n" shown_once 2 where tcp 10.244.2.3 10.96.0.80 $((41010 + n))
  web pod2-2 $((41020 + n)) 'http://[fd10:96::50]/'
  eventually "the same, IPv6" shown_once 2 where tcp fd10:244:2::3 fd10:96::50 $((41020 + n))
  web outside $((41030 + n)) http://10.88.0.13:30080/
  eventually "outside to node port, $n" shown_once 3 where tcp 203.0.113.10 10.88.0.13 $((41030 + n))
  backends+=("$(led_to $((41030 + n)))")
  web outside $((41040 + n)) 'http://[fd00:88::13]:30080/'
  eventually "the same, IPv6" shown_once 3 where tcp 2001:db8:113::10 fd00:88::13 $((41040 + n))
done
check "node port: to backends of all three nodes" same "node1 node2 node3" "$(printf '%s\n' "${backends[@]}" | sort | xargs)"
web pod2-2 41005 http://203.0.113.10/64k
eventually "pod to outside" shown_once 2 - tcp 10.244.2.3 203.0.113.10 41005
web pod2-2 41006 'http://[2001:db8:113::10]/'
eventually "the same, IPv6" shown_once 2 - tcp fd10:244:2::3 2001:db8:113::10 41006
web node1 41007 http://10.244.3.2/
eventually "node to pod" shown_once 1 3 tcp 10.244.1.0 10.244.3.2 41007
web node1 41008 'http://[fd10:244:3::2]/'
eventually "the same, IPv6" shown_once 1 3 tcp fd10:244:1:: fd10:244:3::2 41008
web pod3-2 41009 http://10.88.0.11:9100/
eventually "pod to another node" shown_once 3 1 tcp 10.244.3.3 10.88.0.11 41009
dns pod1-2 10.244.1.3 41050 10.244.3.4
eventually "DNS to a pod, UDP" shown_once 1 3 udp 10.244.1.3 10.244.3.4 41050
dns pod1-2 fd10:244:1::3 41051 fd10:244:3::4
eventually "the same, IPv6" shown_once 1 3 udp fd10:244:1::3 fd10:244:3::4 41051
dns pod1-2 10.244.1.3 41052 10.96.0.10
eventually "DNS by its service" shown_once 1 3 udp 10.244.1.3 10.96.0.10 41052
pings pod2-2 7 10.244.1.2
eventually "ping to another node" shown_once 2 1 icmp 10.244.2.3 10.244.1.2 -
pings pod2-2 8 fd10:244:1::2
eventually "the same, IPv6" shown_once 2 1 icmp6 fd10:244:2::3 fd10:244:1::2 -
pings pod2-2 9 203.0.113.10
eventually "ping to outside" shown_once 2 - icmp 10.244.2.3 203.0.113.10 -
check "a page of flows is whole" holds "$SERVER/api/flows?limit=1000" \
  '.partial == false and (.completeness | .agents == 3 and .answered == 3 and .missing == [])'

# --- sums ------------------------------------------------------------------------

echo "# sums"
# What docs/cluster-answers.md has for whoever asks all nodes himself.
rule='(reporter=src or reporter=dst src.node=none or (reporter=other src.node=none (dst.node=none or service!=none)))'
mine='(src.port=41000-41099 or protocol in (icmp, icmp6)) (src.ip in (10.244.0.0/16, 203.0.113.10, 2001:db8:113::10) or src.ip=fd10:244::/32)'
by_hand() { # by the agents themselves
  local url
  for url in "${urls[@]}"; do query "$url" "$mine $rule | sum packets, bytes, reverse_packets, reverse_bytes, count"; done |
    jq -cs '[.[].rows[0]] | transpose | map(add)'
}
sums_match() { same "$(by_hand)" "$(query "$SERVER" "$mine | sum packets, bytes, reverse_packets, reverse_bytes, count" | jq -c '.rows[0]')"; }
eventually "sums are those of the agents, each flow once" sums_match
echo "        (packets, bytes, reverse packets and bytes, records: $(by_hand))"
known() { same '[7,7]' "$(query "$SERVER" 'protocol=icmp src.ip=10.244.2.3 dst.ip=10.244.1.2 | sum packets, reverse_packets' | jq -c '.rows[0]')"; }
eventually "seven pings between two nodes are seven" known
by_nodes() {
  local want
  want=$(for url in "${urls[@]}"; do query "$url" "$mine $rule | sum packets by src.node, dst.node"; done |
    jq -cs '[.[].rows[]] | group_by(.[0:2]) | map([.[0][0], .[0][1], (map(.[2]) | add)]) | sort')
  same "$want" "$(query "$SERVER" "$mine | sum packets by src.node, dst.node" | jq -c '.rows | sort')"
}
eventually "sums by node are, too" by_nodes
whole='.partial == false and .exact == true and .warnings == [] and (.sources | .agents == 3 and .answered == 3 and .missing == [])'
check "an answer says that it is whole" jq -e "$whole" <<<"$(query "$SERVER" "$mine | count")"
live() { # what is in the agents' memory, which history has nothing of
  pings pod3-2 13 10.244.2.2
  ask -G "$SERVER/api/query" --data-urlencode 'q=protocol=icmp src.ip=10.244.3.3 dst.ip=10.244.2.2 | sum packets' -d source=live |
    jq -e '.rows == [[13]] and .tier == "live" and .partial == false'
}
check "what is live is asked of agents, too, and counted once" live
fresh() { # at once, not at the agents' next minute
  same '[[12,1]]' "$(query "$SERVER" 'protocol=icmp src.ip=10.244.3.3 dst.ip=10.244.1.2 | sum packets, count' | jq -c .rows)"
}
pings pod3-2 12 10.244.1.2
# An answer may be as old as five seconds.
patience=50 eventually "what was just seen is in the answer" fresh
exact='[.rows[0][0]] == [$want]'
check "distinct values are counted over all nodes" jq -e "$exact" --argjson want 3 \
  <<<"$(query "$SERVER" 'dst.port=30080 src.ip=203.0.113.10 | distinct src.port')"
check "pages of lists are whole" holds "$SERVER/api/interfaces" '.partial == false and .completeness.answered == 3'
check "totals of all nodes" holds "$SERVER/api/stats" '.partial == false and (.nodes | length) == 3 and .accounting.total.difference == 0'

# --- /metrics ---------------------------------------------------------------------

echo "# /metrics"
# Flows by pair of workloads, of those that the test made, summed up over URLs. Each agent
# tells of what its node sees, so of a flow between two nodes both do.
pairs() { # TIMES URL...: a flow between nodes is told that many times
  local url times=$1
  shift
  for url in "$@"; do ask "$url/metrics"; done |
    awk -v times="$times" '/^netprobe_workload_flows_total.*src_workload="client".*dst_workload="(web|coredns)"/ {
      match($1, /{.*/); sum[substr($1, RSTART)] += $NF }
      END { for (pair in sum) if (sum[pair]) print pair, sum[pair] / (pair ~ /"inter-node"/ ? times : 1) }' | sort
}
metrics_match() { same "$(pairs 2 "${urls[@]}")" "$(pairs 1 "$SERVER")" && [[ $(pairs 1 "$SERVER" | grep -c .) -ge 3 ]]; }
# Agents are asked for them every ten seconds.
patience=150 eventually "sums by workload are the agents' own, each flow once" metrics_match
agents_up() { ask "$SERVER/metrics" | grep -qx 'netprobe_server_agents{state="ready"} 3'; }
check "and how many agents there are" agents_up

# --- the stream ---------------------------------------------------------------------

echo "# the stream"
curl -sSN --noproxy '*' -m 60 "$SERVER/api/stream?q=protocol%3Dicmp+src.ip%3D10.244.3.3" >"$WORK/stream" 2>/dev/null &
stream=$!
eventually "a stream begins" grep -q '^: netprobe live flows' "$WORK/stream"
# It is known to the agents when a ping of it came through.
first_told() { in_ns pod3-2 ping -q -c 1 10.244.3.2 >/dev/null; sleep 0.5; grep -q '"dst_ip":"10.244.3.2"' "$WORK/stream"; }
eventually "flows come" first_told
pings pod3-2 11 10.244.1.3
records() { sed -n 's/^data: \({"id":.*\)/\1/p' "$WORK/stream" | jq -c 'select(.dst_ip == "10.244.1.3")'; }
told_whole() { same 11 "$(records | jq -s '[.[].packets] | max')"; }
eventually "the flow's last word is all its packets" told_whole
check "one of its two nodes tells of it" same '"node3"' "$(records | jq -s -c '[.[].observer] | unique[]')"
check "in order" jq -se '[.[].packets] | . == (sort) and . == (unique)' <<<"$(records)"
check "nothing was lost, nobody left" not grep -E '^event: (lost|agent)' "$WORK/stream"
kill "$stream"
pings pod3-2 400 10.244.1.2 &
pinging=$!
timeout 30 "${server_program%/*}/../cli/netprobe" observe --agent "$SERVER" --addresses --no-color -n 1 'src.ip=10.244.3.3 dst.ip=10.244.1.2' >"$WORK/observed"
check "netprobe observe shows a flow of the cluster" grep -qE 'icmp .*10\.244\.3\.3 .*10\.244\.1\.2 ' "$WORK/observed"
kill "$pinging"

echo "# the stream of alerts"
netprobe=${server_program%/*}/../cli/netprobe
timeout 90 "$netprobe" alerts -f --agent "$SERVER" -o json --kind port_scan >"$WORK/alerts" 2>"$WORK/alerts.err" &
alerting=$!
curl -sSN --noproxy '*' -m 90 "$SERVER/api/alerts/stream?kind=port_scan" >"$WORK/alert-stream" 2>/dev/null &
stream=$!
eventually "a stream of alerts begins" grep -q '^: netprobe alerts of a cluster' "$WORK/alert-stream"
# Nothing listens there: every port refuses.
scan() { for ((port = 7001; port <= 7040; ++port)); do in_ns pod1-2 nc -z -w 1 10.244.2.3 "$port" || true; done; }
scan
scanned() { sed -n 's/^data: \({.*"severity".*\)/\1/p' "$WORK/alert-stream" | jq -se --arg node "$1" 'any(.[]; .node == $node and .kind == "port_scan" and .state == "active" and .source.ip == "10.244.1.3" and (.evidence.flows | length) > 0)' >/dev/null; } # NODE
patience=150 eventually "the scanner's node tells of it" scanned node1
patience=150 eventually "and that of the scanned, with its name" scanned node2
followed() { jq -se '[.[] | select(.kind == "port_scan") | .node] | unique | contains(["node1", "node2"])' "$WORK/alerts" >/dev/null; }
eventually "netprobe alerts -f shows both" followed
listed() { holds "$SERVER/api/alerts?kind=port_scan" '[.alerts[].node] | unique | contains(["node1", "node2"])'; }
check "and so has the list" listed
check "no alert was lost, nobody left" not grep -E '^event: (lost|agent)' "$WORK/alert-stream"
kill "$stream" "$alerting"

echo "# advice"
eventually "the policy that a workload needs, of all nodes' traffic" \
  holds "$SERVER/api/advise/network-policy?namespace=default&workload=web&since=1h" \
  '(.policies | length) == 1 and (.yaml | contains("kind: NetworkPolicy")) and .policies[0].flows > 0'

check_the_end
((failures == 0)) || { echo "server_test: $failures check(s) FAILED"; exit 1; }
echo "server_test: all checks passed"
