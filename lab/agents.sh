# shellcheck shell=bash
# The agents of a lab's nodes. Sourced by lab/up and lab/agent, with server.sh.

agent_url() { printf 'http://%s:%d' "$(mgmt4 "$1")" "$AGENT_PORT"; } # NODE
spawn_agent() { # NODE
  local flags=()
  [[ -z ${LAB_KUBE_APISERVER-} ]] || flags=(--kubeconfig="$AGENT_KUBECONFIG")
  if [[ -n ${LAB_SERVER-} ]]; then
    mapfile -t -O ${#flags[@]} flags < <(printf '%s\n' "--grpc-listen=:$GRPC_PORT" && tls_flags "$LAB_DIR/node$1/tls" agent)
    [[ -z ${LAB_KUBE_APISERVER-} ]] || flags+=("--server=10.88.0.1:$NAMES_PORT")
  fi
  mkdir -p -- "$LAB_DIR/node$1"
  # On all addresses: the machine asks over mgmt0.
  in_container "node$1" netprobe-agent spawn_in "node$1" "agent-node$1" "$LAB_AGENT" --metrics-port=$AGENT_PORT \
    --listen-address=0.0.0.0 --node-name="node$1" --data-dir="$LAB_DIR/node$1/history" ${flags[@]+"${flags[@]}"}
}
wait_for_agent() { # NODE
  local url
  url=$(agent_url "$1")
  for _ in {1..100}; do
    if "${CURL[@]}" --max-time 1 --output /dev/null "$url/healthz" 2>/dev/null; then return 0; fi
    sleep 0.1 # it has written itself down by then
    role_alive "agent-node$1" || break
  done
  tail -n 5 -- "$LAB_DIR/log/agent-node$1.log" >&2 || true
  die 1 "the agent of node$1 does not answer at $url/healthz; the end of its log is above"
}
