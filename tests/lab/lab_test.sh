#!/usr/bin/env bash
# Tests the lab itself: two labs side by side, what travels in them, and that
# nothing of them is left. Needs root; exits 77 (skipped) without it.
#
#   sudo tests/lab/lab_test.sh
set -euo pipefail

LAB=$(cd "$(dirname "${BASH_SOURCE[0]}")/../../lab" && pwd -P)
[[ $EUID == 0 ]] || { echo "SKIPPED: the lab needs root"; exit 77; }

# Names and a state directory of this run alone: other labs may be up beside it.
WORK=$(mktemp -d)
export NETPROBE_LAB_DIR=$WORK/state
unset NETPROBE_LAB_NAME
A=a$$ B=b$$
failures=0 said=''

cleanup() {
  trap '' INT TERM HUP
  timeout 60 "$LAB/down" --all >/dev/null 2>&1 || true
  rm -rf -- "$WORK"
}
trap cleanup EXIT
trap 'exit 130' INT
trap 'exit 143' TERM HUP

check() { # WHAT COMMAND...
  local what=$1
  shift
  if said=$("$@" 2>&1 </dev/null); then
    printf 'ok      %s\n' "$what"
  else
    printf 'FAILED  %s\n' "$what"
    # shellcheck disable=SC2001 # every line, not the first
    sed 's/^/        | /' <<<"$said"
    failures=$((failures + 1))
  fi
}
# Commands for check.
up() { timeout 60 "$LAB/up" "$@"; }
down() { timeout 60 "$LAB/down" "$@"; }
in_ns() { # LAB NS COMMAND...
  local where=np-$1-$2
  shift 2
  timeout 20 nsenter --net="/run/netns/$where" -- "$@"
}
prints() { # PATTERN COMMAND...: the output matches
  local pattern=$1 out
  shift
  out=$("$@") || { printf '%s\nexit code %d\n' "$out" $?; return 1; }
  grep -Eq -- "$pattern" <<<"$out" || { printf '%s\n(nothing matches %s)\n' "$out" "$pattern"; return 1; }
}
fails_with() { # CODE PATTERN COMMAND...: exit code, and one line that says why
  local code=$1 pattern=$2 out got=0
  shift 2
  out=$("$@" 2>&1) || got=$?
  if [[ $got != "$code" || $out == *$'\n'* ]] || ! grep -Eq -- "$pattern" <<<"$out"; then
    printf 'exit code %d, output: %s\n' "$got" "$out"
    return 1
  fi
}
not() { ! "$@"; }
same() { [[ $1 == "$2" ]] || { diff <(echo "$1") <(echo "$2"); return 1; }; }
env_of() { "$LAB/env" --name "$1" | sed -n "s/^$2=//p"; } # LAB VARIABLE
http() { timeout 10 curl --noproxy '*' -sSf --max-time 5 "$@"; }
http_in() { in_ns "$1" "$2" curl --noproxy '*' -sSf --max-time 5 "$3"; }
started() { awk '{ print $1 }' "$NETPROBE_LAB_DIR"/*/*pids; } # PIDs of every process of the labs

# What of the labs is on the machine. Only our own names: others work here too.
machine() {
  ip netns list | grep -E "^np-($A|$B|c$$)-" || true
  ip -o link show | grep -oE "np($A|$B|c$$)m" || true
  ip -4 route show table all | grep -E "np($A|$B|c$$)m" || true
  nft list ruleset 2>/dev/null || true
  [[ ! -d $NETPROBE_LAB_DIR ]] || find "$NETPROBE_LAB_DIR"
}
nothing_left() { # PID...
  local pid left=()
  for _ in {1..20}; do
    left=()
    for pid in "$@"; do
      [[ ! -e /proc/$pid ]] || grep -q '^State:.Z' "/proc/$pid/status" || left+=("$pid")
    done
    ((${#left[@]})) || break
    sleep 0.1
  done
  ((${#left[@]} == 0)) || { ps -o pid,args -p "${left[*]}"; return 1; }
  same "$before" "$(machine)"
}

# An agent is a program that takes these flags and answers on this port.
cat >"$WORK/agent" <<'END'
#!/usr/bin/env bash
set -euo pipefail
for flag in "$@"; do
  case $flag in
    --metrics-port=*) port=${flag#*=} ;;
    --listen-address=*) address=${flag#*=} ;;
    --node-name=*) node=${flag#*=} ;;
    --data-dir=*) ;;
    *) exit 2 ;;
  esac
done
dir=$(mktemp -d "${0%/*}/nginx.XXXXXX")
cat >"$dir/nginx.conf" <<CONF
daemon off; master_process off; pid $dir/pid; error_log stderr; user root;
events {}
http { access_log off; client_body_temp_path $dir; proxy_temp_path $dir; fastcgi_temp_path $dir;
  uwsgi_temp_path $dir; scgi_temp_path $dir;
  server { listen $address:$port; location / { return 200 "agent of $node\n"; } } }
CONF
exec nginx -e stderr -p "$dir" -c "$dir/nginx.conf"
END
printf '#!/bin/sh\necho "cannot load"\nexit 1\n' >"$WORK/broken-agent"
chmod +x "$WORK/agent" "$WORK/broken-agent"

before=$(machine)

echo "# what is typed wrongly"
for command in up down env traffic kube agent; do
  check "lab/$command --help shows examples" prints 'Examples:' "$LAB/$command" --help
  check "lab/$command names an unknown flag" fails_with 2 "'--bogus'" "$LAB/$command" --bogus
done
check "--nodes 0 is refused" fails_with 2 'from 1 to 9' up --nodes 0
check "a missing kube-apiserver is named" fails_with 1 '/nowhere/kube-apiserver' \
  env NETPROBE_KUBE=on NETPROBE_KUBE_APISERVER=/nowhere/kube-apiserver timeout 60 "$LAB/up" --kubernetes --no-agent
check "lab/kube without a lab says so" fails_with 1 'not up' "$LAB/kube" status --name "$A"
check "lab/kube wants to know what to do" fails_with 2 'stop, start' "$LAB/kube" --name "$A"
check "lab/agent without a lab says so" fails_with 1 'not up' "$LAB/agent" restart 1 --name "$A"
check "lab/agent wants to know which node's" fails_with 2 'number' "$LAB/agent" restart --name "$A"
check "a name that is no name is refused" fails_with 2 'small letters' up --name Bad-Name
check "a missing agent is named" fails_with 1 '/nowhere/agent' up --name "$A" --agent /nowhere/agent
check "lab/env without a lab says so" fails_with 1 'not up' "$LAB/env" --name "$A"
check "lab/down without a lab is no error" prints 'not up' down --name "$A"
check "nothing came of all that" same "$before" "$(machine)"

echo "# two labs side by side"
check "lab A: two nodes" prints 'is up' up --name "$A" --no-agent
check "lab B: three nodes, with agents" prints 'is up' up --name "$B" --nodes 3 --agent "$WORK/agent"
check "a lab that is up is not built again" fails_with 1 "lab/down --name $A" up --name "$A" --no-agent
check "env: A has no agents" same "" "$(env_of "$A" AGENT)$(env_of "$A" AGENTS)"
check "env: pods of A, with the one for DNS" same \
  "np-$A-pod1-1 np-$A-pod1-2 np-$A-pod2-1 np-$A-pod2-2 np-$A-pod2-3" "$(env_of "$A" PODS)"
check "lab/kube says that A has no API server" fails_with 1 'no API server' "$LAB/kube" stop --name "$A"
check "env: nodes of A" same "np-$A-node1 np-$A-node2" "$(env_of "$A" NODES)"
check "env: SERVER and KUBECONFIG are there, and empty" same 2 "$("$LAB/env" --name "$A" | grep -cE '^(SERVER|KUBECONFIG)=$')"
# shellcheck disable=SC2016
check "env: --shell is for eval" bash -c 'eval "$("$1" --name "$2" --shell)" && [[ $AGENTS == *" "* ]]' - "$LAB/env" "$B"
check "env: the first agent of B answers to the machine" prints 'agent of node1' http "$(env_of "$B" AGENT)/healthz"
n=0
for url in $(env_of "$B" AGENTS); do
  n=$((n + 1))
  check "env: agent $n of B answers to the machine" prints "agent of node$n" http "$url/metrics"
done
check "env: three agents" same 3 "$n"
check "a node of A answers to the machine" ping -c 1 -W 2 "$(env_of "$A" ADDRESSES | cut -d' ' -f2)"

for lab in "$A" "$B"; do
  echo "# the network of lab $lab"
  last=$(env_of "$lab" NODES | wc -w)
  mac4=$(in_ns "$lab" "node$last" ip -j link show flannel.1 | jq -r '.[0].address')
  mac6=$(in_ns "$lab" "node$last" ip -j link show flannel-v6.1 | jq -r '.[0].address')
  check "flannel.1 is VXLAN 1 on port 8472, and learns nothing" \
    prints 'mtu 1450 .*vxlan id 1 local 10.88.0.11 .*dstport 8472 nolearning' in_ns "$lab" node1 ip -o -d link show flannel.1
  check "flannel-v6.1 goes over IPv6" \
    prints 'mtu 1430 .*vxlan id 1 local fd00:88::11 .*dstport 8472 nolearning' in_ns "$lab" node1 ip -o -d link show flannel-v6.1
  check "forwarding entry, IPv4" prints "^$mac4 dst 10.88.0.1$last self permanent" in_ns "$lab" node1 bridge fdb show dev flannel.1
  check "forwarding entry, IPv6" prints "^$mac6 dst fd00:88::1$last self permanent" in_ns "$lab" node1 bridge fdb show dev flannel-v6.1
  check "neighbour entry, IPv4" prints "^10.244.$last.0 lladdr $mac4 PERMANENT" in_ns "$lab" node1 ip neigh show dev flannel.1
  check "neighbour entry, IPv6" prints "^fd10:244:$last:: lladdr $mac6 PERMANENT" in_ns "$lab" node1 ip -6 neigh show dev flannel-v6.1
  check "route to the other node's pods, IPv4" prints "via 10.244.$last.0 dev flannel.1 onlink" in_ns "$lab" node1 ip route show "10.244.$last.0/24"
  check "route to the other node's pods, IPv6" prints "via fd10:244:$last:: dev flannel-v6.1 .*onlink" in_ns "$lab" node1 ip -6 route show "fd10:244:$last::/64"
  check "pods hang on cni0 by vethXXXXXXXX" prints '^[0-9]+: veth[0-9a-f]{8}@' in_ns "$lab" node1 ip -o link show master cni0
  check "pod to pod on another node, IPv4" in_ns "$lab" pod1-2 ping -c 1 -W 2 "10.244.$last.3"
  check "pod to pod on another node, IPv6" in_ns "$lab" pod1-2 ping -c 1 -W 2 "fd10:244:$last::3"
  # Both ends have to learn the tunnel's MTU first, at the price of a packet each.
  check "what is too long for the IPv6 tunnel arrives all the same" in_ns "$lab" pod1-2 ping -c 4 -i 0.2 -W 2 -s 1400 "fd10:244:$last::3"
  check "DNS by the service" prints '^10.96.0.80$' in_ns "$lab" pod1-2 dig +short +time=2 +tries=2 @10.96.0.10 web.default.svc.cluster.local A
  check "DNS by the service, IPv6" prints '^fd10:96::50$' in_ns "$lab" pod1-2 dig +short +time=2 +tries=2 @fd10:96::10 web.default.svc.cluster.local AAAA
  for url in http://10.96.0.80/ 'http://[fd10:96::50]/'; do
    all=''
    for ((i = 1; i <= last; i++)); do all+=$(http_in "$lab" pod1-1 "$url" || true)' '; done
    for ((i = 1; i <= last; i++)); do check "the service $url goes to pod$i-1 too" prints "pod$i-1" echo "$all"; done
  done
  check "a node reaches the service" prints '^pod' http_in "$lab" node1 http://10.96.0.80/
  check "out of the cluster" prints '^outside' http_in "$lab" pod1-2 http://203.0.113.10/
  check "out of the cluster, IPv6" prints '^outside' http_in "$lab" "pod$last-2" 'http://[2001:db8:113::10]/'
  check "into the cluster by a node port" prints '^pod' http_in "$lab" outside http://10.88.0.11:30080/
done

echo "# traffic"
check "lab A: each kind once" timeout 60 "$LAB/traffic" --once --name "$A"
check "lab B: steady traffic" prints 'has traffic' timeout 10 "$LAB/traffic" --name "$B" --seconds 60
sleep 4
check "lab B: all kinds run" same 4 "$("$LAB/traffic" status --name "$B" | grep -c running)"
check "lab B: http is answered" prints '^http .*answered [1-9][0-9]* +failed 0' "$LAB/traffic" status --name "$B"
check "lab B: each kind once, beside it" timeout 60 "$LAB/traffic" --once --name "$B"
check "lab B: the tunnel carries it" test 100 -lt \
  "$(in_ns "$B" node1 ip -j -s link show flannel.1 | jq '.[0].stats64.tx.packets')"
pids=$(started)
check "lab A: traffic for two seconds" prints 'has traffic' timeout 10 "$LAB/traffic" start --name "$A" --seconds 2
sleep 5
check "lab A: it ended by itself" not "$LAB/traffic" status --name "$A"
pid=$(awk '$3 == "nginx-outside" { print $1 }' "$NETPROBE_LAB_DIR/$A/pids")
kill "$pid"
check "lab A: --once says that something does not answer" not timeout 60 "$LAB/traffic" --once --name "$A"
check "lab A: and what" grep '^FAILED .*http://203.0.113.10' <(echo "$said")

echo "# the end"
check "down A" prints 'is down' down --name "$A"
check "B did not notice" prints '^pod' http_in "$B" pod1-2 http://10.96.0.80/
check "down A again" prints 'not up' down --name "$A"
check "down B, with its traffic on" prints 'is down' down --name "$B"
# shellcheck disable=SC2086 # numbers
check "no process, namespace, link, route, rule or state is left" nothing_left $pids

echo "# what goes wrong"
check "an agent that dies takes the lab with it" not up --name "c$$" --agent "$WORK/broken-agent"
check "with its last words" grep 'cannot load' <(echo "$said")
check "nothing of it is left" nothing_left
# A fast machine may be done before the signal comes: then the lab is up, which
# is right too. That it was interrupted at all is checked after the loop.
interrupted=0
for after in 0.1 0.4 0.8 1.2; do
  # A shell starts background commands with SIGINT ignored; env puts it back.
  env --default-signal=INT "$LAB/up" --name "c$$" --nodes 9 --no-agent >/dev/null 2>&1 &
  sleep "$after"
  pids=$(started 2>/dev/null || true)
  kill -INT $! 2>/dev/null || true
  code=0
  wait $! || code=$?
  if [ "$code" = 0 ]; then
    check "up was done within $after s" prints 'is down' down --name "c$$"
  else
    interrupted=$((interrupted + 1))
    check "up is interrupted after $after s" same 130 "$code"
  fi
  # shellcheck disable=SC2086
  check "nothing of it is left" nothing_left $pids
done
check "up was interrupted at least once" [ "$interrupted" -gt 0 ]
"$LAB/up" --name "c$$" --nodes 9 --no-agent >/dev/null 2>&1 &
sleep 1
check "down, while up is at work" prints "lab c$$ is down" down --name "c$$"
wait $! || true
check "nothing of it is left" nothing_left
check "a lab for a crash" prints 'is up' up --name "c$$" --no-agent
pids=$(started)
# shellcheck disable=SC2086
kill -KILL $pids
check "up over a lab that died builds it anew" prints 'cleaning up' up --name "c$$" --nodes 1 --pods-per-node 1 --no-agent
check "it works, with one node and one pod" timeout 60 "$LAB/traffic" --once --name "c$$"
pids=$(started)
check "down --all" prints "lab c$$ is down" down --all
# shellcheck disable=SC2086
check "nothing of it is left" nothing_left $pids

echo
if ((failures)); then
  echo "lab_test: $failures check(s) FAILED"
  exit 1
fi
echo "lab_test: all checks passed"
