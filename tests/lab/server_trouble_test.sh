#!/usr/bin/env bash
# The cluster's server in trouble: agents that die, hang, flap, show a wrong
# certificate, share a name, send garbage or go silent, and the server killed in the
# middle of a stream. For each: the answer comes, says who is missing and why, and is
# right otherwise; afterwards it is whole again. Needs root, etcd and a kube-apiserver;
# exits 77 (skipped) without them. What the answers said is in a table at the end.
#
#   sudo tests/lab/server_trouble_test.sh PATH-OF-NETPROBE-AGENT PATH-OF-NETPROBE-SERVER
# shellcheck disable=SC2016,SC2317 # jq has variables; checks are called by name
set -euo pipefail

NAME=w$$
# shellcheck source=tests/lab/server_lab.sh
source "$(dirname "${BASH_SOURCE[0]}")/server_lab.sh"
cli=$(dirname -- "$server_program")/../cli/netprobe

# --- what is known ------------------------------------------------------------------

between='protocol in (icmp, icmp6) (src.ip=10.244.1.3 dst.ip=10.244.2.2 or src.ip=fd10:244:1::3 dst.ip=fd10:244:2::2)'
# Not what IPv6 nodes find their neighbours by.
all='protocol=icmp src.ip=10.244.0.0/16 or protocol=icmp6 src.ip=fd10:244:1::3 dst.ip=fd10:244:2::2'
pings() { in_ns "$1" ping -q -c "$2" -i 0.05 "$3" >/dev/null; } # NS COUNT ADDRESS
pings pod1-2 10 10.244.2.2 # from node1 to node2, as both see it
pings pod1-2 10 fd10:244:2::2
pings pod2-2 6 10.244.2.2 # within node2
pings pod3-2 5 10.244.2.2 # from node3 to node2
# One question; its answer is in `answer`, whatever it says.
answer=''
asked() { # QUERY
  answer=$(curl -sS --noproxy '*' -m 15 -G "$SERVER/api/query" --data-urlencode "q=$1")
}
sums() { same "[[$1]]" "$(jq -c '.rows // .' <<<"$answer")"; } # NUMBER
all_packets() { # 20 pings between node1 and node2, 6 within node2, 5 from node3
  asked "$all | sum packets" && sums 31
}
whole() { all_packets && jq -e '.partial == false and .warnings == [] and .sources.answered == 3' <<<"$answer"; }
eventually "whole, before anything happens" whole

# What an answer says while NODE is gone: the sentence, the sums between the others and
# of the flows that others saw too, at once. WANT is in the sentence.
told() { # FAULT NODE WANT PACKETS
  local warnings
  asked "$between | sum packets" || return 1
  sums 20 || return 1
  asked "$all | sum packets" || return 1
  sums "$4" || return 1
  warnings=$(jq -r '.warnings | join("; ")' <<<"$answer")
  jq -e --arg node "$2" '.partial and .sources.agents == 3 and .sources.answered == 2 and
    ([.sources.missing[].node] == [$node])' <<<"$answer" >/dev/null || { jq -c '{partial, warnings, sources}' <<<"$answer"; return 1; }
  [[ $warnings == *"1 of 3 nodes did not answer: $2 ("*"$3"* ]] || { echo "it says: $warnings"; return 1; }
  fault_row "$1" "$warnings"
}
# The last word counts: an answer may have come while the state was changing.
fault_row() { # FAULT WHAT-IT-SAYS
  printf '%s\t%s\n' "$1" "$2" >>"$WORK/table"
}
flows_told() { # NODE: the page of flows says the same
  holds "$SERVER/api/flows?limit=10" '.partial and (.completeness | .agents == 3 and .answered == 2 and [.missing[].node] == [$node])' --arg node "$1"
}
state_is() { # NODE STATE WORDS
  shown='.agents' holds "$SERVER/api/agents" 'any(.agents[]; .node == $node and .state == $state and (.problem // "" | contains($words)))' \
    --arg node "$1" --arg state "$2" --arg words "$3"
}
page_row() { # FAULT NODE: what /api/agents says
  fault_row "$1" "$(ask "$SERVER/api/agents" | jq -r --arg node "$2" '.agents[] | select(.node == $node) | "\(.state): \(.problem)"')"
}
recovers() { # WHAT
  eventually "$1: whole again, nothing twice and nothing missing" whole
  check "$1: the agents are all there" ready_are node1 node2 node3
}

# --- agents ----------------------------------------------------------------------------

echo "# an agent dies"
check "it is killed" lab_agent kill 2
# What only node2 saw is missing: 6 of 31.
eventually "others tell of its flows" told "agent killed" node2 "onnection refused" 25
check "pages say so" flows_told node2
check "it starts again" lab_agent start 2
recovers "an agent that died"

echo "# an agent hangs"
check "it is stopped" lab_agent pause 3
eventually "it does not hold the answer up" told "agent hangs (SIGSTOP)" node3 "did not answer in time" 31
check "it goes on" lab_agent resume 3
recovers "an agent that hung"

echo "# an agent flaps"
flap() { for _ in 1 2 3; do lab_agent kill 2 && lab_agent start 2 || echo "it does not flap"; done >"$WORK/flap" 2>&1; }
flap &
flapping=$!
wrong='' answers=0 partial=0
while kill -0 $flapping 2>/dev/null; do
  if asked "$between | sum packets"; then
    answers=$((answers + 1))
    said=$(sums 20) || wrong+="$said$answer"$'\n'
    [[ $(jq .partial <<<"$answer") != true ]] || partial=$((partial + 1))
  else
    wrong+="no answer"$'\n'
  fi
done
wait $flapping || true
check "it died and came back" not grep -v -e "was killed" -e "answers at" "$WORK/flap"
check "$answers answers meanwhile, $partial partial: each is right" same '' "$wrong"
check "some came" test "$answers" -gt 3
fault_row "agent flaps" "$answers answers, $partial of them partial, each with the right sum"
recovers "an agent that flapped"

echo "# an agent with a wrong certificate"
tls=$STATE/node1/tls
cp -r "$tls" "$WORK/tls"
with_certificate() { # WHAT STATE WORDS
  check "$1: it starts" lab_agent restart 1
  eventually "$1: the server does not trust it, and says why" state_is node1 "$2" "$3"
  page_row "$1" node1
  eventually "$1: others tell of its flows" told "$1: answer" node1 "$3" 31
}
openssl req -new -key "$tls/agent.key" -subj /CN=netprobe-agent 2>/dev/null >"$WORK/agent.csr"
printf 'subjectAltName=DNS:netprobe-agent\nextendedKeyUsage=serverAuth,clientAuth\n' >"$WORK/agent.ext"
(cd "$WORK" && openssl x509 -req -in agent.csr -CA "$STATE/tls/ca.crt" -CAkey "$STATE/tls/ca.key" -set_serial 7 -days -1 \
  -extfile agent.ext -out expired.crt 2>/dev/null)
cp "$WORK/expired.crt" "$tls/agent.crt"
with_certificate "expired certificate" refused expired
"$cli" certificates "$WORK/other" >/dev/null
cp "$WORK"/other/agent.* "$tls/"
with_certificate "certificate of another authority" refused "ca.crt"
cp "$WORK"/tls/* "$tls/"
check "it has its own again" lab_agent restart 1
recovers "an agent with a wrong certificate"

# The agent's own command line, with something else in it.
own_agent() { # NODE SED-EXPRESSION: stops it and runs it so; its process is in `own`
  local pid command=()
  pid=$(awk -v role="agent-node$1" '$3 == role { pid = $1 } END { print pid }' "$STATE/pids")
  mapfile -d '' -t command < <(sed -z "$2" "/proc/$pid/cmdline")
  lab_agent stop "$1" >/dev/null
  nsenter --net="/run/netns/np-$NAME-node$1" -- "${command[@]}" >>"$WORK/own.log" 2>&1 &
  own=$!
}
end_own() { kill "$own" 2>/dev/null || true; wait "$own" 2>/dev/null || true; }

echo "# an agent without TLS"
own_agent 3 '/^--grpc-certificate=\|^--grpc-key=\|^--grpc-ca=\|^--server=/d; s/^--grpc-listen=.*/&\x00--grpc-insecure/'
eventually "the server says so" state_is node3 unreachable "does not speak TLS"
page_row "agent without TLS" node3
eventually "others tell of its flows" told "agent without TLS: answer" node3 "does not speak TLS" 31
end_own
check "it starts as it was" lab_agent start 3
recovers "an agent without TLS"

echo "# two agents with one node name"
own_agent 3 's/^--node-name=.*/--node-name=node2/; s/^--data-dir=.*/&-other/'
twins() {
  asked "$between | sum packets" && jq -e '.warnings | any(contains("several agents call their node '"'node2'"'") and contains("10.88.0.12:8082") and contains("10.88.0.13:8082"))' <<<"$answer"
}
eventually "the answer names both addresses" twins
twins || true # this time in this shell, for its words
fault_row "two agents with one node name" "$(jq -r '.warnings | join("; ")' <<<"$answer")"
end_own
check "it has its name again" lab_agent start 3
recovers "two agents with one name"

echo "# an agent that sends garbage"
lab_agent stop 3 >/dev/null
own_responder() { # in TLS, with the agent's certificate
  nsenter --net="/run/netns/np-$NAME-node3" -- setsid bash -c "yes 'not a word of HTTP/2' |
    openssl s_server -quiet -accept 8082 -cert '$STATE/node3/tls/agent.crt' -key '$STATE/node3/tls/agent.key' -alpn h2" >/dev/null 2>&1 &
  own=$!
}
own_responder
garbage_is_told() { ! state_is node3 ready '' && state_is node3 unreachable 'the agent at 10.88.0.13:8082' && not state_is node3 unreachable refused; }
eventually "the server calls it unreachable" garbage_is_told
page_row "garbage instead of HTTP/2" node3
eventually "others tell of its flows" told "garbage instead of HTTP/2: answer" node3 "10.88.0.13:8082" 31
kill -- "-$own" 2>/dev/null || true
end_own
check "the agent starts again" lab_agent start 3
recovers "an agent that sent garbage"

echo "# an agent behind a black hole"
in_ns node3 nft 'table inet hole { chain input { type filter hook input priority -300; tcp dport 8082 drop; }; }'
eventually "it does not hold the answer up" told "black hole" node3 "did not answer in time" 31
in_ns node3 nft delete table inet hole
recovers "a black hole"

# --- the server -----------------------------------------------------------------------

echo "# the server is killed in the middle of a stream"
code_of() { # the command line's
  local code=0
  "$cli" observe --agent "$SERVER" --no-color protocol=icmp >"$WORK/observe" 2>"$WORK/observe.err" || code=$?
  echo "$code" >"$WORK/observe.code"
}
code_of &
client=$!
streams() { ask "$SERVER/metrics" | grep -qx 'netprobe_server_streams 1'; }
eventually "a client has a stream" streams
check "the server is killed" lab_server kill
wait $client || true
check "the client ends with a failure" test "$(<"$WORK/observe.code")" -gt 0
check "and one sentence" grep -qE '^netprobe: .*(ended the stream|connection)' "$WORK/observe.err"
fault_row "server killed, client of a stream" "$(<"$WORK/observe.err")"
pings pod1-2 4 10.244.3.2 # nobody asks meanwhile
check "it starts again" lab_server start
recovers_with() { asked 'protocol=icmp src.ip=10.244.1.3 dst.ip=10.244.3.2 | sum packets, count' && same '[[4,1]]' "$(jq -c '.rows // .' <<<"$answer")"; }
eventually "what was meanwhile is there, once" recovers_with
all_packets() { asked "$all | sum packets" && sums 35; }
recovers "a server that was killed"
agents_sums() { # by the agents themselves: docs/cluster-answers.md
  local url rule='(reporter=src or reporter=dst src.node=none)'
  asked "$all | sum packets"
  same "[[$(for url in "${urls[@]}"; do query "$url" "($all) $rule | sum packets" |
    jq '.rows[0][0]'; done | jq -s add)]]" "$(jq -c .rows <<<"$answer")"
}
check "as the agents themselves sum it up" agents_sums

if ((failures)); then tail -n 20 "$STATE"/log/server.log; fi
check_the_end
echo "# what the answers said"
# The last word of each.
tac "$WORK/table" | awk -F'\t' '!seen[$1]++' | tac | while IFS=$'\t' read -r fault said; do printf '| %s | %s |\n' "$fault" "$said"; done
((failures == 0)) || { echo "server_trouble_test: $failures check(s) FAILED"; exit 1; }
echo "server_trouble_test: all checks passed"
