#!/usr/bin/env bash
# deploy/Dockerfile is really built, on a bare Debian 12 root that mmdebstrap makes,
# and the image really runs: as deploy/agent.yaml says, with its capabilities and
# mounts, in a network namespace. All probes that root gets must be on.
#
#   sudo tests/deploy/image_test.sh PATH-OF-NETPROBE-AGENT PATH-OF-NETPROBE
#   sudo tests/deploy/image_test.sh --full      compiles inside: many minutes
set -euo pipefail
# shellcheck source=tests/deploy/lib.sh
. "$(dirname "$0")/lib.sh"

export STORAGE_DRIVER=vfs BUILDAH_ISOLATION=chroot
image=localhost/netprobe-agent:test-$$
netns=np-t-$$-image
bah() { buildah --root "$WORK/storage" --runroot "$WORK/run" "$@"; }
inside() { nsenter --net="/run/netns/$netns" -- "$@"; }
ask() { inside curl -sS --fail-with-body --noproxy '*' -m 10 "http://127.0.0.1:8081$1"; }
runtime() { runc --root "$WORK/runc" "$@"; }
container=np-t-$$-agent
stop() {
  runtime kill "$container" TERM 2>/dev/null || true
  local i
  for ((i = 0; i < 40; i++)); do
    [ "$(runtime state "$container" 2>/dev/null | jq -r .status)" = running ] || break
    sleep 0.25
  done
  runtime delete -f "$container" 2>/dev/null || true
}
native=''
cleanup() {
  trap '' INT TERM HUP
  stop
  [ -z "$native" ] || kill "$native" 2>/dev/null || true
  ip netns delete "$netns" 2>/dev/null || true
  [ -z "${cgroup:-}" ] || rmdir "$cgroup"/* "$cgroup" 2>/dev/null || true
  bah umount --all >/dev/null 2>&1 || true
  rm -rf -- "$WORK"
}
trap cleanup EXIT
trap 'exit 130' INT
trap 'exit 143' TERM HUP

[ "$EUID" -eq 0 ] || skip "building and running an image needs root"
need buildah mmdebstrap runc jq curl ip nsenter nc llvm-strip-19
build_manifests

# The bare root, once for all runs: half a minute.
cache=${NETPROBE_CACHE:-${HOME:-/root}/.cache/netprobe}/image
base=$cache/debian-bookworm.tar
if [ ! -s "$base" ]; then
  mkdir -p "$cache"
  mmdebstrap --quiet --variant=minbase bookworm "$base.$$" >"$WORK/mmdebstrap.log" 2>&1 ||
    { rm -f "$base.$$"; skip "mmdebstrap cannot make a Debian root: $(tail -n 1 "$WORK/mmdebstrap.log")"; }
  mv "$base.$$" "$base"
fi
from=$(bah from scratch)
bah add -q "$from" "$base" / >/dev/null
bah commit -q "$from" localhost/base >/dev/null
bah rm "$from" >/dev/null

context=$TREE
arguments=(--build-arg BASE=localhost/base)
if [ "${1:-}" = --full ]; then
  agent=${NETPROBE_BIN:-$TREE/build/release}/src/agent/netprobe-agent
else
  agent=${NETPROBE_BIN:+$NETPROBE_BIN/src/agent/netprobe-agent}
  cli=${NETPROBE_BIN:+$NETPROBE_BIN/src/cli/netprobe}
  agent=${agent:-$1} cli=${cli:-$2}
  context=$WORK/context
  built=$context/build/release/src
  mkdir -p "$built/agent" "$built/cli" "$built/link" "$built/server" "$context/scripts"
  llvm-strip-19 -o "$built/agent/netprobe-agent" "$agent"
  llvm-strip-19 -o "$built/cli/netprobe" "$cli"
  # Beside the agent, wherever that was built.
  llvm-strip-19 -o "$built/link/netprobe-link.so" "${agent%/agent/*}/link/netprobe-link.so"
  llvm-strip-19 -o "$built/server/netprobe-server" "${agent%/agent/*}/server/netprobe-server"
  for file in libduckdb.so libduckdb.LICENSE; do
    [ ! -e "${agent%/*}/$file" ] || cp -L "${agent%/*}/$file" "$built/agent/"
  done
  cp -r "$TREE/deploy" "$TREE/.dockerignore" "$context/"
  cp "$TREE/scripts/setup.sh" "$TREE/scripts/duckdb.sh" "$context/scripts/"
  arguments+=(--build-arg BUILD=prebuilt)
fi
started=$SECONDS
if ! bah build "${arguments[@]}" -t "$image" -f "$context/deploy/Dockerfile" "$context" >"$WORK/build.log" 2>&1; then
  tail -n 30 "$WORK/build.log"
  failed "the image builds"
  finish
fi
passed "the image builds ($((SECONDS - started)) s)"

from=$(bah from --pull-never "$image")
root=$(bah mount "$from")
size=$(du -sm "$root" | cut -f1)
# What stays out is what the image is small for: history's library alone has 68 MiB,
# gRPC with what it needs 30, and programs that were built here have their symbols.
if [ "$size" -le 230 ]; then passed "it is small: $size MiB"; else failed "it has $size MiB, more than 230"; fi
if compgen -G "$root/usr/bin/*sh" >/dev/null || [ -e "$root/usr/bin/apt-get" ]; then
  failed "it has a shell or a package manager"
else
  passed "it has no shell and no package manager: $(cd "$root/usr/bin" && echo *)"
fi
bah inspect --type image "$image" >"$WORK/inspect.json"
# shellcheck disable=SC2016
holds "entry point, port and labels" jq -e --arg version "$(sed -n 's/^project(netprobe VERSION \([0-9.]*\).*/\1/p' "$TREE/CMakeLists.txt")" \
  '.OCIv1.config | .Entrypoint == ["/usr/bin/netprobe-agent"] and (.ExposedPorts | has("8081/tcp")) and
   .Labels["org.opencontainers.image.version"] == $version and .Labels["org.opencontainers.image.licenses"] == "Apache-2.0"' \
  "$WORK/inspect.json"
holds "the command line starts" chroot "$root" /usr/bin/netprobe --help

ip netns add "$netns"
ip -n "$netns" link set lo up
ip -n "$netns" link add eth0 type veth peer name pod0
ip -n "$netns" address add 10.9.0.1/24 dev eth0
for device in eth0 pod0; do ip -n "$netns" link set "$device" up; done

# What root on the machine itself gets, to compare with.
# Straight to the program, so that its id is the one to end.
nsenter --net="/run/netns/$netns" -- "$agent" --listen-address=127.0.0.1 >"$WORK/native.log" 2>&1 &
native=$!
probes='[.probes[] | {name, state, rung, why}] | sort_by(.name)'
eventually "the agent runs outside, as root" 30 ask /healthz || cat "$WORK/native.log"
ask /api/probes | jq "$probes" >"$WORK/native.json"
kill "$native"
wait "$native" || true
native=''
refuses "the one outside is gone" "" ask /livez

# A process in what looks like a pod's cgroup opens a connection: its container is
# known, by the cgroup's number and the node's /sys/fs/cgroup in the agent's container.
cgroup2=$(awk '$3 == "cgroup2" {print $2; exit}' /proc/self/mounts)
cgroup=${cgroup2:+$cgroup2/np-t-$$}
id=$(printf 'a%.0s' {1..64})
port=5555
names_container() {
  [ -n "$cgroup" ] || { echo "        containers are left out: this machine has no cgroup v2"; return 0; }
  mkdir -p "$cgroup/cri-containerd-$id.scope"
  # shellcheck disable=SC2016
  inside bash -c 'echo $$ >"$0/cgroup.procs"; exec timeout 20 nc -l 127.0.0.1 "$1"' \
    "$cgroup/cri-containerd-$id.scope" $port &
  local server=$!
  sleep 1
  inside bash -c "sleep 12 | timeout 15 nc 127.0.0.1 $port" &
  local client=$!
  named() { ask "/api/connections?port=$port" | jq -e --arg id "$id" 'any(.connections[]; .container == $id)'; }
  eventually "it names a connection's container $1" 12 named || ask "/api/connections?port=$port" || true
  wait $client $server 2>/dev/null || true
  rmdir "$cgroup/cri-containerd-$id.scope" "$cgroup" 2>/dev/null || true
  port=$((port + 1))
}

# The runtimes' own seccomp profile as Debian has it, with what newer ones add to it:
# bpf() by CAP_BPF and perf_event_open() by CAP_PERFMON.
profile=/usr/share/containers/seccomp.json
if [ -s $profile ]; then
  jq '.syscalls |= (map(select(.action != "SCMP_ACT_ALLOW").names -= ["bpf", "perf_event_open"]) + [
    {names: ["bpf"], action: "SCMP_ACT_ALLOW", includes: {caps: ["CAP_BPF"]}},
    {names: ["perf_event_open"], action: "SCMP_ACT_ALLOW", includes: {caps: ["CAP_PERFMON"]}}])' \
    $profile >"$WORK/seccomp.json"
fi
for seccomp in '' "$WORK/seccomp.json"; do
  how="as the manifest says"
  [ -z "$seccomp" ] || how="under the runtimes' seccomp profile"
  [ -z "$seccomp" ] || [ -s "$seccomp" ] || { echo "        seccomp is left out: there is no $profile"; continue; }
  mkdir -p "$WORK/bundle"
  "$WORK/manifests" bundle "$TREE/deploy/agent.yaml" /usr/bin/netprobe-agent "$root" "/run/netns/$netns" \
    "np-t-$$" ${seccomp:+"$seccomp"} >"$WORK/bundle/config.json"
  runtime run --detach --bundle "$WORK/bundle" "$container" >"$WORK/agent.log" 2>&1 </dev/null ||
    { failed "the container starts $how"; cat "$WORK/agent.log"; continue; }
  if ! eventually "it lives $how" 30 ask /livez; then
    tail -n 20 "$WORK/agent.log"
    stop
    continue
  fi
  holds "it is healthy $how" ask /healthz
  eventually "it is ready $how" 30 ask /readyz || { ask /readyz || true; tail -n 20 "$WORK/agent.log"; }
  ask /api/probes | jq "$probes" >"$WORK/probes.json"
  holds "its probes are those that root gets, $how" diff "$WORK/native.json" "$WORK/probes.json"
  holds "flow, socket, drop, netfilter, dns and vxlan are on" jq -e \
    '["dns", "drop", "flow", "netfilter", "socket", "vxlan"] - [.[] | select(.state == "on").name] == []' "$WORK/probes.json"
  # The name comes from the pod's node, by the manifest's environment.
  node=$(ask /metrics | sed -n 's/^netprobe_build_info{.*node="\([^"]*\)".*/\1/p')
  if [ "$node" = "np-t-$$" ]; then passed "it has its node's name"; else failed "its node is '$node'"; fi
  names_container "$how"
  stop
  if grep -q '"level":"error"' "$WORK/agent.log"; then
    failed "it says errors"
    grep '"level":"error"' "$WORK/agent.log" | head -n 5
  fi
done
finish
