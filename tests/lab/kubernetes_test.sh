#!/usr/bin/env bash
# The lab with its control plane: the objects in the API server are those that
# the namespaces are, outages can be made, and the agents name flows of all
# directions by what was generated. Needs root, etcd and a kube-apiserver; exits
# 77 (skipped) without them.
#
#   sudo tests/lab/kubernetes_test.sh PATH-OF-NETPROBE-AGENT
set -euo pipefail

NAME=k$$
# shellcheck source=tests/lab/kubernetes_lab.sh
source "$(dirname "${BASH_SOURCE[0]}")/kubernetes_lab.sh"
as_agent() { timeout 30 kubectl --kubeconfig "$STATE/agent.kubeconfig" "$@"; }

echo "# what the API server knows is what there is"
check "pods: name, namespace, addresses, node, uid and container" same \
  "$(awk '{ print $1, $2, $4, $5, $6, $7 }' <(pods))" \
  "$(kube get pods -A -o json | jq -r '.items[] | [.metadata.name, .metadata.namespace,
    ([.status.podIPs[].ip] | join(",")), .spec.nodeName, .metadata.uid,
    (.status.containerStatuses[0].containerID | ltrimstr("containerd://"))] | join(" ")' | sort)"
while read -r pod namespace netns addresses rest; do
  # What the machine calls fd10:244:1::2 is spelled alike by the API server.
  check "$namespace/$pod is $netns" same "$(tr , '\n' <<<"$addresses" | sort)" \
    "$(nsenter --net="/run/netns/$netns" -- ip -o addr show dev eth0 scope global | awk '{ sub("/.*", "", $4); print $4 }' | sort)"
done < <(pods)
check "every pod runs, and is ready" same true \
  "$(kube get pods -A -o json | jq '[.items[] | .status.phase == "Running" and .status.containerStatuses[0].ready] | all')"
for node in 1 2; do
  check "node$node: Flannel's annotations are its devices" same \
    "$(for device in flannel.1 flannel-v6.1; do in_ns "node$node" ip -j link show $device | jq -r '.[0].address'; done)" \
    "$(kube get node "node$node" -o json | jq -r '.metadata.annotations | (.["flannel.alpha.coreos.com/backend-data"],
      .["flannel.alpha.coreos.com/backend-v6-data"]) | fromjson | .VtepMAC')"
done
check "web's pods have a Deployment behind their ReplicaSet" same "Deployment/web" "$(
  set=$(kube get pods -n default -l app=web -o json | jq -r '.items[0].metadata.ownerReferences[0] | select(.kind == "ReplicaSet") | .name')
  kube get replicaset -n default "$set" -o json | jq -r '.metadata.ownerReferences[0] | .kind + "/" + .name')"
check "clients have a CronJob behind their Job" same "CronJob/client" "$(
  kube get jobs -n clients -o json | jq -r '.items[0].metadata.ownerReferences[0] | .kind + "/" + .name')"
check "services have addresses of both families" same "10.96.0.10,fd10:96::10 10.96.0.80,fd10:96::50" \
  "$(kube get services -A -o json | jq -r '[.items[] | select(.metadata.name == "web" or .metadata.name == "kube-dns") |
    .spec.clusterIPs | join(",")] | sort | join(" ")')"
check "EndpointSlices hold the pods of the services, by uid" same \
  "$(awk '$1 ~ /^web-/ { split($4, a, ","); print "web " a[1] " " $6; print "web " a[2] " " $6 }
          $1 ~ /^coredns-/ { split($4, a, ","); print "kube-dns " a[1] " " $6; print "kube-dns " a[2] " " $6 }' "$STATE/pods" | sort)" \
  "$(kube get endpointslices -A -o json | jq -r '.items[] | .metadata.labels["kubernetes.io/service-name"] as $service |
    select($service == "web" or $service == "kube-dns") | .endpoints[] | "\($service) \(.addresses[0]) \(.targetRef.uid)"' | sort)"

echo "# who may ask, and from where"
for resource in pods services nodes namespaces replicasets.apps jobs.batch endpointslices.discovery.k8s.io networkpolicies.networking.k8s.io; do
  check "the agent may watch $resource" as_agent auth can-i watch "$resource" -A
done
check "the agent may not read a pod by its name" not as_agent auth can-i get pods -A
check "the agent may not read secrets" not as_agent auth can-i get secrets -A
check "the agent may not delete pods" not as_agent auth can-i delete pods -A
for where in node1 node2; do
  check "$where reaches the API server" in_ns "$where" curl -sSk --noproxy '*' -m 5 -o /dev/null "$address/livez"
done
check "no process of the machine's own namespace listens for it" not grep -q ":6443" <(ss -Hltn)
uid_cgroup() { cat "/proc/$(awk -v role="$1" '$3 == role { print $1 }' "$STATE/pids")/cgroup"; }
if compgen -G "/sys/fs/cgroup/*/netprobe-lab-$NAME" >/dev/null || [[ -d /sys/fs/cgroup/netprobe-lab-$NAME ]]; then
  for pair in "nginx-pod1-1 web-" "nginx-node1 node-web-" "agent-node1 netprobe-agent-"; do
    read -r role prefix <<<"$pair"
    check "$role is a process of its pod's container" grep -q \
      "$(awk -v prefix="$prefix" 'index($1, prefix) == 1 && $5 == "node1" { print "pod" $6 "/" $7 }' "$STATE/pods")" <(uid_cgroup "$role")
  done
else
  echo "skipped: the lab may not make cgroups here, so hostNetwork pods cannot be told apart"
fi

echo "# traffic"
check "each request is answered" timeout 120 "$HERE/traffic" --once --name "$NAME"

# Nobody has read anything of the agents so far: they look themselves which
# process a flow on the node's own address was of, before they sum it up.
sums_know_host_pods() {
  local metrics
  metrics=$(ask "${urls[0]}/metrics")
  grep -E '^netprobe_workload_flows_total\{src_namespace="kube-system",src_kind="DaemonSet",src_workload="node-web",dst_namespace="default",dst_kind="Deployment",dst_workload="web"' <<<"$metrics" ||
    { grep '^netprobe_workload_flows_total' <<<"$metrics"; return 1; }
}
if [[ -d /sys/fs/cgroup/netprobe-lab-$NAME ]] || compgen -G "/sys/fs/cgroup/*/netprobe-lab-$NAME" >/dev/null; then
  sleep 11 # two intervals
  check "sums know hostNetwork pods without readers" sums_know_host_pods
  check "each request is answered again" timeout 120 "$HERE/traffic" --once --name "$NAME"
fi

# A flow as an agent tells it, held against what was sent: the names are regular
# expressions, "-" is none. direction "nodes": by whether both nodes are one.
name_failures=0
named() { # WHAT AGENT SRC_IP DST_IP PROTOCOL SRC_POD DST_POD SERVICE SRC_NODE DST_NODE DIRECTION
  local what=$1 url=${urls[$2 - 1]} answer='' i
  local query="$url/api/flows?src_ip=$3&dst_ip=$4&protocol=$5&limit=1000"
  for ((i = 0; i < 30; i++)); do
    answer=$(ask "$query" || true)
    if jq -e --arg src "$3" --arg dst "$4" --arg src_pod "$6" --arg dst_pod "$7" --arg service "$8" --arg src_node "$9" \
      --arg dst_node "${10}" --arg direction "${11}" '
      def is($want): (. // "") as $have | if $want == "-" then $have == "" else ($have | test("^(" + $want + ")$")) end;
      [.flows[] | select(.src_ip == $src and .dst_ip == $dst)] | length > 0 and all(
        (.src_pod | is($src_pod)) and (.dst_pod | is($dst_pod)) and (.service | is($service)) and
        (.src_node | is($src_node)) and (.dst_node | is($dst_node)) and
        .direction == (if $direction != "nodes" then $direction
                       elif .src_node == .dst_node then "intra-node" else "inter-node" end))' <<<"$answer" >/dev/null 2>&1; then
      printf 'ok      %-34s node%d  %-16s -> %-18s %-5s %s\n' "$what" "$2" "$3" "$4" "$5" \
        "$(jq -r --arg src "$3" --arg dst "$4" 'first(.flows[] | select(.src_ip == $src and .dst_ip == $dst)) |
          "\(.src_pod // "-") -> \(.dst_pod // "-")  \(.service // "-")  \(.direction)"' <<<"$answer")"
      return
    fi
    sleep 0.5
  done
  printf 'FAILED  %s: %s\n        | expected src_pod %s dst_pod %s service %s nodes %s %s direction %s\n        | %s\n' "$what" "$query" \
    "$6" "$7" "$8" "$9" "${10}" "${11}" "$(jq -c '[.flows[]? | {src_ip, dst_ip, src_pod, dst_pod, service, src_node, dst_node, direction}]' \
      <<<"$answer" 2>/dev/null | head -c 2000)"
  failures=$((failures + 1)) name_failures=$((name_failures + 1))
}
check_names() {
  local client1 web='default/web-[a-z0-9-]+' web1 web2 dns host1 host2 dns4 node='node[12]'
  client1=$(pod_of pod1-2) web1=$(pod_of pod1-1) web2=$(pod_of pod2-1) dns=$(pod_of pod2-3)
  host1=$(pod_of node1 node-web) host2=$(pod_of node2 node-web)
  dns4=kube-system/kube-dns
  #     what                            agent src dst protocol      src_pod dst_pod service src_node dst_node direction
  named "same node"                     1 10.244.1.3 10.244.1.2 tcp "$client1" "$web1" - node1 node1 intra-node
  named "same node, ping"               1 10.244.1.3 10.244.1.2 icmp "$client1" "$web1" - node1 node1 intra-node
  named "other node"                    1 10.244.1.3 10.244.2.2 tcp "$client1" "$web2" - node1 node2 inter-node
  named "other node, seen there"        2 10.244.1.3 10.244.2.2 tcp "$client1" "$web2" - node1 node2 inter-node
  named "other node, IPv6"              1 fd10:244:1::3 fd10:244:2::2 tcp "$client1" "$web2" - node1 node2 inter-node
  named "other node, IPv6, seen there"  2 fd10:244:1::3 fd10:244:2::2 tcp "$client1" "$web2" - node1 node2 inter-node
  named "other node, UDP"               1 10.244.1.3 10.244.2.2 udp "$client1" "$web2" - node1 node2 inter-node
  named "other node, ping, IPv6"        1 fd10:244:1::3 fd10:244:2::2 icmp6 "$client1" "$web2" - node1 node2 inter-node
  named "DNS pod itself"                1 10.244.1.3 10.244.2.4 tcp "$client1" "$dns" "-|$dns4" node1 node2 inter-node
  named "service"                       1 10.244.1.3 10.96.0.80 tcp "$client1" "$web" default/web node1 "$node" nodes
  named "service, IPv6"                 1 fd10:244:1::3 fd10:96::50 tcp "$client1" "$web" default/web node1 "$node" nodes
  named "DNS service"                   1 10.244.1.3 10.96.0.10 udp "$client1" "$dns" $dns4 node1 node2 inter-node
  named "DNS service, IPv6"             1 fd10:244:1::3 fd10:96::10 udp "$client1" "$dns" $dns4 node1 node2 inter-node
  named "outside"                       1 10.244.1.3 203.0.113.10 tcp "$client1" - - node1 - egress
  named "outside, IPv6"                 1 fd10:244:1::3 2001:db8:113::10 tcp "$client1" - - node1 - egress
  named "outside, ping"                 1 10.244.1.3 203.0.113.10 icmp "$client1" - - node1 - egress
  named "node port"                     1 203.0.113.10 10.88.0.11 tcp - "$web" default/web - "$node" ingress
  named "node port, IPv6"               2 2001:db8:113::10 fd00:88::12 tcp - "$web" default/web - "$node" ingress
  # From the node the kernel takes the address of the tunnel device; Flannel hides
  # pods that ask a node behind their own node's address.
  named "hostNetwork pod asks"          1 10.244.1.0 10.244.2.2 tcp "$host1" "$web2" - node1 node2 inter-node
  named "hostNetwork pod is asked"      2 10.88.0.11 10.88.0.12 tcp - "$host2" - node1 node2 inter-node
  named "hostNetwork pod is asked, IPv6" 2 fd00:88::11 fd00:88::12 tcp - "$host2" - node1 node2 inter-node
}
echo "# names"
if ask -o /dev/null "${urls[0]}/api/cluster" 2>/dev/null; then
  check_names
  ((name_failures == 0)) || tail -n 5 "$STATE"/log/agent-node*.log
else
  echo "skipped: this agent has no /api/cluster, so it knows no names yet"
fi

echo "# trouble"
check "status" lab_kube status
version() { kube get --raw '/api/v1/namespaces/default/pods?limit=1' | jq -r .metadata.resourceVersion; }
before=$(kube get pods -A -o name | sort)
old=$(version)
check "the API server goes away" lab_kube stop
check "its port refuses" not ask -k -o /dev/null "$address/livez"
check "stopping it again is no error" lab_kube stop
check "it comes back" lab_kube start
check "with all its objects" same "$before" "$(kube get pods -A -o name | sort)"
kube annotate node node1 test=1 >/dev/null
check "the history can be forgotten" lab_kube compact
check "with a restart" lab_kube restart
watch_code() { # an error of a watch is an event of it, or the answer
  kube get --raw "/api/v1/namespaces/default/pods?watch=1&timeoutSeconds=2&resourceVersion=$1" 2>&1 | grep -oE '"code":410|too old resource version|Expired' | head -n 1
}
check "a watch from before gets 410 Gone" test -n "$(watch_code "$old")"
check "the agents can be kept from it" lab_kube block
check "a node does not reach it" not in_ns node1 curl -sSk --noproxy '*' -m 1 -o /dev/null "$address/livez"
check "the machine does" kube get --raw /livez
check "and let through again" lab_kube unblock
check "a node reaches it" in_ns node1 curl -sSk --noproxy '*' -m 5 -o /dev/null "$address/livez"

check_the_end
((failures == 0)) || { echo "kubernetes_test: $failures check(s) FAILED"; exit 1; }
echo "kubernetes_test: all checks passed"
