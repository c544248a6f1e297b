# shellcheck shell=bash
# What tests of the lab's server share: sourced with the paths of the agent and the
# server as $1 and $2, it brings a lab of three nodes up with both and with Kubernetes,
# and waits until the server has all agents.
set -euo pipefail

server_program=$2
[[ -z ${NETPROBE_BIN:-} ]] || server_program=$NETPROBE_BIN/src/server/netprobe-server
# shellcheck disable=SC2034 # for the script below
UP=(--nodes 3 --server "$server_program")
# shellcheck source=tests/lab/kubernetes_lab.sh
source "$(dirname "${BASH_SOURCE[0]}")/kubernetes_lab.sh"

lab_server() { timeout 60 "$HERE/server" "$@" --name "$NAME"; }
# An answer must come within the deadline of the server and some grace, or it is none.
query() { ask -m 15 -G "$1/api/query" --data-urlencode "q=$2"; } # URL QUERY
# Until COMMAND is true.
eventually() { # WHAT COMMAND...
  local what=$1 i
  shift
  for ((i = 0; i < ${patience:-50}; i++)); do
    if said=$("$@" 2>&1 </dev/null); then
      printf 'ok      %s\n' "$what"
      return 0
    fi
    sleep 0.2
  done
  check "$what" "$@"
}
holds() { # URL JQ-CONDITION [JQ ARGUMENT...]: what the URL answers
  local url=$1 condition=$2 answer
  shift 2
  # A refusal is an answer, too.
  answer=$(curl -sS --noproxy '*' -m 15 "$url")
  jq -e "$@" "$condition" <<<"$answer" >/dev/null || { jq -c "${shown:-.}" <<<"$answer" | head -c 2500; return 1; }
}
ready_are() { holds "$SERVER/api/agents" '[.agents[] | select(.state == "ready") | .node] == ($nodes | split(" "))' --arg nodes "$*"; }
eventually "the server has all agents" ready_are node1 node2 node3
