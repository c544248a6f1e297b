# shellcheck shell=bash
# What tests of the lab's control plane share: sourced with the path of the agent
# as $1, it brings a lab up (NAME, and more flags of lab/up in UP, which the script
# sets before) and takes it away at the end. Exits 77 (skipped) where it cannot run.
set -euo pipefail

HERE=$(cd "$(dirname "${BASH_SOURCE[0]}")/../../lab" && pwd -P)
[[ $EUID == 0 ]] || { echo "SKIPPED: the lab needs root"; exit 77; }
for tool in jq curl ping nft nginx dnsmasq iperf3 dig etcd openssl kubectl; do
  [[ -n $(command -v "$tool" || true) ]] || { echo "SKIPPED: the lab's control plane needs $tool"; exit 77; }
done
server=$("$HERE/../scripts/kube_apiserver.sh" 2>&1) || { echo "SKIPPED: ${server#kube_apiserver: }"; exit 77; }
AGENT=$1
[[ -z ${NETPROBE_BIN:-} ]] || AGENT=$NETPROBE_BIN/src/agent/netprobe-agent

WORK=$(mktemp -d)
export NETPROBE_KUBE_APISERVER=$server NETPROBE_LAB_DIR=$WORK/state HOME=$WORK # kubectl keeps a cache in HOME
unset NETPROBE_LAB_NAME KUBECONFIG
cleanup() {
  trap '' INT TERM HUP
  timeout 60 "$HERE/down" --all >/dev/null 2>&1 || true
  rm -rf -- "$WORK"
}
trap cleanup EXIT
trap 'exit 130' INT
trap 'exit 143' TERM HUP

failures=0 said=''
check() { # WHAT COMMAND...
  local what=$1
  shift
  if said=$("$@" 2>&1 </dev/null); then
    printf 'ok      %s\n' "$what"
  else
    # shellcheck disable=SC2001 # every line, not the first
    printf 'FAILED  %s\n%s\n' "$what" "$(sed 's/^/        | /' <<<"${said:0:3000}")"
    failures=$((failures + 1))
  fi
}
same() { [[ $1 == "$2" ]] || { diff <(echo "$1") <(echo "$2"); return 1; }; }
not() { ! "$@"; }
kube() { timeout 30 kubectl --kubeconfig "$KUBECONFIG_FILE" "$@"; }
lab_kube() { timeout 60 "$HERE/kube" "$@" --name "$NAME"; }
lab_agent() { timeout 60 "$HERE/agent" "$@" --name "$NAME"; }
in_ns() { # NS COMMAND...
  local where=np-$NAME-$1
  shift
  timeout "${ns_timeout:-20}" nsenter --net="/run/netns/$where" -- "$@"
}
ask() { curl -sS --fail-with-body --noproxy '*' -m 20 "$@"; }

timeout 120 "$HERE/up" --name "$NAME" --kubernetes --agent "$AGENT" ${UP[@]+"${UP[@]}"}
AGENTS='' SERVER='' LAB='' STATE='' KUBECONFIG='' && eval "$("$HERE/env" --name "$NAME" --shell)"
KUBECONFIG_FILE=$KUBECONFIG
urls=()
# shellcheck disable=SC2034 # these two are for those that source this
read -ra urls <<<"$AGENTS"
# shellcheck disable=SC2034
address=$(kube config view --raw -o json | jq -r '.clusters[0].cluster.server')

# Lines of lab's `pods`, by name.
pods() { sort "$STATE/pods"; }
pod_of() { # NODE|POD [PREFIX]: namespace/name
  awk -v netns="np-$LAB-$1" -v prefix="${2-}" '$3 == netns && index($1, prefix) == 1 { print $2 "/" $1; exit }' "$STATE/pods"
}

# Takes the lab down, and says what it left; the last of a test.
check_the_end() {
  local pids left
  echo "# the end"
  pids=$(awk '{ print $1 }' "$STATE/pids")
  check "down" timeout 60 "$HERE/down" --name "$NAME"
  left=$(
    compgen -G "/run/netns/np-$NAME-*" || true
    compgen -G "/sys/fs/cgroup/*/netprobe-lab-$NAME" || true
    compgen -G "/sys/fs/cgroup/netprobe-lab-$NAME" || true
    compgen -G "$NETPROBE_LAB_DIR/*" || true
    for pid in $pids; do [[ ! -e /proc/$pid ]] || grep -q '^State:.Z' "/proc/$pid/status" || echo "process $pid"; done
  )
  check "nothing of it is left" same '' "$left"
}
