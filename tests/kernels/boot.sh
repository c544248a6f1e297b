#!/usr/bin/env bash
# Boots a distribution kernel in a microVM (plain emulation, no KVM needed) and
# runs the agent there on a veth pair: do its programs load, attach by the rung
# that this kernel has, and count exactly?
#
# usage: tests/kernels/boot.sh KERNEL.deb AGENT
# exit code: 0 all held, 1 something did not, 77 a tool is missing
set -euo pipefail

[ $# -eq 2 ] || { echo "usage: boot.sh KERNEL.deb AGENT" >&2; exit 2; }
deb=$1 agent=$2
for tool in qemu-system-x86_64 busybox cpio dpkg-deb modprobe depmod; do
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
add_program "$(PATH=$PATH:/usr/sbin command -v bpftool)"

# Modules in the order they load; what is built in needs none.
[ -d "$work/kernel/lib/modules/$release" ] || mv "$work/kernel/usr/lib" "$work/kernel/lib"
depmod -b "$work/kernel" "$release"
for module in veth sch_ingress cls_bpf vxlan; do
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

cat >"$root/init" <<'INIT'
#!/bin/busybox sh
/bin/busybox --install -s /bin
export PATH=/bin
mount -t proc proc /proc; mount -t sysfs sys /sys; mount -t devtmpfs dev /dev 2>/dev/null
mount -t tmpfs run /run
for m in /modules/*.ko; do insmod "$m" || echo "insmod $m failed"; done
echo "KERNEL $(uname -r)"
/bin/ip link set lo up
/bin/ip netns add b
/bin/ip link add v0 type veth peer name v1 netns b
/bin/ip addr add 10.7.0.1/24 dev v0; /bin/ip link set v0 up
/bin/ip netns exec b /bin/ip addr add 10.7.0.2/24 dev v1
/bin/ip netns exec b /bin/ip link set v1 up
netprobe-agent --interface-filter=v0 --log-format=text >/tmp/log 2>&1 &
agent=$!
for i in $(seq 60); do wget -qO- http://127.0.0.1:8081/readyz >/dev/null 2>&1 && break; sleep 1; done
/bin/ip netns exec b ping -c 5 -i 0.2 -s 3000 10.7.0.1 >/tmp/ping 2>&1 || cat /tmp/ping
sleep 2
echo "PROBES $(wget -qO- http://127.0.0.1:8081/api/probes)"
echo "STATS $(wget -qO- http://127.0.0.1:8081/api/stats)"
echo "FLOWS $(wget -qO- 'http://127.0.0.1:8081/api/flows?protocol=icmp')"
kill -TERM $agent; wait $agent; echo "EXIT $?"
echo "LEFT $(bpftool prog list 2>/dev/null | grep -c netprobe)"
sed 's/^/LOG /' /tmp/log
echo DONE
reboot -f
INIT
chmod +x "$root/init"
(cd "$root" && find . | cpio -o -H newc --quiet | gzip -1) >"$work/initrd.gz"

timeout 240 qemu-system-x86_64 -M microvm,acpi=off -cpu qemu64 -m 1024 -nographic -no-reboot \
  -kernel "$vmlinuz" -initrd "$work/initrd.gz" \
  -append "console=ttyS0 quiet panic=-1 reboot=t" </dev/null >"$work/console" 2>&1 || true
tr -d '\r' <"$work/console" >"$work/said"
grep -E '^(KERNEL|PROBES|STATS|FLOWS|EXIT|LEFT|LOG|DONE|insmod)' "$work/said" || true

failed=0
expect() { # PATTERN WHAT
  # From a file: in a pipe, grep -q would leave its writer with a broken pipe.
  if grep -qE "$1" "$work/said"; then
    echo "ok    $2"
  else
    echo "FAIL  $2"
    failed=1
  fi
}
expect '^PROBES .*"state":"on"' "the flow probe is on"
expect '^STATS .*"difference":0' "accounting is exact"
expect '^FLOWS .*"protocol":"icmp".*"fragments":' "a fragmented ping is one flow, its fragments joined"
expect '^EXIT 0$' "SIGTERM ends it with 0"
expect '^LEFT 0$' "no program is left"
exit $failed
