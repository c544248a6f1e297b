#!/usr/bin/env bash
# The example of libnetprobe's network integrator in the lab with its control plane:
# what it prints is what the API server has, and a ping between pods of two nodes is
# a flow with their names. Needs root, etcd and a kube-apiserver; exits 77 (skipped)
# without them.
#
# usage: kubernetes_test.sh EXAMPLE     the program kubernetes_topology
set -euo pipefail

source_dir=$(cd "$(dirname "$0")/../.." && pwd -P)
lab=$source_dir/lab
example=$1
[[ $EUID == 0 ]] || { echo "skipped: the lab needs root"; exit 77; }
for tool in jq curl ping nft nginx dnsmasq iperf3 etcd openssl kubectl; do
  command -v "$tool" >/dev/null || { echo "skipped: the lab's control plane needs $tool"; exit 77; }
done
server=$("$source_dir/scripts/kube_apiserver.sh" 2>&1) ||
  { echo "skipped: ${server#kube_apiserver: }"; exit 77; }

work=$(mktemp -d)
export NETPROBE_KUBE_APISERVER=$server NETPROBE_LAB_DIR=$work/state HOME=$work
unset NETPROBE_LAB_NAME KUBECONFIG
name=l$$
running=''
cleanup() {
  trap '' INT TERM HUP
  [[ -z $running ]] || kill "$running" 2>/dev/null || true
  timeout 60 "$lab/down" --all >/dev/null 2>&1 || true
  rm -rf -- "$work"
}
trap cleanup EXIT
trap 'exit 130' INT
trap 'exit 143' TERM HUP

timeout 180 "$lab/up" --name "$name" --kubernetes --no-agent
KUBECONFIG='' LAB='' STATE='' && eval "$("$lab/env" --name "$name" --shell)"
kube() { timeout 30 kubectl --kubeconfig "$KUBECONFIG" "$@"; }

failures=0
same() { # WHAT EXPECTED PRINTED
  if [[ $2 == "$3" && -n $2 ]]; then
    echo "ok      $1"
  else
    echo "FAILED  $1"
    diff <(echo "$2") <(echo "$3") | head -n 20 || true
    failures=$((failures + 1))
  fi
}

# A pod of each node: name, namespace, network namespace, addresses.
pod_of() { awk -v node="$1" '$5 == node && $1 !~ /^(client|coredns)/ { print $1, $2, $3, $4; exit }' "$STATE/pods"; }
read -r from from_space from_netns _ <<<"$(pod_of node1)"
read -r to to_space _ to_addresses <<<"$(pod_of node2)"

NODE_NAME=node1 nsenter --net="/run/netns/np-$LAB-node1" -- \
  "$example" "$STATE/agent.kubeconfig" cni0 >"$work/out" 2>"$work/err" &
running=$!
synced=''
for _ in $(seq 300); do
  grep -q '^synced' "$work/out" && synced=yes && break
  sleep 0.2
done
[[ -n $synced ]] || { echo "FAILED  it knows the cluster"; cat "$work/out" "$work/err"; exit 1; }
nsenter --net="/run/netns/$from_netns" -- ping -q -c 5 -i 0.2 "${to_addresses%%,*}" >/dev/null
sleep 2
kill -INT "$running"
wait "$running"
running=''

same "pods by address" \
  "$(kube get pods -A -o json | jq -r '.items[] | select(.spec.hostNetwork | not) |
    "\(.metadata.namespace)/\(.metadata.name)" as $name | .status.podIPs[].ip | "pod \(.) \($name)"' | sort)" \
  "$(grep '^pod ' "$work/out" | sort)"
same "services by address" \
  "$(kube get services -A -o json | jq -r '.items[] | "\(.metadata.namespace)/\(.metadata.name)" as $name |
    (.spec.clusterIPs // [.spec.clusterIP])[] | select(. != "None") | "service \(.) \($name)"' | sort)" \
  "$(grep '^service ' "$work/out" | sort)"
same "nodes of Flannel" \
  "$(kube get nodes -o json | jq -r '.items[] | .metadata as $m |
    ($m.annotations["flannel.alpha.coreos.com/backend-data"] | fromjson) as $data |
    "flannel \($m.name) vxlan vni \($data.VNI) vtep \($data.VtepMAC | ascii_downcase)"' | sort)" \
  "$(grep '^flannel ' "$work/out" | sort)"
same "the kernel agrees with what Flannel declares" 0 "$(grep -c '^finding: ' "$work/out" || true)"
same "a ping between pods of two nodes" \
  "flow $from_space/$from -> $to_space/$to inter-node 5 packets" \
  "$(grep "^flow $from_space/$from -> $to_space/$to " "$work/out")"

if ((failures > 0)); then
  cat "$work/out" "$work/err"
  exit 1
fi
echo "kubernetes_test: passed"
