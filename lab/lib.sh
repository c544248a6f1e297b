# shellcheck shell=bash
# What lab/up, lab/down, lab/traffic and lab/env share: the lab's name, its
# state on disk, the processes it started, and how all of it is taken away.
#
# State of a lab is one directory, $NETPROBE_LAB_DIR/NAME:
#   conf          how the lab was made, as shell variables
#   pids          "PID START-TIME ROLE" of every process that was started
#   traffic.pids  the same for lab/traffic
#   up.pid        the same for lab/up itself, while it works
#   log/, www/, nginx/, node1/ ...  logs, served files, the agents' data
# and with a control plane
#   kubeconfig, agent.kubeconfig    the administrator's and the agents' way to it
#   pods          which namespace is which pod; see kube.sh
#   kube/         its certificates, its store, and what was registered in it
set -euo pipefail

LAB_HOME=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd -P)
LAB_ROOT=$(realpath -m -- "${NETPROBE_LAB_DIR:-/run/netprobe-lab}")
LAB_CMD=lab/$(basename -- "$0")
# shellcheck disable=SC2034 # used by those that source this
AGENT_PORT=8081
# A proxy of the machine must never see the lab's requests.
# shellcheck disable=SC2034
CURL=(curl --noproxy '*' --silent --show-error --fail)
CGROUP_ROOTS=(/sys/fs/cgroup{,/unified,/systemd,/pids})

say() { printf '%s\n' "$*"; }
die() { # EXIT-CODE SENTENCE
  local code=$1
  shift
  printf '%s: %s\n' "$LAB_CMD" "$*" >&2
  exit "$code"
}

need_root() { [[ $EUID == 0 ]] || die 1 "this needs root, because it works on network namespaces; run it with sudo"; }
need_tools() {
  local missing=() tool
  for tool in "$@"; do command -v "$tool" >/dev/null || missing+=("$tool"); done
  ((${#missing[@]} == 0)) || die 1 "these programs are missing on this machine: ${missing[*]}"
}
need_value() { [[ $# -ge 2 && -n $2 ]] || die 2 "$1 needs a value; see $LAB_CMD --help"; } # FLAG [VALUE]
need_number() { # FLAG VALUE MIN MAX
  if [[ $2 =~ ^[0-9]{1,6}$ ]] && ((10#$2 >= $3 && 10#$2 <= $4)); then return; fi
  die 2 "$1 must be a number from $3 to $4, not '$2'"
}
unknown_flag() { die 2 "unknown argument '$1'; see $LAB_CMD --help"; }

# --- names -------------------------------------------------------------------

# A name has no hyphen, so that the namespaces of one lab (np-NAME-*) can never
# be a prefix of another's, and is short, so that npNAMEm fits an interface name.
use_lab() { # NAME
  [[ $1 =~ ^[a-z][a-z0-9]{0,11}$ ]] ||
    die 2 "--name must be 1 to 12 small letters and digits and begin with a letter, not '$1'"
  LAB=$1
  LAB_DIR=$LAB_ROOT/$LAB
  KUBE_DIR=$LAB_DIR/kube KUBECONFIG_FILE=$LAB_DIR/kubeconfig AGENT_KUBECONFIG=$LAB_DIR/agent.kubeconfig PODS_FILE=$LAB_DIR/pods
  MGMT_LINK=np${LAB}m
}
ns() { printf 'np-%s-%s' "$LAB" "$1"; }
ns_list() { ip netns list 2>/dev/null | awk -v p="np-$LAB-" 'index($1, p) == 1 { print $1 }'; }
# Never `ip netns exec`: it mounts another /sys, and what runs in the lab should
# see the machine as an agent on a real node does.
in_ns() { # NODE|POD|net|outside COMMAND...
  local where=$1
  shift
  if [[ -z ${container_cgroup-} ]]; then
    nsenter --net="/run/netns/np-$LAB-$where" -- "$@"
  else
    (join_cgroup && exec nsenter --net="/run/netns/np-$LAB-$where" -- "$@")
  fi
}
# This (sub)shell becomes a process of a pod; see in_container.
join_cgroup() { [[ -z ${container_cgroup-} ]] || printf '%s\n' "$BASHPID" >"$container_cgroup/cgroup.procs"; }
hash_of() { printf '%s' "$*" | cksum | cut -d' ' -f1; }

lab_exists() { [[ -e $LAB_DIR/conf ]]; }
# shellcheck source=/dev/null
load_conf() { source "$LAB_DIR/conf"; }
all_labs() {
  local dir
  for dir in "$LAB_ROOT"/*/; do [[ -d $dir ]] && basename -- "$dir"; done
  return 0
}
# shellcheck source=/dev/null
made_by() ( # NAME: "own" or "other", and "unnamed" when it was made without --name
  [[ -r $LAB_ROOT/$1/conf ]] || return 0
  source "$LAB_ROOT/$1/conf"
  if [[ $LAB_OWNER == "$LAB_HOME" ]]; then printf 'own %s' "$LAB_UNNAMED"; else printf 'other'; fi
)

# Without --name: the lab that this copy of the project made without a name, or
# the only one that it made, or `lab`.
pick_lab() { # [NAME]
  local name=${1:-${NETPROBE_LAB_NAME:-}} each by own=()
  if [[ -z $name ]]; then
    for each in $(all_labs); do
      by=$(made_by "$each")
      [[ $by != "own unnamed" ]] || name=$each
      [[ $by != own* ]] || own+=("$each")
    done
    if [[ -z $name ]]; then
      ((${#own[@]} < 2)) || die 2 "several labs are up (${own[*]}); say which with --name"
      name=${own[0]-lab}
    fi
  fi
  use_lab "$name"
}
# The name for a new lab without --name: `lab`, or the next of lab2, lab3 ... when
# another copy of the project has that. Its own it keeps, so that a second `up`
# finds that the lab is up already.
free_name() (
  for each in $(all_labs); do
    [[ $(made_by "$each") != "own unnamed" ]] || { printf '%s' "$each"; return; }
  done
  for each in lab lab{2..9}; do
    use_lab "$each"
    case $(made_by "$each") in
      other) continue ;;
      '') [[ -z $(ns_list) ]] || continue ;; # a copy with another NETPROBE_LAB_DIR
    esac
    printf '%s' "$each"
    return
  done
  die 1 "the names lab to lab9 are all taken by other copies; choose one with --name"
)

# One `up` or `down` at a time decides about names and addresses. The lock is on
# the directory itself (fd 9), which is removed with the last lab: look again.
lock_root() {
  while :; do
    mkdir -p -- "$LAB_ROOT"
    exec 9<"$LAB_ROOT"
    flock 9
    # A bare `return` in a trap would return what was before the trap.
    [[ $LAB_ROOT -ef /proc/self/fd/9 ]] && return 0
    exec 9<&-
  done
}
unlock_root() { exec 9<&-; }

# --- processes ---------------------------------------------------------------

# A PID alone may have been given to somebody else; with the time at which the
# process started it is unique. A zombie counts as gone.
start_time() { # PID
  local stat
  { read -r stat <"/proc/$1/stat"; } 2>/dev/null || return 1
  read -ra stat <<<"${stat##*) }"
  [[ ${stat[0]} != Z ]] && printf '%s' "${stat[19]}"
}
is_alive() { [[ -n $2 && $(start_time "$1" || true) == "$2" ]]; } # PID START
record() { printf '%s %s %s\n' "$1" "$(start_time "$1")" "$2" >>"$3"; } # PID ROLE FILE
any_alive() { # FILE...
  local file pid start role
  for file in "$@"; do
    [[ -r $file ]] || continue
    while read -r pid start role; do is_alive "$pid" "$start" && return 0; done <"$file"
  done
  return 1
}

# Starts COMMAND in a session of its own, so that its children can be ended with
# it. The child writes itself down before it becomes COMMAND: an interrupt can
# not fall between the two.
spawn() { # ROLE PIDFILE COMMAND...
  local role=$1 file=$2
  shift 2
  (
    exec 9<&-
    record "$BASHPID" "$role" "$file"
    join_cgroup
    exec setsid "$@"
  ) </dev/null >>"$LAB_DIR/log/$role.log" 2>&1 &
  disown # or this shell would speak of its end
}
spawn_in() { # NS ROLE COMMAND...
  local where=$1 role=$2
  shift 2
  spawn "$role" "$LAB_DIR/pids" nsenter --net="/run/netns/np-$LAB-$where" -- "$@"
}

end_processes() { # FILE...
  local file pid start role groups=() left signal
  for file in "$@"; do
    [[ -r $file ]] || continue
    while read -r pid start role; do
      # Between its fork and its setsid a process leads no group yet.
      if is_alive "$pid" "$start"; then groups+=("$pid"); fi
    done <"$file"
  done
  for signal in TERM KILL; do
    for pid in ${groups[@]+"${groups[@]}"}; do
      kill "-$signal" -- "-$pid" 2>/dev/null || { [[ $signal == TERM ]] && kill "$pid" 2>/dev/null; } || true
    done
    for _ in {1..60}; do
      left=()
      for pid in ${groups[@]+"${groups[@]}"}; do kill -0 -- "-$pid" 2>/dev/null && left+=("$pid"); done
      groups=(${left[@]+"${left[@]}"})
      ((${#groups[@]})) || return 0
      sleep 0.05
    done
  done
}

# --- the end -----------------------------------------------------------------

# Takes away all of the lab $LAB, however far it got. Every step may find its
# work done already; nothing here may stop the steps after it.
teardown() {
  local each
  end_processes "$LAB_DIR/traffic.pids" "$LAB_DIR/pids" || true
  ip link del "$MGMT_LINK" 2>/dev/null || true
  for each in $(ns_list); do ip netns del "$each" 2>/dev/null || true; done
  # A process that was forked just before the interrupt has written itself down by now.
  end_processes "$LAB_DIR/traffic.pids" "$LAB_DIR/pids" || true
  for each in "${CGROUP_ROOTS[@]/%//netprobe-lab-$LAB}"; do
    [[ ! -d $each ]] || find "$each" -depth -type d -exec rmdir -- {} + 2>/dev/null || true
  done
  rm -rf -- "$LAB_DIR"
  rmdir -- "$LAB_ROOT" 2>/dev/null || true # only when no other lab is left
}
