#!/usr/bin/env bash
# A real Prometheus scrapes a real agent in a network namespace, with deploy's scrape
# configurations and rules; promtool checks the metrics page.
#
#   sudo tests/deploy/prometheus_test.sh PATH-OF-NETPROBE-AGENT
set -euo pipefail
# shellcheck source=tests/deploy/lib.sh
. "$(dirname "$0")/lib.sh"
[ "$EUID" -eq 0 ] || skip "network namespaces need root"
need prometheus promtool jq curl ip nsenter ping
agent=${NETPROBE_BIN:+$NETPROBE_BIN/src/agent/netprobe-agent}
agent=${agent:-$1}

netns=np-t-$$-prom
pids=()
cleanup() {
  trap '' INT TERM HUP
  local pid
  for pid in "${pids[@]}"; do
    kill "$pid" 2>/dev/null || true
    wait "$pid" 2>/dev/null || true
  done
  ip netns delete "$netns" 2>/dev/null || true
  rm -rf -- "$WORK"
}
trap cleanup EXIT
trap 'exit 130' INT
trap 'exit 143' TERM HUP

# Each flag of the manifest and the chart is one that this agent has, and its value
# is one that it takes.
build_manifests
flags_of() { grep -oE -- '^ +- "?--[a-z][^"]*' | sed -E 's/^ +- "?//'; }
mapfile -t flags < <(flags_of <"$TREE/deploy/agent.yaml")
holds "the agent takes the manifest's flags: ${flags[*]}" "$agent" "${flags[@]}" --help
if "$agent" --help | grep -q -- --enable-kubernetes; then
  for values in all_on no_names; do
    mapfile -t flags < <("$WORK/manifests" render "$TREE/deploy/helm/netprobe" default \
      "$TREE/tests/deploy/values/$values.yaml" 2>/dev/null | flags_of)
    holds "the agent takes the chart's flags: ${flags[*]}" "$agent" "${flags[@]}" --help
  done
fi

ip netns add "$netns"
ip -n "$netns" link set lo up
ip -n "$netns" link add eth0 type veth peer name pod0
ip -n "$netns" address add 10.9.0.1/24 dev eth0
for device in eth0 pod0; do ip -n "$netns" link set "$device" up; done
# Straight to the program, so that its id is the one to end.
nsenter --net="/run/netns/$netns" -- "$agent" --listen-address=127.0.0.1 --node-name=n1 >"$WORK/agent.log" 2>&1 &
pids+=($!)
inside() { nsenter --net="/run/netns/$netns" -- "$@"; }
page() { inside curl -sf -m 10 http://127.0.0.1:8081/metrics; }
eventually "the agent answers" 30 page || { cat "$WORK/agent.log"; finish; }
inside ping -q -c 5 -i 0.1 127.0.0.1 >/dev/null

page >"$WORK/page"
# promtool says names that it would choose otherwise; those are NetProbe's published ones.
promtool check metrics <"$WORK/page" >"$WORK/lint" 2>&1 || true
unexpected=$(grep -vE '^netprobe_(interface_(rx|tx)_(packets|bytes)_rate|interface_peak_bytes_rate|vxlan_vni_stats|interface_speed_bytes) ' "$WORK/lint" || true)
holds "promtool check metrics${unexpected:+: $unexpected}" test -z "$unexpected"

# The job for clusters, with what discovery would say written down: two targets, of
# which the Service's is kept and another's is not.
mkdir "$WORK/prom"
cp "$TREE/deploy/prometheus/netprobe.rules.yaml" "$WORK/prom/"
{
  printf 'global: {scrape_interval: 1s, evaluation_interval: 1s}\n'
  sed 's/^    kubernetes_sd_configs:/    file_sd_configs:/; s/^      - role: endpoints/      - files: [targets.yaml]/' \
    "$TREE/deploy/prometheus/scrape-kubernetes.yaml"
} >"$WORK/prom/prometheus.yml"
cat >"$WORK/prom/targets.yaml" <<'YAML'
- targets: ["127.0.0.1:8081"]
  labels:
    __meta_kubernetes_service_name: netprobe-metrics
    __meta_kubernetes_endpoint_port_name: metrics
    __meta_kubernetes_pod_node_name: node-a
- targets: ["127.0.0.1:9"]
  labels:
    __meta_kubernetes_service_name: another
    __meta_kubernetes_endpoint_port_name: metrics
    __meta_kubernetes_pod_node_name: node-b
YAML
nsenter --net="/run/netns/$netns" -- prometheus --config.file="$WORK/prom/prometheus.yml" \
  --storage.tsdb.path="$WORK/prom/data" --web.listen-address=127.0.0.1:9090 >"$WORK/prometheus.log" 2>&1 &
pids+=($!)
query() { inside curl -sf -m 10 -G --data-urlencode "query=$1" http://127.0.0.1:9090/api/v1/query; }
result() { query "$1" | jq -e "$2" >/dev/null; }
eventually "Prometheus scrapes it, as its node" 30 result 'up{job="netprobe"}' \
  '.data.result | length == 1 and .[0].value[1] == "1" and .[0].metric.node == "node-a" and .[0].metric.instance == "node-a"' ||
  tail -n 5 "$WORK/prometheus.log"
eventually "it has the agent's name" 10 result 'netprobe_build_info{node="n1"} or netprobe_build_info{exported_node="n1"}' '.data.result | length == 1'
eventually "and what its interfaces carried" 10 result 'netprobe_interface_rx_packets_total{interface="eth0"}' '.data.result | length == 1'
sleep 3 # as many scrapes
rules() { inside curl -sf -m 10 http://127.0.0.1:9090/api/v1/rules; }
healthy() { rules | jq -e '[.data.groups[].rules[]] | length > 10 and all(.health == "ok")'; }
eventually "all rules are evaluated" 15 healthy || rules | jq -c '.data.groups[].rules[] | select(.health != "ok")'
quiet() { rules | jq -e '[.data.groups[].rules[] | select(.state != "inactive")] | length == 0'; }
eventually "and none of them alarms at a healthy node" 15 quiet ||
  rules | jq -c '.data.groups[].rules[] | select(.state != "inactive") | [.name, .state, .alerts[].labels]'
# The agent goes: the alert is on its way (it waits five minutes).
kill "${pids[0]}"
wait "${pids[0]}" 2>/dev/null || true
pending() { rules | jq -e '.data.groups[].rules[] | select(.name == "NetProbeAgentDown").state == "pending"'; }
eventually "an agent that is gone is noticed" 20 pending
# The job for lists of machines.
holds "the static job" promtool check config --syntax-only "$TREE/deploy/prometheus/scrape-static.yaml"
finish
