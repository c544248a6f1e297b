#!/usr/bin/env bash
# A real API server takes what deploy/ says (server-side dry run, then really), the
# published commands find it, and the role is what names need and nothing else.
#
#   tests/deploy/kube_test.sh        needs a kube-apiserver: docs/testing.md
set -euo pipefail
# shellcheck source=tests/deploy/lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck source=tests/deploy/kube.sh
. "$(dirname "$0")/kube.sh"
trap 'kube_stop; rm -rf -- "$WORK"' EXIT
trap 'exit 130' INT
trap 'exit 143' TERM HUP
need jq python3
why=$(kube_obstacle)
[ -z "$why" ] || skip "$why"
build_manifests
NETPROBE_KUBE_APISERVER=$(kube_apiserver)
export NETPROBE_KUBE_APISERVER HOME=$WORK # kubectl keeps what it learnt of servers there
kube_start || { failed "the control plane starts"; finish; }

deploy=$TREE/deploy
chart=$deploy/helm/netprobe
dry() { kubectl apply --dry-run=server -f "$1"; }
holds "kubectl apply --dry-run=server -f deploy/agent.yaml" dry "$deploy/agent.yaml"
sed 's/hostPID: true/hostPid: yes please/' "$deploy/agent.yaml" >"$WORK/bad.yaml"
refuses "a field of the wrong name or kind (an example)" "hostPid" dry "$WORK/bad.yaml"
holds "the operator's types" kubectl apply -f "$TREE/tests/deploy/crds.yaml"
kubectl wait --for condition=established --timeout=30s crd --all >/dev/null
for file in servicemonitor prometheusrule; do
  holds "deploy/prometheus/$file.yaml" dry "$deploy/prometheus/$file.yaml"
done
kubectl create namespace monitoring >/dev/null
for values in '' all_on no_names server server_all; do
  "$WORK/manifests" render "$chart" monitoring ${values:+"$TREE/tests/deploy/values/$values.yaml"} \
    >"$WORK/chart.yaml" 2>/dev/null
  holds "the chart, ${values:-defaults}" dry "$WORK/chart.yaml"
done
if kubectl kustomize "$deploy/kustomize/overlays/kube-system" >"$WORK/overlay.yaml" 2>/dev/null; then
  holds "the kustomize overlay" dry "$WORK/overlay.yaml"
fi

kubectl create namespace shop >/dev/null
holds "a policy as 'netprobe advise' writes it" dry "$TREE/tests/deploy/network_policy.yaml"

holds "kubectl apply --dry-run=server -f deploy/server.yaml" dry "$deploy/server.yaml"

# As published, in a fresh cluster.
holds "kubectl apply -f deploy/agent.yaml" kubectl apply -f "$deploy/agent.yaml"
holds "again: nothing to change" test "$(kubectl apply -f "$deploy/agent.yaml" | grep -vc unchanged)" = 0
# Without kubelets and controllers nobody makes the pod: it is made from the
# DaemonSet's template, which shows that a pod of it is valid, too.
kubectl get daemonset netprobe-agent -o json | jq '{apiVersion: "v1", kind: "Pod",
  metadata: (.spec.template.metadata + {name: "netprobe-agent-x", namespace: "default"}),
  spec: (.spec.template.spec + {nodeName: "node1"})}' >"$WORK/pod.json"
holds "a pod of its template" kubectl create -f "$WORK/pod.json"
holds "kubectl get pods -l app=netprobe-agent" grep -q netprobe-agent-x <(kubectl get pods -l app=netprobe-agent)
pod() { kubectl get pod netprobe-agent-x -o json | jq -e "$1"; }
holds "its class came with it" pod '.spec.priorityClassName == "netprobe-agent" and .spec.priority == 1000000000 and .spec.preemptionPolicy == "Never"'
holds "the Service selects it, at the port's name" test "$(kubectl get pods -o name -l "$(kubectl get service netprobe-metrics -o json |
  jq -r '.spec.selector | to_entries | map("\(.key)=\(.value)") | join(",")')")" = pod/netprobe-agent-x
holds "kubectl set image, as documented" kubectl set image daemonset/netprobe-agent agent=registry.example.org/netprobe-agent:0.1.0

# What the agent may, as the server tells it: this and nothing else, besides what
# everybody may (ask what one may; read what the API is).
may() {
  kubectl auth can-i --list --no-headers --as system:serviceaccount:default:netprobe-agent "$@" |
    grep -v '^selfsubject' | grep -vE '^ +\[/' | tr -s ' ' | sort
}
read -r -d '' wanted <<'LIST' || true
endpointslices.discovery.k8s.io [] [] [list watch]
jobs.batch [] [] [list watch]
namespaces [] [] [list watch]
networkpolicies.networking.k8s.io [] [] [list watch]
nodes [] [] [list watch]
pods [] [] [list watch]
replicasets.apps [] [] [list watch]
services [] [] [list watch]
LIST
for namespace in default kube-system; do
  holds "its role is what names need, in $namespace" diff <(echo "$wanted") <(may --namespace "$namespace")
done
can() { kubectl auth can-i --quiet --as system:serviceaccount:default:netprobe-agent "$@"; }
cannot() { ! can "$@"; }
holds "it may list pods everywhere" can list pods -A
holds "it may not read a pod by its name" cannot get pods -A
holds "it may not read secrets" cannot get secrets -A
holds "it may not run programs in pods" cannot create pods --subresource exec -A
holds "it may not reach kubelets" cannot get nodes --subresource proxy
finish
