#!/bin/busybox sh
# shellcheck shell=dash
# The first process of the microVM: two network namespaces, joined by a veth
# pair, the agent in the first one, traffic of every kind that a probe answers
# for, and what the agent made of it, one answer a line. boot.sh reads those.
/bin/busybox --install -s /bin
export PATH=/bin
mount -t proc proc /proc; mount -t sysfs sys /sys; mount -t devtmpfs dev /dev 2>/dev/null
mount -t tmpfs run /run
mkdir -p /sys/fs/cgroup /sys/kernel/tracing
mount -t cgroup2 cgroup /sys/fs/cgroup 2>/dev/null
for m in /modules/*.ko; do insmod "$m" || echo "insmod $m failed"; done
echo "KERNEL $(uname -r)"

in_b() { nsenter --net=/run/netns/b "$@"; }
await_ready() {
  for _ in $(seq 60); do
    wget -qO- http://127.0.0.1:8081/readyz >/dev/null 2>&1 && break
    sleep 1
  done
}
# A connection to a program that does not get to accept() it.
never_accepted() {
  nsenter --net=/run/netns/b socat TCP4-LISTEN:7001,reuseaddr - >/dev/null 2>&1 &
  stopped=$!
  sleep 1
  kill -STOP $stopped
  echo hello | socat -u -t 1 - TCP4:10.7.0.2:7001 || echo "TROUBLE never_accepted"
}
/bin/ip link set lo up
/bin/ip netns add b
/bin/ip link add v0 type veth peer name v1 netns b
/bin/ip addr add 10.7.0.1/24 dev v0; /bin/ip link set v0 up
in_b /bin/ip addr add 10.7.0.2/24 dev v1
in_b /bin/ip link set v1 up; in_b /bin/ip link set lo up
/bin/ip link add vx0 type vxlan id 7 remote 10.7.0.2 local 10.7.0.1 dstport 8472 dev v0
in_b /bin/ip link add vx0 type vxlan id 7 remote 10.7.0.1 local 10.7.0.2 dstport 8472 dev v1
/bin/ip addr add 10.8.0.1/24 dev vx0; /bin/ip link set vx0 up
in_b /bin/ip addr add 10.8.0.2/24 dev vx0; in_b /bin/ip link set vx0 up
mkdir /tmp/www; head -c 100000 /dev/zero >/tmp/www/file
in_b httpd -p 80 -h /tmp/www
# Five pings from b with a TTL of 33 end here, in a rule that counts; those with
# 34 in their tunnel's packet, where the rule looks for the inner header.
nft -f - <<'RULES' || echo "TROUBLE nft"
table ip filter {
  chain input {
    type filter hook input priority 0; policy accept;
    ip ttl 33 counter drop
  }
}
table ip outside {
  chain prerouting {
    type filter hook prerouting priority 0; policy accept;
    udp dport 8472 @th,304,8 34 drop
  }
}
table ip nat {
  chain output {
    type nat hook output priority -100; policy accept;
    ip daddr 10.96.0.1 dnat to 10.7.0.2
  }
}
RULES
/bin/ip route add 10.96.0.0/24 via 10.7.0.2

netprobe-agent --interface-filter='v0,vx0' --enable-xdp --xdp-interface=v0 --log-format=text >/tmp/log 2>&1 &
agent=$!
await_ready

in_b ping -c 5 -i 0.2 -s 3000 10.7.0.1 >/tmp/ping 2>&1 || cat /tmp/ping
in_b ping -c 5 -i 0.2 -t 33 -W 1 10.7.0.1 >/dev/null 2>&1
for _ in 1 2 3; do wget -qO /dev/null http://10.7.0.2/file || echo "TROUBLE wget"; done
wget -qO /dev/null http://10.96.0.1/file || echo "TROUBLE nat"
wget -qO /dev/null http://10.7.0.2:81/ 2>/dev/null        # a closed port: refused
wget -qO /dev/null http://10.8.0.2/file || echo "TROUBLE vxlan"
in_b ping -c 5 -i 0.2 -t 34 -W 1 10.8.0.1 >/dev/null 2>&1
nslookup name 10.7.0.2 >/dev/null 2>&1                     # UDP to a closed port
in_b nslookup name 10.7.0.1 >/dev/null 2>&1
never_accepted
sleep 3
ask() { echo "$1 $(wget -qO- "http://127.0.0.1:8081$2")"; }
ask PROBES /api/probes
ask STATS /api/stats
ask FLOWS '/api/flows?limit=1000'
ask CONNECTIONS '/api/connections?limit=1000'
ask DROPS '/api/drops?limit=1000'
ask NETFILTER /api/netfilter
ask TUNNELS /api/tunnels
ask LOSSES /api/losses
ask INTERFACES /api/interfaces
# The connection table is full: what is new is refused, or takes another's place.
most=$(cat /proc/sys/net/netfilter/nf_conntrack_max)
echo 1 >/proc/sys/net/netfilter/nf_conntrack_max
for _ in 1 2 3 4 5 6; do in_b ping -c 1 -W 1 10.7.0.1 >/dev/null 2>&1; done
echo "$most" >/proc/sys/net/netfilter/nf_conntrack_max
sleep 2
ask FULL /api/netfilter
kill -KILL $stopped
kill -TERM $agent; wait $agent; echo "EXIT $?"
# The lower rungs of the socket probe's ladder, which a kernel with all of them
# would never take by itself.
for rung in raw_tp kprobe; do
  netprobe-agent --interface-filter=v0 --socket-rung=$rung --enable-netfilter=false \
    --log-format=text >"/tmp/log.$rung" 2>&1 &
  agent=$!
  await_ready
  wget -qO /dev/null http://10.7.0.2/file || echo "TROUBLE wget"
  wget -qO /dev/null http://10.7.0.2:81/ 2>/dev/null
  nslookup name 10.7.0.2 >/dev/null 2>&1
  # socat looks at the first datagram (MSG_PEEK), then reads it. Not by in_b:
  # what is killed has to be socat itself.
  nsenter --net=/run/netns/b socat -u UDP4-LISTEN:7000 - >/dev/null 2>&1 &
  listener=$!
  sleep 1
  echo hello | socat -u -t 5 - UDP4:10.7.0.2:7000 &
  never_accepted
  sleep 2
  ask "PROBES_$rung" /api/probes
  ask "CONNECTIONS_$rung" '/api/connections?limit=1000'
  kill $listener 2>/dev/null
  kill -KILL $stopped
  kill -TERM $agent; wait $agent || echo "TROUBLE $rung ended with $?"
done
# A block that drops: of b's second address, and not of its first.
in_b /bin/ip addr add 10.7.0.9/24 dev v1
netprobe-agent --interface-filter=v0 --enable-xdp --xdp-interface=v0 --response=enforce \
  --data-dir=/tmp/response --enable-netfilter=false --enable-socket=false --log-format=text \
  >/tmp/log.response 2>&1 &
agent=$!
await_ready
order='{"what":"10.7.0.9","for":"5m","reason":"test"}'
printf 'POST /api/blocks HTTP/1.1\r\nHost: 127.0.0.1:8081\r\nAuthorization: Bearer %s\r\nContent-Type: application/json\r\nContent-Length: %d\r\nConnection: close\r\n\r\n%s' \
  "$(cat /tmp/response/response.token)" ${#order} "$order" | nc -w 5 127.0.0.1 8081 >/tmp/order 2>&1
echo "ORDERED $(sed -n 's/^HTTP[^ ]* \([0-9]*\).*/\1/p' /tmp/order)"
heard() { in_b ping -c 3 -i 0.3 -W 1 -I "$1" 10.7.0.1 2>/dev/null | sed -n 's/.* \([0-9]*\) packets received.*/\1/p'; }
echo "HEARD $(heard 10.7.0.2) $(heard 10.7.0.9)"
sleep 2
ask BLOCKS /api/blocks
kill -TERM $agent; wait $agent || echo "TROUBLE response ended with $?"
echo "LEFT $(bpftool prog list 2>/dev/null | grep -c netprobe)"
sed 's/^/LOG /' /tmp/log /tmp/log.*
echo DONE
reboot -f
