#!/usr/bin/env bash
# Names in trouble, with the real control plane of the lab: a pod that is new, an
# address that changes hands while the news of it is on time or late, an API server
# that is not there at the start, goes away and comes back without its history.
# Needs root, etcd and a kube-apiserver; exits 77 (skipped) without them.
#
#   sudo tests/lab/kubernetes_trouble_test.sh PATH-OF-NETPROBE-AGENT [--long]
#
# The API server is gone for 15 seconds, with --long for 120;
# NETPROBE_KUBE_OUTAGE_SECONDS says another number. What was measured is in a table
# at the end.
set -euo pipefail

outage_seconds=${NETPROBE_KUBE_OUTAGE_SECONDS:-15}
case ${2-} in
  '') ;;
  --long) outage_seconds=120 ;;
  *) echo "kubernetes_trouble_test: unknown argument '$2'; --long is allowed" >&2; exit 2 ;;
esac
NAME=t$$
# shellcheck source=tests/lab/kubernetes_lab.sh
source "$(dirname "${BASH_SOURCE[0]}")/kubernetes_lab.sh"

# --- the cluster's side ---------------------------------------------------------

# Straight to the API: a kubectl takes longer to start than what is measured here.
api() { # METHOD PATH [BODY]
  curl -sS --fail-with-body --noproxy '*' -m 20 --cacert "$STATE/kube/ca.crt" --header "@$STATE/kube/admin.header" \
    -X "$1" --header "Content-Type: application/$([[ $1 == PATCH ]] && echo merge-patch+)json" ${3:+--data "$3"} "$address$2"
}
clients=/api/v1/namespaces/clients/pods
second() { date -u +%Y-%m-%dT%H:%M:%SZ; } # as the cluster tells time
moment() { date -u +%Y-%m-%dT%H:%M:%S.%NZ; }
make_pod() { # NAME: on node1, without an address yet
  api POST $clients "{\"apiVersion\":\"v1\",\"kind\":\"Pod\",\"metadata\":{\"name\":\"$1\",\"labels\":{\"app\":\"trouble\"}},
    \"spec\":{\"nodeName\":\"node1\",\"restartPolicy\":\"Never\",\"containers\":[{\"name\":\"main\",\"image\":\"busybox\"}]}}" >/dev/null
}
publish() { # NAME ADDRESS4 ADDRESS6 [START-TIME]: what a kubelet writes when the pod runs
  local now
  now=$(second)
  api PATCH "$clients/$1/status" "{\"status\":{\"phase\":\"Running\",\"startTime\":\"${4:-$now}\",\"hostIP\":\"10.88.0.11\",
    \"podIP\":\"$2\",\"podIPs\":[{\"ip\":\"$2\"},{\"ip\":\"$3\"}],
    \"containerStatuses\":[{\"name\":\"main\",\"image\":\"busybox\",\"imageID\":\"busybox\",\"ready\":true,\"started\":true,
      \"restartCount\":0,\"containerID\":\"containerd://$1\",\"state\":{\"running\":{\"startedAt\":\"$now\"}}}]}}" >/dev/null
}
remove() { api DELETE "$clients/$1?gracePeriodSeconds=0" >/dev/null; } # NAME: as `kubectl delete --force`
end_pod() { # NAME: as a kubelet ends a pod that was deleted
  api DELETE "$clients/$1" >/dev/null
  api PATCH "$clients/$1/status" "{\"status\":{\"containerStatuses\":[{\"name\":\"main\",\"image\":\"busybox\",\"imageID\":\"busybox\",
    \"ready\":false,\"started\":false,\"restartCount\":0,\"containerID\":\"containerd://$1\",
    \"state\":{\"terminated\":{\"exitCode\":0,\"finishedAt\":\"$(second)\",\"containerID\":\"containerd://$1\"}}}]}}" >/dev/null
  remove "$1"
}

# --- traffic --------------------------------------------------------------------

# Pods that come and go are one namespace: pod1-2 has their addresses as well.
give_address() { # NUMBER: sets a4, a6
  a4=10.244.1.$1 a6=fd10:244:1::$1
  in_ns pod1-2 ip addr add "$a4/24" dev eth0
  in_ns pod1-2 ip addr add "$a6/64" dev eth0 nodad
}
# UDP: a TCP flow leaves the table 10 s after its end, which is less than the news
# of its pod may be late.
talk() { # SOURCE-PORT: from a4 and a6 to the cluster's DNS on node2
  ask_dns "$a4" "$1" 10.244.2.4
  ask_dns "$a6" "$1" fd10:244:2::4
}
ask_dns() { in_ns pod1-2 dig +time=5 +tries=1 +short -b "$1#$2" "@$3" web.default.svc.cluster.local A >/dev/null; }

# --- the agents' side -------------------------------------------------------------

# The flows of a4 and a6 as an agent tells them, a line each: what they are and
# whose; "-" is nobody.
flows_of() { # URL
  ask "$1/api/flows?src_ip=$a4&limit=1000" "$1/api/flows?src_ip=$a6&limit=1000" | jq -rs --arg a4 "$a4" 'map(.flows[]) |
    map(select(.protocol == "udp" or .protocol == "icmp") |
      [(if .src_ip == $a4 then "IPv4" else "IPv6" end), .protocol, (if .protocol == "udp" then .src_port else "" end),
       .src_pod // "-", .dst_pod // "-"] | map(tostring) | join(" ")) | sort[]'
}
web2=$(pod_of pod2-1) dns=$(pod_of pod2-3)
# Both agents tell just these flows of a4 and a6, over both families.
flows_are() { # PORT POD...
  local url want=''
  while (($#)); do
    want+="IPv4 udp $1 $2 $dns"$'\n'"IPv6 udp $1 $2 $dns"$'\n'
    shift 2
  done
  want=$(sort <<<"${want%$'\n'}")
  for url in "${urls[@]}"; do same "$want" "$(flows_of "$url" | grep ' udp ')" || { echo "says $url"; return 1; }; done
}
# What the agents know is what the API server has, no less and nothing stale.
as_the_cluster() {
  local url want have
  want=$(api GET /api/v1/pods | jq -cS '[(.items | length), ([.items[] | select(.spec.hostNetwork | not) |
    (.metadata.namespace + "/" + .metadata.name) as $name | .status.podIPs[]? | {(.ip): $name}] | add)]')
  for url in "${urls[@]}"; do
    have=$(jq -cS -n --argjson count "$(ask "$url/api/cluster" | jq .pod_count)" \
      --argjson map "$(ask "$url/api/topology" | jq .ip_to_pod)" '[$count, $map]')
    same "$(jq . <<<"$want")" "$(jq . <<<"$have")" || { echo "says $url"; return 1; }
  done
}
who_had() { # WHAT ADDRESS TIME POD
  check "$1" same "${4#*/}" "$(ask "${urls[0]}/api/query/pod?ip=$2&at=$3" | jq -r '.pod.name // .')"
}
state_of() { ask "$1/api/cluster" | jq -r .kubernetes.state; }           # URL
synced() { local url; for url in "${urls[@]}"; do same synced "$(state_of "$url")" || return 1; done; }
metric() { ask "$1/metrics" | awk -v name="$2" '$1 == name { print $2 }'; } # URL NAME{LABELS}
listed_again() { # URL LISTS-BEFORE
  local now
  now=$(metric "$1" 'netprobe_kube_lists_total{resource="pods"}')
  [[ $now -gt $2 ]] || { echo "$2 before, $now now"; return 1; }
}
lost() { ask "$1/metrics" | awk '/^netprobe_events_lost_total/ { print }'; } # URL
ready() { same 200 "$(code_of "$1/readyz")"; } # URL
code_of() { curl -sS --noproxy '*' -m 5 -o /dev/null -w '%{http_code}' "$1"; } # URL
counted() { # URL SRC DST PACKETS [SRC-POD DST-POD]: one flow with that many pings and as many answers
  ask "$1/api/flows?protocol=icmp&src_ip=$2&dst_ip=$3&limit=1000" | jq -e --argjson n "$4" --arg src "${5-}" --arg dst "${6-}" '
    [.flows[] | select(.packets == $n)] | length == 1 and (.[0] | .reverse_packets == $n and .bytes == $n * 328 and
      .reverse_bytes == $n * 328 and ($src == "" or (.src_pod == $src and .dst_pod == $dst)))' ||
    { ask "$1/api/flows?protocol=icmp&src_ip=$2&dst_ip=$3" | jq -c '.flows[] | {packets, reverse_packets, bytes, src_pod, dst_pod}'; return 1; }
}

# --- time -------------------------------------------------------------------------

clock() { printf '%s' "${EPOCHREALTIME/[.,]/}"; } # in microseconds
table=() # of what has a target
# Until COMMAND is true; how long that took since BEGAN goes into the table.
within() { # SECONDS WHAT TARGET BEGAN COMMAND...
  local seconds=$1 what=$2 target=$3 began=$4 took
  shift 4
  while ! said=$("$@" 2>&1 </dev/null); do
    if (($(clock) - began > seconds * 1000000)); then
      # shellcheck disable=SC2001 # every line, not the first
      printf 'FAILED  %s: not within %d s\n%s\n' "$what" "$seconds" "$(sed 's/^/        | /' <<<"${said:0:3000}")"
      table+=("$(printf '%-72s > %5d s  (%s)' "$what" "$seconds" "$target")")
      failures=$((failures + 1))
      return 0
    fi
    sleep 0.02
  done
  took=$(($(clock) - began))
  took=$(printf '%d.%03d' $((took / 1000000)) $((took / 1000 % 1000)))
  printf 'ok      %s: %s s\n' "$what" "$took"
  [[ $target == waiting ]] || table+=("$(printf '%-72s %7s s  (%s)' "$what" "$took" "$target")")
}

within 20 "the agents know the cluster" "after the start" "$(clock)" as_the_cluster

echo "# a pod that is new"
unnamed() { [[ $(flows_of "$1" | grep -c 'IPv4 icmp  - ') == 1 ]]; } # URL
all_named() { # URL POD
  same "$(printf '%s\n' "IPv4 icmp  $2 $web2" "IPv4 udp 41000 $2 $dns" "IPv6 udp 41000 $2 $dns")" "$(flows_of "$1")"
}
for i in 1 2 3; do
  give_address $((100 + i))
  make_pod "new-$i"
  # What flows before anybody knows gets the name later, as what flows after.
  in_ns pod1-2 ping -q -c 40 -i 0.05 -I "$a4" 10.244.2.2 >/dev/null &
  pinger=$!
  within 10 "new-$i: its flow before is nobody's" "waiting" "$(clock)" unnamed "${urls[0]}"
  began=$(clock)
  publish "new-$i" "$a4" "$a6"
  talk 41000
  within 10 "new-$i is named in its flows, by its node's agent" "1 s" "$began" all_named "${urls[0]}" "clients/new-$i"
  within 10 "new-$i is named in its flows, by the other node's agent" "1 s" "$began" all_named "${urls[1]}" "clients/new-$i"
  wait $pinger
done
check "the agents know just what the cluster has" as_the_cluster

echo "# an address that changes hands"
# kubelet: the pod ends as kubelets end pods; forced: it is gone at once, and when
# its containers ended nobody says; overlap: the kubelet took the next pod before.
hand_over() { # NUMBER HOW LATE-SECONDS
  local how=$2 late=$3 a=old-$1 b=young-$1 what="$2, the news on time" taken='' in_a began
  ((late == 0)) || what="$how, the news $late s late"
  give_address "$1"
  make_pod "$a"
  publish "$a" "$a4" "$a6"
  talk 41001
  within 10 "$what: the first pod is named" "1 s" "$(clock)" flows_are 41001 "clients/$a"
  ((late == 0)) || lab_kube block >/dev/null
  sleep 1.1 # the cluster's time is in whole seconds
  talk 41002
  in_a=$(moment)
  if [[ $how == overlap ]]; then
    make_pod "$b"
    taken=$(second)
  fi
  sleep 1.1
  if [[ $how == forced ]]; then remove "$a"; else end_pod "$a"; fi
  sleep 1
  [[ $how == overlap ]] || make_pod "$b"
  began=$(clock)
  publish "$b" "$a4" "$a6" "$taken"
  talk 41003
  if ((late)); then
    sleep "$late"
    lab_kube unblock >/dev/null
    began=$(clock)
  fi
  within 10 "$what: flows before and after have the right names" "$( ((late)) && echo '10 s after the way is free' || echo '1 s')" "$began" \
    flows_are 41001 "clients/$a" 41002 "clients/$a" 41003 "clients/$b"
  within 10 "$what: nothing is stale" "10 s" "$began" as_the_cluster
  who_had "$what: who had the address before, IPv4" "$a4" "$in_a" "clients/$a"
  who_had "$what: who had the address before, IPv6" "$a6" "$in_a" "clients/$a"
  who_had "$what: who has it after" "$a4" "$(moment)" "clients/$b"
  check "$what: and it stays so" flows_are 41001 "clients/$a" 41002 "clients/$a" 41003 "clients/$b"
}
hand_over 110 kubelet 0
hand_over 111 forced 0
hand_over 112 overlap 0
hand_over 113 kubelet 5
hand_over 114 forced 5
hand_over 115 overlap 5

echo "# no API server at the start"
check "the API server goes away" lab_kube stop
check "an agent starts" lab_agent restart 2
url=${urls[1]}
check "it is alive" same 200 "$(code_of "$url/healthz")"
check "it is not ready" same 503 "$(code_of "$url/readyz")"
says_why() { curl -sS --noproxy '*' -m 5 "$1/readyz" | jq -r .detail | grep -F "${address#https://}"; } # URL
within 10 "and says why, with the server's address" "at once" "$(clock)" says_why "$url"
echo "        ($said)"
check "kubernetes.state" same connecting "$(state_of "$url")"
check "netprobe_kube_up" same 0 "$(metric "$url" netprobe_kube_up)"
check "netprobe_kube_info" same 1 "$(metric "$url" 'netprobe_kube_info{state="connecting",server_version=""}')"
in_ns pod2-2 ping -q -c 20 -i 0.05 -s 300 10.244.1.2 >/dev/null
within 10 "without names, 20 pings are 20" "waiting" "$(clock)" counted "$url" 10.244.2.3 10.244.1.2 20
lab_kube start
began=$(clock)
within 10 "an agent that began without the API server has names" "10 s" "$began" \
  counted "$url" 10.244.2.3 10.244.1.2 20 "$(pod_of pod2-2)" "$(pod_of pod1-1)"
within 10 "it knows just what the cluster has" "10 s" "$began" as_the_cluster
within 10 "and is ready" "10 s" "$began" ready "$url"
within 10 "both agents are in sync" "10 s" "$began" synced

echo "# the API server is gone for $outage_seconds s, and comes back without its history"
give_address 120
make_pod before
publish before "$a4" "$a6"
talk 41001
within 10 "a pod is named" "1 s" "$(clock)" flows_are 41001 clients/before
lists=() losses=()
for url in "${urls[@]}"; do lists+=("$(metric "$url" 'netprobe_kube_lists_total{resource="pods"}')") losses+=("$(lost "$url")"); done
check "the API server goes away" lab_kube stop
stopped=$(moment)
pings=$((outage_seconds * 5))
ns_timeout=$((outage_seconds + 30)) in_ns pod1-2 ping -q -c $pings -i 0.2 -s 300 10.244.2.2 >/dev/null &
pinger=$!
retrying() { same retrying "$(state_of "$1")"; } # URL
for i in 0 1; do
  within 10 "node$((i + 1)) says that it retries" "at once" "$(clock)" retrying "${urls[i]}"
done
talk 41002
check "what it knew stays: a new flow has its names" flows_are 41001 clients/before 41002 clients/before
wait $pinger
for i in 0 1; do
  url=${urls[i]} node=node$((i + 1))
  within 10 "$node: $pings pings meanwhile are $pings, with names" "waiting" "$(clock)" \
    counted "$url" 10.244.1.3 10.244.2.2 $pings "$(pod_of pod1-2)" "$web2"
  check "$node stays ready" same 200 "$(code_of "$url/readyz")"
  check "$node still retries" retrying "$url"
  contact=$(ask "$url/api/cluster" | jq -r .kubernetes.last_contact)
  check "$node: last_contact is before the end ($contact)" test "$contact" '<' "$stopped"
  check "$node: netprobe_kube_up" same 0 "$(metric "$url" netprobe_kube_up)"
done
# What is quiet for two minutes leaves the table: these are to be there afterwards.
talk 41001
talk 41002
# It runs for others before the nodes reach it again, and forgets what it did.
check "the nodes are kept from it" lab_kube block
check "the API server runs" lab_kube start
end_pod before
sleep 1
make_pod after
publish after "$a4" "$a6"
talk 41003
remove new-1
remove young-110
check "its history is forgotten" lab_kube compact
check "it ends again" lab_kube stop
check "the nodes may reach it" lab_kube unblock
check "it comes back" lab_kube start
began=$(clock)
within 10 "it is right after the outage: names of flows" "10 s" "$began" \
  flows_are 41001 clients/before 41002 clients/before 41003 clients/after
within 10 "it is right after the outage: nothing is stale" "10 s" "$began" as_the_cluster
within 10 "it is right after the outage: in sync" "10 s" "$began" synced
for i in 0 1; do
  url=${urls[i]} node=node$((i + 1))
  within 5 "$node made a new list of pods" "at once" "$(clock)" listed_again "$url" "${lists[i]}"
  check "$node lost no event" same "${losses[i]}" "$(lost "$url")"
  check "$node is ready" same 200 "$(code_of "$url/readyz")"
  check "$node: netprobe_kube_up" same 1 "$(metric "$url" netprobe_kube_up)"
done

echo "# the API server is back before its rights are"
# One that has just started answers 403 until it has read who may do what.
bindings=/apis/rbac.authorization.k8s.io/v1/clusterrolebindings
binding=$(api GET $bindings/lab-netprobe-agent | jq -c 'del(.metadata.uid, .metadata.resourceVersion, .metadata.managedFields)')
check "the agents' rights are taken away" api DELETE $bindings/lab-netprobe-agent
check "and the API server started again" lab_kube restart
make_pod rightless
publish rightless 10.244.1.122 fd10:244:1::122
remove new-3
sleep 3
check "the agents stay ready" ready "${urls[0]}"
check "and do not call themselves in sync" not synced
check "the rights come back" api POST $bindings "$binding"
began=$(clock)
within 10 "it is right after a time without rights: nothing is stale" "10 s" "$began" as_the_cluster
within 10 "it is right after a time without rights: in sync" "10 s" "$began" synced

echo "# the API server dies in silence, and comes back without its history"
# No end of a connection is seen: a watch finds out only by asking.
make_pod silent
check "the nodes are kept from it" lab_kube block
publish silent 10.244.1.121 fd10:244:1::121
remove new-2
check "it ends" lab_kube stop
check "its history is forgotten" lab_kube compact
sleep 3
check "the nodes may reach it" lab_kube unblock
check "it comes back" lab_kube start
within 60 "after a death in silence nothing is stale" "TCP probes: 30 s" "$(clock)" as_the_cluster

if ((failures)); then tail -n 20 "$STATE"/log/agent-node*.log; fi
check_the_end
echo "# measured"
printf '%s\n' "${table[@]}"
((failures == 0)) || { echo "kubernetes_trouble_test: $failures check(s) FAILED"; exit 1; }
echo "kubernetes_trouble_test: all checks passed"
