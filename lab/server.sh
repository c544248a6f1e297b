# shellcheck shell=bash
# The cluster's server of a lab: one process in the namespace of its network, with an
# address of its own on the management network. It speaks to agents over the underlay,
# as in a cluster, and over mutual TLS. Sourced by lab/up, lab/server, lab/agent, lab/env.

GRPC_PORT=8082  # of agents
NAMES_PORT=8083 # of the server: agents ask it for names, with a control plane

server_address() { printf '%s.3' "$LAB_MGMT"; }
server_url() { printf 'http://%s:%d' "$(server_address)" "$AGENT_PORT"; }
tls_flags() { # FOLDER NAME: of the certificate
  printf '%s\n' "--grpc-certificate=$1/$2.crt" "--grpc-key=$1/$2.key" "--grpc-ca=$1/ca.crt"
}
# The command line that belongs to a server: beside it, or in the tree that it was
# built in.
netprobe_of() { # SERVER
  local each
  for each in "$(dirname -- "$1")"/{,../cli/}netprobe; do
    [[ ! -f $each || ! -x $each ]] || { realpath -- "$each"; return 0; }
  done
  return 1
}
# Before the agents start, which want them.
prepare_server() {
  local said i
  said=$("$LAB_NETPROBE" certificates "$LAB_DIR/tls" --days 30 --server-name "$(server_address)" --server-name 10.88.0.1 2>&1) ||
    die 1 "no certificates for the server and its agents: $said"
  for ((i = 1; i <= LAB_NODES; i++)); do # each node has its own files
    mkdir -p -- "$LAB_DIR/node$i/tls"
    cp -- "$LAB_DIR"/tls/{ca.crt,agent.crt,agent.key} "$LAB_DIR/node$i/tls/"
  done
  ip_batch net <<END
addr add $(server_address)/24 dev mgmt
link set mgmt up
END
}

agents_flags() { # how the server finds them
  local i list=''
  if [[ -n ${LAB_KUBE_APISERVER-} ]]; then
    printf '%s\n' "--kubeconfig=$AGENT_KUBECONFIG" --agents-service=default/netprobe-metrics "--grpc-listen=10.88.0.1:$NAMES_PORT"
    return
  fi
  for ((i = 1; i <= LAB_NODES; i++)); do list+="${list:+,}$(node4 "$i"):$GRPC_PORT"; done
  printf '%s\n' "--agents=$list" --enable-kubernetes=false
}
spawn_server() {
  local flags=()
  mapfile -t flags < <(tls_flags "$LAB_DIR/tls" server && agents_flags)
  spawn_in net server "$LAB_SERVER" --metrics-port=$AGENT_PORT --listen-address="$(server_address)" "${flags[@]}"
}
wait_for_server() {
  local url
  url=$(server_url)
  for _ in {1..100}; do
    if "${CURL[@]}" --max-time 1 --output /dev/null "$url/healthz" 2>/dev/null; then return 0; fi
    sleep 0.1 # it has written itself down by then
    role_alive server || break
  done
  tail -n 5 -- "$LAB_DIR/log/server.log" >&2 || true
  die 1 "the server does not answer at $url/healthz; the end of its log is above"
}
