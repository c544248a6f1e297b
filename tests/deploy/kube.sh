# A real Kubernetes API server with an etcd of its own, on loopback, for the test
# that sources this. $WORK is the test's folder; kube_stop ends both.
# shellcheck shell=bash

kube_pids=()

# Prints why a control plane cannot run here; nothing where it can.
kube_obstacle() {
  local tool
  for tool in etcd kubectl curl openssl; do
    command -v "$tool" >/dev/null || { echo "needs $tool (scripts/setup.sh test)"; return; }
  done
  [ -n "$(kube_apiserver)" ] || echo "needs a kube-apiserver: in NETPROBE_KUBE_APISERVER, on PATH" \
    "or at ~/.cache/netprobe/kube/kube-apiserver"
}

kube_apiserver() {
  local path
  for path in "${NETPROBE_KUBE_APISERVER:-}" "$(command -v kube-apiserver || true)" \
    "${HOME:-/root}/.cache/netprobe/kube/kube-apiserver"; do
    [ -x "$path" ] && [ -f "$path" ] && { echo "$path"; return; }
  done
  return 0
}

# Prints N free ports of 127.0.0.1.
free_ports() {
  python3 - "$1" <<'PY'
import socket, sys
held = [socket.socket() for _ in range(int(sys.argv[1]))]
for s in held:
    s.bind(("127.0.0.1", 0))
print(*(s.getsockname()[1] for s in held))
PY
}

# Starts both, and writes $WORK/kubeconfig.
kube_start() {
  local client peer port
  read -r client peer port < <(free_ports 3)
  mkdir -p "$WORK/kube"
  etcd --name t --data-dir "$WORK/kube/etcd" --unsafe-no-fsync \
    --listen-client-urls "http://127.0.0.1:$client" --advertise-client-urls "http://127.0.0.1:$client" \
    --listen-peer-urls "http://127.0.0.1:$peer" --initial-advertise-peer-urls "http://127.0.0.1:$peer" \
    --initial-cluster "t=http://127.0.0.1:$peer" >"$WORK/kube/etcd.log" 2>&1 &
  kube_pids+=($!)
  openssl genrsa -out "$WORK/kube/sa.key" 2048 2>/dev/null
  echo 'test-token,admin,admin,system:masters' >"$WORK/kube/tokens"
  "$(kube_apiserver)" --etcd-servers "http://127.0.0.1:$client" --secure-port "$port" \
    --bind-address 127.0.0.1 --advertise-address 127.0.0.1 --cert-dir "$WORK/kube/certs" \
    --service-cluster-ip-range 10.96.0.0/16 --token-auth-file "$WORK/kube/tokens" \
    --authorization-mode RBAC --allow-privileged=true \
    --service-account-issuer https://kubernetes.default.svc \
    --service-account-key-file "$WORK/kube/sa.key" \
    --service-account-signing-key-file "$WORK/kube/sa.key" \
    --disable-admission-plugins ServiceAccount >"$WORK/kube/apiserver.log" 2>&1 &
  kube_pids+=($!)
  cat >"$WORK/kubeconfig" <<YAML
apiVersion: v1
kind: Config
current-context: test
clusters: [{name: test, cluster: {server: "https://127.0.0.1:$port", insecure-skip-tls-verify: true}}]
users: [{name: admin, user: {token: test-token}}]
contexts: [{name: test, context: {cluster: test, user: admin}}]
YAML
  export KUBECONFIG=$WORK/kubeconfig
  local i
  for ((i = 0; i < 240; i++)); do
    kubectl get --raw /readyz >/dev/null 2>&1 && kubectl get namespace default >/dev/null 2>&1 && return
    kill -0 "${kube_pids[0]}" 2>/dev/null && kill -0 "${kube_pids[1]}" 2>/dev/null || break
    sleep 0.25
  done
  echo "the control plane does not come up; its last words:"
  tail -n 5 "$WORK/kube/etcd.log" "$WORK/kube/apiserver.log"
  return 1
}

kube_stop() {
  local pid
  # The API server first: it would complain of an etcd that is gone.
  for pid in "${kube_pids[@]:1}" "${kube_pids[@]:0:1}"; do
    kill "$pid" 2>/dev/null || true
    wait "$pid" 2>/dev/null || true
  done
  kube_pids=()
}
