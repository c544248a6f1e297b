# shellcheck shell=bash
# The network of a lab: see README.md for the drawing. Sourced by lab/up, which
# sets LAB_NODES, LAB_PODS and LAB_MGMT (the first three numbers of the
# management network).
#
# Everything but the management link is inside the lab's namespaces, so all labs
# use the same addresses and none touches the machine's own interfaces.

POD_MTU=1450    # FLANNEL_MTU: 1500 less the 50 bytes of VXLAN over IPv4
V6_TUNNEL=1430  # VXLAN over IPv6 takes 70
NODE_PORT=30080
HOST_PORT=9100  # of the pods in the nodes' own namespaces, with a control plane

node4() { printf '10.88.0.%d' $((10 + $1)); }
node6() { printf 'fd00:88::%d' $((10 + $1)); }
mgmt4() { printf '%s.%d' "$LAB_MGMT" $((10 + $1)); }
pod4() { printf '10.244.%d.%d' "$1" $((1 + $2)); }  # NODE POD
pod6() { printf 'fd10:244:%d::%d' "$1" $((1 + $2)); }
# The last node has one pod more, which answers for the cluster's names.
pods_on() { printf '%d' $((LAB_PODS + ($1 == LAB_NODES))); } # NODE
dns_pod() { printf 'pod%d-%d' "$LAB_NODES" $((LAB_PODS + 1)); }
dns4() { pod4 "$LAB_NODES" $((LAB_PODS + 1)); }
dns6() { pod6 "$LAB_NODES" $((LAB_PODS + 1)); }
# Flannel draws random addresses; fixed ones make two runs comparable.
vtep_mac() { printf '4e:70:%02x:%02x:%02x:%02x' $((LAB_HASH >> 8 & 255)) $((LAB_HASH & 255)) "$2" "$1"; } # NODE FAMILY
# The host end of a pod's veth, named as CNI does.
pod_veth() { printf 'veth%08x' "$(hash_of "$LAB" "$1" "$2")"; }

# Applied before the first interface exists, so that each one inherits it.
# Duplicate address detection and router solicitation cost seconds and packets;
# redirects and reverse path filters depend on the distribution.
quiet_sysctls=(
  net.ipv6.conf.{all,default}.disable_ipv6=0
  net.ipv6.conf.{all,default}.accept_dad=0
  net.ipv6.conf.{all,default}.accept_ra=0
  net.ipv6.conf.{all,default}.router_solicitations=0
  net.ipv4.conf.{all,default}.rp_filter=0
  net.ipv4.conf.{all,default}.send_redirects=0
)
router_sysctls=(net.ipv4.ip_forward=1 net.ipv6.conf.{all,default}.forwarding=1)

new_ns() { # SHORT-NAME [SYSCTL...]
  local short=$1
  shift
  ip netns add "$(ns "$short")"
  in_ns "$short" sysctl -qw "${quiet_sysctls[@]}" "$@"
}
ip_batch() { ip -n "$(ns "$1")" -batch -; } # SHORT-NAME, commands on stdin

# A /24 for the machine to reach the agents by, out of 198.18.0.0/15: that range
# is set aside for measuring network devices (RFC 2544), so no real network has
# it. The first one that no route or address of the machine touches, beginning
# at a place that depends on the name.
choose_mgmt() {
  local n net
  for n in {0..255}; do
    net=198.18.$(((LAB_HASH + n) % 256))
    if ! { ip -4 route show table all to match "$net.0/24"; ip -4 route show table all to root "$net.0/24"; } |
      grep -Evq '^(default|0\.0\.0\.0/1|128\.0\.0\.0/1) '; then
      LAB_MGMT=$net
      return 0
    fi
  done
  die 1 "no free network for managing the lab: this machine has routes to all of 198.18.0.0/16"
}

# The one thing that the lab puts into the machine's own namespace.
build_mgmt() {
  new_ns net "${router_sysctls[@]}"
  ip link add "$MGMT_LINK" type veth peer name host0 netns "$(ns net)"
  ip link set "$MGMT_LINK" addrgenmode none up
  ip addr add "$LAB_MGMT.1/24" dev "$MGMT_LINK"
}

build_underlay() {
  local i
  new_ns outside
  for ((i = 1; i <= LAB_NODES; i++)); do new_ns "node$i" "${router_sysctls[@]}"; done
  {
    cat <<END
link set lo up
link add underlay type bridge
addr add 10.88.0.1/24 dev underlay
addr add fd00:88::1/64 dev underlay nodad
link set underlay up
link add outside0 type veth peer name eth0 netns $(ns outside)
addr add 203.0.113.1/24 dev outside0
addr add 2001:db8:113::1/64 dev outside0 nodad
link set outside0 up
link add mgmt type bridge
link set mgmt addrgenmode none up
link set host0 addrgenmode none master mgmt up
END
    for ((i = 1; i <= LAB_NODES; i++)); do
      cat <<END
link add node$i type veth peer name eth0 netns $(ns "node$i")
link set node$i addrgenmode none master underlay up
link add mgmt$i type veth peer name mgmt0 netns $(ns "node$i")
link set mgmt$i addrgenmode none master mgmt up
END
    done
  } | ip_batch net
  ip_batch outside <<END
link set lo up
addr add 203.0.113.10/24 dev eth0
addr add 2001:db8:113::10/64 dev eth0 nodad
link set eth0 up
route add 0.0.0.0/0 via 203.0.113.1
route add ::/0 via 2001:db8:113::1
END
}

# What kubelet, the bridge plugin of CNI and flanneld set up on a node. Flannel
# has a VXLAN device for each family: IPv6 pods travel over the IPv6 underlay.
build_node() { # NODE
  local i=$1 j p pods
  pods=$(pods_on "$i")
  for ((p = 1; p <= pods; p++)); do new_ns "pod$i-$p"; done
  {
    cat <<END
link set lo up
addr add $(node4 "$i")/24 dev eth0
addr add $(node6 "$i")/64 dev eth0 nodad
link set eth0 up
route add 0.0.0.0/0 via 10.88.0.1
route add ::/0 via fd00:88::1
link set mgmt0 addrgenmode none
addr add $(mgmt4 "$i")/24 dev mgmt0
link set mgmt0 up
link add cni0 mtu $POD_MTU type bridge
addr add 10.244.$i.1/24 dev cni0
addr add fd10:244:$i::1/64 dev cni0 nodad
link set cni0 up
link add flannel.1 address $(vtep_mac "$i" 4) mtu $POD_MTU type vxlan id 1 local $(node4 "$i") dev eth0 dstport 8472 nolearning
addr add 10.244.$i.0/32 dev flannel.1
link set flannel.1 up
link add flannel-v6.1 address $(vtep_mac "$i" 6) mtu $V6_TUNNEL type vxlan id 1 local $(node6 "$i") dev eth0 dstport 8472 nolearning
addr add fd10:244:$i::/128 dev flannel-v6.1 nodad
link set flannel-v6.1 up
END
    for ((p = 1; p <= pods; p++)); do
      # Hairpin, as Flannel's CNI configuration asks for: a pod may be the
      # backend of the very service that it calls.
      cat <<END
link add $(pod_veth "$i" "$p") mtu $POD_MTU type veth peer name eth0 mtu $POD_MTU netns $(ns "pod$i-$p")
link set $(pod_veth "$i" "$p") master cni0 up
link set $(pod_veth "$i" "$p") type bridge_slave hairpin on
END
    done
    for ((j = 1; j <= LAB_NODES; j++)); do
      ((j == i)) || cat <<END
neigh replace 10.244.$j.0 lladdr $(vtep_mac "$j" 4) dev flannel.1 nud permanent
neigh replace fd10:244:$j:: lladdr $(vtep_mac "$j" 6) dev flannel-v6.1 nud permanent
route add 10.244.$j.0/24 via 10.244.$j.0 dev flannel.1 onlink
route add fd10:244:$j::/64 via fd10:244:$j:: dev flannel-v6.1 onlink
END
    done
  } | ip_batch "node$i"
  for ((j = 1; j <= LAB_NODES; j++)); do
    ((j == i)) || cat <<END
fdb append $(vtep_mac "$j" 4) dev flannel.1 dst $(node4 "$j") self permanent
fdb append $(vtep_mac "$j" 6) dev flannel-v6.1 dst $(node6 "$j") self permanent
END
  done | bridge -n "$(ns "node$i")" -batch -
  for ((p = 1; p <= pods; p++)); do
    ip_batch "pod$i-$p" <<END
link set lo up
addr add $(pod4 "$i" "$p")/24 dev eth0
addr add $(pod6 "$i" "$p")/64 dev eth0 nodad
link set eth0 up
route add 0.0.0.0/0 via 10.244.$i.1
route add ::/0 via fd10:244:$i::1
END
  done
  build_services "$i"
}

# The service addresses, as kube-proxy translates them, and the masquerading of
# kube-proxy (mark 0x4000) and of Flannel. Web has a backend on every node (the
# connections go round), DNS has one, a pod of its own on the last node.
build_services() { # NODE
  local i=$1 j web4=() web6=() same='' bridged=/proc/sys/net/bridge/bridge-nf-call-iptables
  for ((j = 1; j <= LAB_NODES; j++)); do
    web4+=("$((j - 1)) : $(pod4 "$j" 1),")
    web6+=("$((j - 1)) : $(pod6 "$j" 1),")
  done
  # The answer of a backend on the caller's own node crosses the bridge without
  # meeting the node's IP layer. Kubernetes has bridged packets translated back;
  # a kernel without that gets the caller masqueraded instead.
  if in_ns "node$i" test -e "$bridged"; then
    in_ns "node$i" sysctl -qw net.bridge.bridge-nf-call-iptables=1 net.bridge.bridge-nf-call-ip6tables=1
  else
    same=yes
  fi
  {
    nat_table ip 10.244.0.0/16 "10.244.$i.0/24" 224.0.0.0/4 "$(pod4 "$i" 1)" \
      10.96.0.10 "$(dns4)" 10.96.0.80 "${web4[*]}" "$same"
    nat_table ip6 fd10:244::/32 "fd10:244:$i::/64" ff00::/8 "$(pod6 "$i" 1)" \
      fd10:96::10 "$(dns6)" fd10:96::50 "${web6[*]}" "$same"
  } | in_ns "node$i" nft -f -
}
nat_table() { # FAMILY CLUSTER NODE-CIDR MULTICAST OWN-BACKEND DNS DNS-POD WEB WEB-PODS MASQUERADE-SAME-NODE
  cat <<END
table $1 nat {
  chain services {
    $1 saddr != $2 $1 daddr { $6, $8 } meta mark set meta mark or 0x4000
    $1 daddr $6 udp dport 53 dnat to $7
    $1 daddr $6 tcp dport 53 dnat to $7
    $1 daddr $8 tcp dport 80 dnat to numgen inc mod $LAB_NODES map { $9 }
    fib daddr type local tcp dport $NODE_PORT meta mark set meta mark or 0x4000 dnat to numgen inc mod $LAB_NODES map { $9 }:80
  }
  chain prerouting {
    type nat hook prerouting priority dstnat;
    jump services
  }
  chain output {
    type nat hook output priority -100;
    jump services
  }
  chain postrouting {
    type nat hook postrouting priority srcnat;
    meta mark and 0x4000 != 0 meta mark set meta mark and 0xffffbfff masquerade fully-random
    ct status dnat $1 saddr $5 $1 daddr $5 masquerade fully-random
    ${10:+ct status dnat $1 saddr $3 $1 daddr $3 masquerade fully-random}
    $1 saddr $3 $1 daddr $2 return
    $1 saddr $2 $1 daddr $3 return
    $1 saddr != $2 $1 daddr $3 return
    $1 saddr $2 $1 daddr != $4 masquerade fully-random
    $1 saddr != $2 $1 daddr $2 masquerade fully-random
  }
}
END
}
