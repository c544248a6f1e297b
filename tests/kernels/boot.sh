#!/usr/bin/env bash
# Boots a distribution kernel in a microVM (plain emulation, no KVM needed) and
# runs the agent there on a veth pair: do its programs load, attach by the rung
# that this kernel has, and count exactly?
#
# usage: tests/kernels/boot.sh KERNEL.deb AGENT [PROBES.json]
# PROBES.json gets what /api/probes said there.
# exit code: 0 all held, 1 something did not, 77 a tool is missing
set -euo pipefail

[ $# -ge 2 ] || { echo "usage: boot.sh KERNEL.deb AGENT" >&2; exit 2; }
deb=$1 agent=$2 probes=${3:-}
for tool in qemu-system-x86_64 busybox socat cpio dpkg-deb modprobe depmod; do
  command -v "$tool" >/dev/null || { echo "skipped: $tool is not installed"; exit 77; }
done
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
root=$work/root
mkdir -p "$root"/{bin,lib,lib64,proc,sys,dev,run,tmp,modules}
dpkg-deb -x "$deb" "$work/kernel"
vmlinuz=$(echo "$work"/kernel/boot/vmlinuz-*)
release=${vmlinuz##*/vmlinuz-}

# A program and the libraries that it needs.
add_program() {
  local program=$1 library
  cp -L "$program" "$root/bin/"
  while read -r library; do
    mkdir -p "$root$(dirname "$library")"
    cp -Lu "$library" "$root$library"
  done < <(ldd "$program" | grep -o '/[^ ]*')
}
cp -L "$(command -v busybox)" "$root/bin/busybox"
add_program "$agent"
add_program "$(command -v ip)"
add_program "$(command -v socat)"
add_program "$(PATH=$PATH:/usr/sbin command -v bpftool)"
add_program "$(PATH=$PATH:/usr/sbin command -v nft)"

# Modules in the order they load; what is built in needs none.
[ -d "$work/kernel/lib/modules/$release" ] || mv "$work/kernel/usr/lib" "$work/kernel/lib"
depmod -b "$work/kernel" "$release"
for module in veth sch_ingress cls_bpf vxlan nf_tables nft_counter nft_ct nft_chain_nat nft_nat \
  nf_conntrack_netlink nfnetlink_hook; do
  modprobe -d "$work/kernel" -S "$release" --show-depends "$module" 2>/dev/null |
    awk '/^insmod/ {print $2}' || true
done | awk '!seen[$0]++' >"$work/modules"
n=0
while read -r module; do
  n=$((n + 1))
  to=$root/modules/$(printf %02d "$n").ko
  case $module in
    *.xz) xz -dc "$module" >"$to" ;;
    *) cp "$module" "$to" ;;
  esac
done <"$work/modules"

cp "$(dirname "$0")/init.sh" "$root/init"
chmod +x "$root/init"
(cd "$root" && find . | cpio -o -H newc --quiet | gzip -1) >"$work/initrd.gz"

# Without cx16: emulated, cmpxchg16b sometimes comes back with its result in
# the flags, and the kernel (6.12's slab allocator) panics wherever that was.
timeout 360 qemu-system-x86_64 -M microvm,acpi=off -cpu qemu64,-cx16 -m 1024 -nographic -no-reboot \
  -kernel "$vmlinuz" -initrd "$work/initrd.gz" \
  -append "console=ttyS0 quiet panic=-1 reboot=t" </dev/null >"$work/console" 2>&1 || true
tr -d '\r' <"$work/console" >"$work/said"
grep -E '^(KERNEL|PROBES|ORDERED|HEARD|EXIT|LEFT|LOG|DONE|insmod|TROUBLE)' "$work/said" || true

# One answer of the API, as the machine printed it: said NAME
said() { sed -n "s/^$1 //p" "$work/said" | tail -n 1; }
failed=0
expect() { # WHAT NAME JQ-FILTER
  local answer
  answer=$(said "$2")
  if [ -n "$answer" ] && jq -e "$3" <<<"$answer" >/dev/null 2>"$work/why"; then
    echo "ok    $1"
  else
    echo "FAIL  $1"
    echo "      $2: ${answer:0:2000}"
    cat "$work/why"
    failed=1
  fi
}
same() { # WHAT NAME VALUE
  if [ "$(said "$2")" = "$3" ]; then echo "ok    $1"; else
    echo "FAIL  $1: '$(said "$2")', not '$3'"
    failed=1
  fi
}
release=$(said KERNEL)
at_least() { printf '%s\n%s\n' "$1" "$release" | sort -VC; }
probe() { # NAME: on, by any rung
  expect "the $1 probe is on" PROBES "any(.probes[]; .name == \"$1\" and .state == \"on\")"
}

probe flow
expect "accounting is exact" STATS '[.. | .difference? // empty] | length > 0 and all(. == 0)'
expect "a fragmented ping is one flow, its fragments joined" FLOWS \
  'any(.flows[]; .protocol == "icmp" and .fragments > 0)'

probe dns

probe netfilter
expect "the hook point tells of five drops" NETFILTER \
  'any(.hooks[]; .family == "ipv4" and .hook == "input" and .counted and .dropped == 5)'
expect "the rule tells of the same" NETFILTER \
  'any(.rules[]; .chain == "input" and .verdict == "drop" and .counts_drops and .packets == 5)'
expect "the connection table is read" NETFILTER '.conntrack.available and .conntrack.limit > 0'
expect "a full connection table is seen" FULL \
  '.conntrack.dropped + .conntrack.early_dropped > 0'
expect "a translated connection is one flow" FLOWS \
  '[.flows[] | select(.protocol == "tcp" and .dst_ip == "10.96.0.1")] |
   length == 1 and .[0].nat.dst_ip == "10.7.0.2" and .[0].packets > 0'

probe socket
expect "five downloads are known on both sides, to the byte" CONNECTIONS \
  '[.connections[] | select(.role == "client" and .dst_port == 80).bytes_received] as $in |
   [.connections[] | select(.role == "server" and .src_port == 80).bytes_sent] as $out |
   ($in | length) == 5 and ($in | add) == ($out | add) and ($in | min) > 100000'
expect "their processes are named" CONNECTIONS \
  '[.connections[] | select(.dst_port == 80 and .role == "client")] | all(.process == "wget")'
never_accepted='any(.connections[]; .role == "server" and .src_port == 7001 and
  .process == "socat" and .known_by == "listener")'
expect "a connection that nobody accepted has its listener" CONNECTIONS "$never_accepted"
expect "a refused connect has its errno" CONNECTIONS \
  'any(.connections[]; .dst_port == 81 and .verdict == "refused" and .error == "ECONNREFUSED")'
expect "flows have their process and verdict" FLOWS \
  'any(.flows[]; .dst_port == 81 and .verdict == "refused" and .client_process.comm == "wget")'
for rung in raw_tp kprobe; do
  expect "the socket probe takes $rung when told" "PROBES_$rung" \
    "any(.probes[]; .name == \"socket\" and .state == \"on\" and .rung == \"$rung\")"
  expect "and knows a download to the byte, and a refusal, by it" "CONNECTIONS_$rung" \
    '[.connections[] | select(.role == "client" and .dst_port == 80).bytes_received] as $in |
     [.connections[] | select(.role == "server" and .src_port == 80).bytes_sent] as $out |
     ($in | length) == 1 and $in == $out and $in[0] > 100000 and
     any(.connections[]; .dst_port == 81 and .verdict == "refused" and .process == "wget")'
  expect "and whose socket it is that a connection came to" "CONNECTIONS_$rung" "$never_accepted"
  expect "and datagrams that were looked at before they were read, once" "CONNECTIONS_$rung" \
    '[.connections[] | select(.protocol == "udp" and .dst_port == 7000).bytes_sent] == [6] and
     ([.connections[], .listening[] | select(.protocol == "udp" and (.src_port // .port) == 7000).bytes_received] | max) == 6'
done

probe drop
expect "what the firewall dropped is found, with its place" DROPS \
  'any(.drops[]; .hook == "netfilter" and .interface == "v0" and .count == 5)'
expect "datagrams to a closed port, too" DROPS \
  'any(.drops[]; .hook == "udp" and .interface == "v0" and .dst_port == 53)'
expect "of a tunnel's packet, what was inside" DROPS \
  '[.drops[] | select(.inner_src_ip == "10.8.0.2" and .inner_dst_ip == "10.8.0.1" and .interface == "v0" and
     .inner_protocol == "icmp" and .vni == 7 and .dst_port == 8472 and .hook == "netfilter").count] == [5]'
# Kernels tell reasons since 5.17; before it, only the place.
if at_least 5.17; then
  expect "with the kernel's reasons" DROPS \
    '[.drops[].reason] | contains(["NETFILTER_DROP"]) and contains(["NO_SOCKET"])'
else
  expect "without reasons, as the kernel is" DROPS '[.drops[].reason] | all(. == "NOT_SPECIFIED")'
fi
expect "no loss is claimed where packets ended here" LOSSES '.losses | length == 0'

probe xdp
expect "XDP sees what arrives" INTERFACES \
  'any(.interfaces[]; .name == "v0" and .xdp.mode == "native" and .xdp.packets > 0)'
probe vxlan
expect "the tunnel is known in both directions, by its times" TUNNELS \
  '[.tunnels[] | select(.vni == 7 and .packets > 0 and .first_seen <= .last_seen) | .direction] |
   sort == ["egress", "ingress"]'

if at_least 5.12; then
  same "the order is taken" ORDERED 200
  expect "the block stage is in force" BLOCKS '.response.mode == "enforce" and (.blocks | length) == 1'
  same "who is blocked is not heard, and others are" HEARD "3 0"
  expect "and each packet that it cost is counted" BLOCKS '[.dropped[].packets] | add >= 3'
else
  expect "nothing is blocked, and why is told" BLOCKS '.response.why | contains("5.12")'
  same "everybody is heard" HEARD "3 3"
fi

same "SIGTERM ends it with 0" EXIT 0
same "no program is left" LEFT 0
[ -n "$probes" ] && said PROBES >"$probes"
exit $failed
