# shellcheck shell=bash
# The control plane of a lab: a real etcd and kube-apiserver, as processes of the
# lab in the namespace of its network. Sourced by lab/up, lab/kube and lab/traffic.
#
# The API server has an address of its own on the management network, so that the
# machine and every node reach it, and nobody else does; etcd is on the loopback
# of that namespace. State is in kube/ of the lab's state:
#   *.crt, *.key, tokens.csv   who may do what
#   etcd/                      the cluster's objects
#   objects/                   what was registered, and what the server answered

ETCD=http://127.0.0.1:2379

kube_address() { printf '%s.2' "$LAB_MGMT"; }
kube_url() { printf 'https://%s:6443' "$(kube_address)"; }
kube_curl() { # PATH [CURL ARGUMENT...]: as the cluster's administrator
  local path=$1
  shift
  "${CURL[@]}" --cacert "$KUBE_DIR/ca.crt" --header "@$KUBE_DIR/admin.header" --max-time 20 "$@" "$(kube_url)$path"
}
# etcd's own API, through its JSON gateway.
etcd_ask() { in_ns net curl --noproxy '*' --silent --show-error --max-time 10 --data "$2" "$ETCD/v3/$1"; } # PATH BODY

# --- who may do what ----------------------------------------------------------

issue() { # NAME SUBJECT USAGE [ALTERNATIVE-NAMES]: NAME.key and NAME.crt, signed by the lab's CA
  openssl req -new -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout "$1.key" -subj "$2" 2>/dev/null |
    openssl x509 -req -CA ca.crt -CAkey ca.key -days 30 -out "$1.crt" 2>/dev/null -extfile <(
      printf 'keyUsage=critical,digitalSignature\nextendedKeyUsage=%s\n' "$3"
      [[ -z ${4-} ]] || printf 'subjectAltName=%s\n' "$4"
    )
}

make_credentials() (
  umask 077
  mkdir -p -- "$KUBE_DIR/objects"
  cd -- "$KUBE_DIR"
  openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout ca.key -out ca.crt -days 30 \
    -subj "/CN=lab $LAB" -addext keyUsage=critical,keyCertSign,cRLSign 2>/dev/null
  issue server /CN=kube-apiserver serverAuth "IP:$(kube_address),IP:10.96.0.1,IP:fd10:96::1,IP:127.0.0.1,DNS:localhost$(
    printf ',DNS:%s' kubernetes kubernetes.default kubernetes.default.svc kubernetes.default.svc.cluster.local)"
  issue admin /O=system:masters/CN=lab-admin clientAuth
  openssl ecparam -name prime256v1 -genkey -noout -out accounts.key
  local admin agent
  admin=$(openssl rand -hex 24) agent=$(openssl rand -hex 24)
  printf '%s\n' "$admin,lab-admin,lab-admin,system:masters" "$agent,netprobe-agent,netprobe-agent" >tokens.csv
  printf 'Authorization: Bearer %s\n' "$admin" >admin.header
  kubeconfig lab-admin "client-certificate-data: $(base64 -w0 admin.crt)" \
    "client-key-data: $(base64 -w0 admin.key)" >"$KUBECONFIG_FILE"
  kubeconfig netprobe-agent "token: $agent" >"$AGENT_KUBECONFIG"
)
kubeconfig() { # USER LINE...
  cat <<END
apiVersion: v1
kind: Config
clusters:
- name: lab-$LAB
  cluster:
    server: $(kube_url)
    certificate-authority-data: $(base64 -w0 ca.crt)
users:
- name: $1
  user:
$(printf '    %s\n' "${@:2}")
contexts:
- name: lab-$LAB
  context:
    cluster: lab-$LAB
    user: $1
current-context: lab-$LAB
END
}

# --- processes ------------------------------------------------------------------

kube_minor() { "$LAB_KUBE_APISERVER" --version | sed -n 's/^Kubernetes v1\.\([0-9]*\).*/\1/p'; }

spawn_etcd() {
  spawn_in net etcd etcd --name lab --data-dir "$KUBE_DIR/etcd" --logger zap --log-level warn \
    --listen-client-urls $ETCD --advertise-client-urls $ETCD --listen-peer-urls http://127.0.0.1:2380 \
    --initial-advertise-peer-urls http://127.0.0.1:2380 --initial-cluster lab=http://127.0.0.1:2380
}
spawn_kube_apiserver() {
  local flags=() minor
  minor=$(kube_minor)
  # Two families, and nodes in EndpointSlices: alpha then, always on since.
  ((${minor:-20} >= 23)) || flags=(--feature-gates=IPv6DualStack=true,EndpointSliceNodeName=true)
  spawn_in net kube-apiserver "$LAB_KUBE_APISERVER" --etcd-servers=$ETCD \
    --bind-address="$(kube_address)" --advertise-address="$(kube_address)" --secure-port=6443 \
    --tls-cert-file="$KUBE_DIR/server.crt" --tls-private-key-file="$KUBE_DIR/server.key" \
    --client-ca-file="$KUBE_DIR/ca.crt" --token-auth-file="$KUBE_DIR/tokens.csv" --authorization-mode=RBAC \
    --service-account-issuer=https://kubernetes.default.svc.cluster.local \
    --service-account-signing-key-file="$KUBE_DIR/accounts.key" --service-account-key-file="$KUBE_DIR/accounts.key" \
    --service-cluster-ip-range=10.96.0.0/16,fd10:96::/112 \
    --allow-privileged=true --disable-admission-plugins=ServiceAccount ${flags[@]+"${flags[@]}"}
}

role_alive() { # ROLE
  any_alive <(grep " $1\$" "$LAB_DIR/pids")
}
end_role() { # ROLE
  local list=$LAB_DIR/pids.$1
  { grep " $1\$" "$LAB_DIR/pids" || true; } >"$list"
  end_processes "$list"
  rm -f -- "$list"
}
signal_role() { # SIGNAL ROLE: and, where it must end, until it has
  local pid start role
  while read -r pid start role; do
    is_alive "$pid" "$start" || continue
    kill "-$1" -- "-$pid"
    [[ $1 == KILL ]] || continue
    for _ in {1..100}; do # its ports are free when it is gone, not when it is a zombie
      kill -0 -- "-$pid" 2>/dev/null || break
      sleep 0.05
    done
  done < <(grep " $2\$" "$LAB_DIR/pids")
}
wait_for_kube() { # until it serves; says why it does not
  local i
  for ((i = 0; i < 600; i++)); do
    kube_curl /readyz --output /dev/null --max-time 2 2>/dev/null && return 0
    role_alive kube-apiserver || break
    sleep 0.1
  done
  tail -n 5 -- "$LAB_DIR/log/etcd.log" "$LAB_DIR/log/kube-apiserver.log" >&2 || true
  die 1 "the Kubernetes API server does not serve at $(kube_url); the ends of its and etcd's logs are above"
}

# Begins to start it, which takes a few seconds; wait_for_kube is the rest. The
# API server itself waits for etcd.
begin_kube() {
  ip_batch net <<END
addr add $(kube_address)/24 dev mgmt
link set mgmt up
END
  make_credentials
  spawn_etcd
  spawn_kube_apiserver
}

# --- pods -------------------------------------------------------------------------

# $PODS_FILE has a line for each pod:
#   NAME NAMESPACE NETNS ADDRESSES NODE UID CONTAINER-ID
# Processes of a pod run in a cgroup that is named as a container runtime names
# it, so that those of hostNetwork pods can be told apart: the first hierarchy in
# which the lab may make one. With cgroup v1 any will do.
make_cgroups() {
  local root rest uid container
  for root in "${CGROUP_ROOTS[@]}"; do
    root+=/netprobe-lab-$LAB
    mkdir -- "$root" 2>/dev/null && [[ -e $root/cgroup.procs ]] || continue
    while read -r _ _ _ _ _ uid container rest; do
      mkdir -p -- "$root/kubepods/besteffort/pod$uid/$container"
    done <"$PODS_FILE"
    return 0
  done
}
# The directory of a pod's cgroup; nothing where it has none.
pod_cgroup() { # NODE|POD [POD-NAME-PREFIX]
  local name netns uid container dir
  [[ -r $PODS_FILE ]] || return 0
  while read -r name _ netns _ _ uid container; do
    [[ $netns == "np-$LAB-$1" && $name == "${2-}"* ]] || continue
    for dir in "${CGROUP_ROOTS[@]/%//netprobe-lab-$LAB/kubepods/besteffort/pod$uid/$container}"; do
      [[ ! -d $dir ]] || printf '%s' "$dir"
    done
    return 0
  done <"$PODS_FILE"
}
# Runs COMMAND, which is spawn_in or in_ns with the same NODE or POD, as a process
# of that pod's container.
in_container() { # NODE|POD POD-NAME-PREFIX COMMAND...
  local container_cgroup
  container_cgroup=$(pod_cgroup "$1" "$2")
  shift 2
  "$@"
}
