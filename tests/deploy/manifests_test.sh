#!/usr/bin/env bash
# What deploy/ says, without a cluster: chart, kustomize base and plain manifest say
# the same; rules and dashboard ask for metrics that there are; every alert fires
# when it should, and only then.
#
#   tests/deploy/manifests_test.sh
set -euo pipefail
# shellcheck source=tests/deploy/lib.sh
. "$(dirname "$0")/lib.sh"
trap 'rm -rf -- "$WORK"' EXIT
need promtool jq kubectl
build_manifests
m=$WORK/manifests
deploy=$TREE/deploy
chart=$deploy/helm/netprobe

# The chart.
render() { "$m" render "$chart" "$@" 2>"$WORK/notes"; }
render default >"$WORK/chart.yaml"
holds "the chart's defaults are the plain manifest" "$m" same "$deploy/agent.yaml" "$WORK/chart.yaml"
holds "its notes have the commands" grep -q "port-forward --namespace default service/netprobe-metrics 8081:8081" "$WORK/notes"
render monitoring "$TREE/tests/deploy/values/all_on.yaml" >"$WORK/all.yaml"
for line in '"--interface-filter=eth*,cali*,!lo"' '"--max-flows=2000000"' '"--active-only=true"' \
  '"--external-names=lab=2001:db8::/32,office=203.0.113.0/24"' '--kube-scope=node' '--metrics-port=9101' \
  'registry.example.org/netprobe-agent:9.9.9' 'host: "127.0.0.1"' 'priorityClassName: system-node-critical' \
  'kind: ServiceMonitor' 'kind: PrometheusRule' 'kind: ConfigMap' 'readOnlyRootFilesystem: false' \
  'alert: NetProbeAgentDown' 'alert: NetProbeAttack' \
  '"--detectors=!beacon,anomaly"' '"--mute-alerts=alert.kind=port_scan src.namespace=monitoring"' \
  '"--mute-alerts=src.ip=10.0.0.9"' '"--threat-intel=drop=https://lists.example/drop.txt?every=6h"' \
  '"--export=alertmanager+http://alertmanager:9093?labels=cluster=west"' '"uid": "netprobe"' 'serviceAccountName: watcher'; do
  holds "everything on: $line" grep -qF -- "$line" "$WORK/all.yaml"
done
render default "$TREE/tests/deploy/values/no_names.yaml" >"$WORK/none.yaml"
holds "without names: told so to the agent" grep -qF -- "--enable-kubernetes=false" "$WORK/none.yaml"
refuses "without names: no role" "" grep -qE "kind: (ClusterRole|ServiceAccount|PriorityClass)" "$WORK/none.yaml"
echo 'detection: {enabled: false}' >"$WORK/quiet.yaml"
render default "$WORK/quiet.yaml" >"$WORK/undetected.yaml"
holds "without detection: told so to the agent" grep -qF -- "--enable-detection=false" "$WORK/undetected.yaml"
echo 'detection: {detector: [flood]}' >"$WORK/bad.yaml"
refuses "a value that detection does not have" "detector" "$m" render "$chart" default "$WORK/bad.yaml"
echo 'config: {mute-alerts: x}' >"$WORK/bad.yaml"
refuses "a flag that has values of its own" "mute-alerts" "$m" render "$chart" default "$WORK/bad.yaml"
render default "$TREE/tests/deploy/values/server.yaml" >"$WORK/server.yaml"
# The overlay's strategic merge, as kubectl does it.
if kubectl kustomize "$deploy/kustomize/overlays/cluster" >"$WORK/cluster.yaml" 2>"$WORK/said"; then
  holds "the chart with the server is the kustomize overlay" "$m" same "$WORK/cluster.yaml" "$WORK/server.yaml"
elif grep -q 'must be a file' "$WORK/said"; then
  echo "        the overlay is left out: this kubectl is older than 1.21, whose kustomize knows 'bases' only"
  cp "$WORK/server.yaml" "$WORK/cluster.yaml"
else
  failed "the overlay with the server: $(cat "$WORK/said")"
fi
# What the chart says of the server alone is the plain manifest.
awk 'BEGIN { RS = "---\n"; ORS = "---\n" } /component: server/' "$WORK/server.yaml" >"$WORK/server_only.yaml"
holds "the chart's server is the plain manifest" "$m" same "$deploy/server.yaml" "$WORK/server_only.yaml"
holds "its notes say how to make certificates" grep -q "certificates certs --server-name netprobe-server.default.svc" "$WORK/notes"
refuses "without it there is no server" "" grep -qE "grpc|netprobe-server" "$WORK/chart.yaml"
render monitoring "$TREE/tests/deploy/values/server_all.yaml" >"$WORK/server_all.yaml"
for line in 'name: watch-server' 'replicas: 5' 'secretName: certs' '--agents-service=monitoring/watch-metrics' \
  '--metrics-port=9081' '--agents-port=9082' '--grpc-listen=0.0.0.0:9082' '--grpc-listen=0.0.0.0:9083' \
  '"--agents-timeout=3s"' '"--max-workload-pairs=1000000"' '--clickhouse-insecure' 'memory: 4Gi'; do
  holds "all of the server: $line" grep -qF -- "$line" "$WORK/server_all.yaml"
done
refuses "names: false: agents ask for none" "" grep -qF -- "--server=" "$WORK/server_all.yaml"
echo 'server: {replica: 1}' >"$WORK/bad.yaml"
refuses "a value that the server does not have" "replica" "$m" render "$chart" default "$WORK/bad.yaml"
echo 'metricPort: 1' >"$WORK/bad.yaml"
refuses "a value that the chart does not have" "metricPort" "$m" render "$chart" default "$WORK/bad.yaml"
echo 'metricsPort: "8081"' >"$WORK/bad.yaml"
refuses "a value of the wrong kind" "metricsPort" "$m" render "$chart" default "$WORK/bad.yaml"
sed 's/CAP_//; s/NET_ADMIN/SYS_ADMIN/' "$deploy/agent.yaml" >"$WORK/other.yaml"
refuses "manifests that differ (an example)" "SYS_ADMIN" "$m" same "$deploy/agent.yaml" "$WORK/other.yaml"

# Kustomize.
kubectl kustomize "$deploy/kustomize/base" >"$WORK/base.yaml"
holds "the kustomize base is the plain manifest" "$m" same "$deploy/agent.yaml" "$WORK/base.yaml"
if overlay=$(kubectl kustomize "$deploy/kustomize/overlays/kube-system" 2>"$WORK/said"); then
  holds "the overlay changes image and namespace everywhere" test \
    "$(grep -c 'namespace: kube-system' <<<"$overlay") $(grep -c 'namespace: default' <<<"$overlay") $(grep -c 'image: registry.example.org/netprobe-agent:0.1.0' <<<"$overlay")" = "6 0 1"
elif grep -q 'must be a file' "$WORK/said"; then
  echo "        the overlay is left out: this kubectl is older than 1.21, whose kustomize knows 'bases' only"
else
  failed "the overlay: $(cat "$WORK/said")"
fi

# One version everywhere.
version=$(sed -n 's/^project(netprobe VERSION \([0-9.]*\).*/\1/p' "$TREE/CMakeLists.txt")
for place in "agent.yaml:image: localhost/netprobe-agent:$version" "Dockerfile:ARG VERSION=$version" \
  "helm/netprobe/Chart.yaml:appVersion: \"$version\"" "helm/netprobe/Chart.yaml:version: $version" \
  "kustomize/overlays/kube-system/kustomization.yaml:newTag: $version"; do
  holds "$version in ${place%%:*}" grep -qF -- "${place#*:}" "$deploy/${place%%:*}"
done

# Prometheus.
holds "the rules parse" promtool check rules "$deploy/prometheus/netprobe.rules.yaml"
holds "each alert fires when it should" promtool test rules "$TREE/tests/deploy/rules_test.yaml"
alerts=$(grep -oP 'alert: \K\w+' "$deploy/prometheus/netprobe.rules.yaml" | sort)
tested=$(grep -oP 'alertname="\K\w+(?="}., value)' "$TREE/tests/deploy/rules_test.yaml" | sort)
holds "each alert has its test" diff <(echo "$alerts") <(echo "$tested")
holds "the operator's rules are the same" "$m" group "$deploy/prometheus/netprobe.rules.yaml" "$deploy/prometheus/prometheusrule.yaml"
holds "the scrape configuration parses" promtool check config --syntax-only "$deploy/prometheus/scrape-static.yaml"

# Grafana.
dashboard=$deploy/grafana/netprobe.json
holds "the dashboard is JSON with panels" jq -e '.uid == "netprobe" and ([.panels[] | select(.type != "row")] | length > 20)' "$dashboard"
holds "its panels have their own numbers" jq -e '[.panels[].id] | length == (unique | length)' "$dashboard"
holds "its panels do not lie over each other" jq -e '
  [.panels[].gridPos | . as $p | range($p.y; $p.y + $p.h) as $y | range($p.x; $p.x + $p.w) as $x | [$x, $y]] |
  length == (unique | length)' "$dashboard"
# A flow counts for both its workloads, so these have no sum over all of them.
holds "no panel counts a flow twice" jq -e '
  [.panels[].targets[]?.expr | select(test("netprobe_k8s_(intra|inter)_node_flows_total") and (test("by \\([^)]*workload") | not))] == []' "$dashboard"
"$m" exprs "$dashboard" >"$WORK/panels.yaml"
holds "its queries parse" promtool check rules "$WORK/panels.yaml"
documented() { sed -nE 's/^\| `([a-z0-9_]+)` \|.*/\1/p' "$TREE/docs/metrics.md"; }
unknown=$("$m" metrics "$dashboard" "$deploy/prometheus/netprobe.rules.yaml" | sed -E 's/_(bucket|sum|count)$//' |
  sort -u | comm -23 - <(documented | sort -u))
holds "rules and dashboard ask for metrics that there are: ${unknown:-all}" test -z "$unknown"
finish
