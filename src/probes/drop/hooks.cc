// SPDX-License-Identifier: Apache-2.0
#include "probes/drop/hooks.h"

#include <array>
#include <span>

#include "base/glob.h"

namespace netprobe {
namespace {

struct Rule {
  std::string_view pattern;
  std::string_view hook;
};

// Each list: the first that matches. Reasons that one layer alone has.
constexpr std::array kByReason{
    Rule{"NETFILTER_DROP", "netfilter"},
    Rule{"QDISC_*", "qdisc"},
    Rule{"TC_*", "qdisc"},
    Rule{"CAKE_*", "qdisc"},
    Rule{"FQ_*", "qdisc"},
    Rule{"DUALPI2_*", "qdisc"},
    Rule{"XDP", "xdp"},
    Rule{"CPU_BACKLOG", "device"},
    Rule{"DEV_*", "device"},
    Rule{"FULL_RING", "device"},
    Rule{"TAP_*", "device"},
    Rule{"OTHERHOST", "device"},
    Rule{"UNHANDLED_PROTO", "device"},
    Rule{"SKB_GSO_SEG", "device"},
    Rule{"PFMEMALLOC", "device"},
    Rule{"CAN*", "device"},
    Rule{"RECURSION_LIMIT", "device"},
    Rule{"RX_DROP*", "device"},
    Rule{"OVS_*", "bridge"},
    Rule{"BRIDGE_*", "bridge"},
    Rule{"MAC_IEEE_MAC_CONTROL", "bridge"},
    Rule{"VXLAN_*", "tunnel"},
    Rule{"IP_TUNNEL_*", "tunnel"},
    Rule{"TUNNEL_*", "tunnel"},
    Rule{"NEIGH_*", "neighbour"},
    Rule{"ARP_*", "neighbour"},
    Rule{"IPV6_NDISC_*", "neighbour"},
    Rule{"TCP_*", "tcp"},
    Rule{"PSP_*", "tcp"},
    Rule{"UDP_*", "udp"},
    Rule{"ICMP_*", "icmp"},
    Rule{"IP_*", "ip"},
    Rule{"IPV6*", "ip"},
    Rule{"FRAG_*", "ip"},
    Rule{"DUP_FRAG", "ip"},
    Rule{"XFRM_*", "ip"},
    Rule{"INVALID_PROTO", "ip"},
    Rule{"UNICAST_IN_L2_MULTICAST", "ip"},
    Rule{"SOCKET_*", "socket"},
    Rule{"UNIX_*", "socket"},
    Rule{"PROTO_MEM", "socket"},
    Rule{"PACKET_SOCK_ERROR", "socket"},
    Rule{"SKB_UCOPY_FAULT", "socket"},
    Rule{"SECURITY_HOOK", "socket"},
    Rule{"BPF_CGROUP_EGRESS", "socket"},
};

// Code that dropped, where the reason alone does not tell.
constexpr std::array kByCode{
    Rule{"nf_*", "netfilter"},
    Rule{"nft_*", "netfilter"},
    Rule{"ipt_*", "netfilter"},
    Rule{"ip6t_*", "netfilter"},
    Rule{"xt_*", "netfilter"},
    Rule{"*generic_xdp*", "xdp"},
    Rule{"xdp_*", "xdp"},
    Rule{"*qdisc*", "qdisc"},
    Rule{"*_enqueue*", "qdisc"},
    Rule{"*_dequeue*", "qdisc"},
    Rule{"tc_*", "qdisc"},
    Rule{"tcf_*", "qdisc"},
    Rule{"sch_*", "qdisc"},
    Rule{"__dev_xmit_skb*", "qdisc"},
    Rule{"neigh_*", "neighbour"},
    Rule{"__neigh_*", "neighbour"},
    Rule{"arp_*", "neighbour"},
    Rule{"ndisc_*", "neighbour"},
    Rule{"br_*", "bridge"},
    Rule{"ovs_*", "bridge"},
    Rule{"vxlan_*", "tunnel"},
    Rule{"geneve_*", "tunnel"},
    Rule{"gre_*", "tunnel"},
    Rule{"ipgre_*", "tunnel"},
    Rule{"erspan_*", "tunnel"},
    Rule{"ip6gre_*", "tunnel"},
    Rule{"ip_tunnel_*", "tunnel"},
    Rule{"ip6_tnl_*", "tunnel"},
    Rule{"ipip_*", "tunnel"},
    Rule{"sit_*", "tunnel"},
    Rule{"tunnel4_*", "tunnel"},
    Rule{"tunnel6_*", "tunnel"},
    Rule{"wg_*", "tunnel"},
    Rule{"tcp_*", "tcp"},
    Rule{"__tcp_*", "tcp"},
    Rule{"inet_csk_*", "tcp"},
    Rule{"reqsk_*", "tcp"},
    Rule{"udp*", "udp"},
    Rule{"__udp*", "udp"},
    Rule{"icmp*", "icmp"},
    Rule{"__icmp*", "icmp"},
    Rule{"ping_*", "icmp"},
    Rule{"igmp_*", "icmp"},
    Rule{"mld_*", "icmp"},
    Rule{"raw_*", "socket"},
    Rule{"rawv6_*", "socket"},
    Rule{"sock_*", "socket"},
    Rule{"__sock_*", "socket"},
    Rule{"sk_*", "socket"},
    Rule{"__sk_*", "socket"},
    Rule{"packet_*", "socket"},
    Rule{"tpacket_*", "socket"},
    Rule{"unix_*", "socket"},
    Rule{"netlink_*", "socket"},
    Rule{"skb_free_datagram*", "socket"},
    Rule{"inet_*", "ip"},
    Rule{"__inet_*", "ip"},
    Rule{"ip_*", "ip"},
    Rule{"__ip_*", "ip"},
    Rule{"ip6*", "ip"},
    Rule{"__ip6*", "ip"},
    Rule{"ipv4_*", "ip"},
    Rule{"ipv6_*", "ip"},
    Rule{"ipmr_*", "ip"},
    Rule{"xfrm*", "ip"},
    Rule{"dst_*", "ip"},
    Rule{"enqueue_to_backlog*", "device"},
    Rule{"dev_*", "device"},
    Rule{"__dev_*", "device"},
    Rule{"netif_*", "device"},
    Rule{"__netif_*", "device"},
    Rule{"validate_xmit_*", "device"},
    Rule{"net_tx_action*", "device"},
    Rule{"flush_backlog*", "device"},
    Rule{"process_backlog*", "device"},
    Rule{"veth_*", "device"},
    Rule{"tun_*", "device"},
    Rule{"tap_*", "device"},
    Rule{"bond_*", "device"},
    Rule{"dummy_*", "device"},
    Rule{"*_xmit*", "device"},
};

// Reasons that several layers have and whose code is not known.
constexpr std::array kOtherwise{
    Rule{"NO_SOCKET", "socket"},
    Rule{"QUEUE_PURGE", "socket"},
    Rule{"PKT_TOO_BIG", "ip"},
    Rule{"SKB_CSUM", "device"},
};

std::string_view first_match(std::span<const Rule> rules, std::string_view text) {
  for (const Rule& rule : rules)
    if (glob_match(rule.pattern, text)) return rule.hook;
  return {};
}

}  // namespace

std::string_view drop_hook(std::string_view reason, std::string_view location) {
  if (const auto hook = first_match(kByReason, reason); !hook.empty()) return hook;
  const auto code = location.substr(0, location.find('+'));
  if (!code.empty())
    if (const auto hook = first_match(kByCode, code); !hook.empty()) return hook;
  const auto hook = first_match(kOtherwise, reason);
  return hook.empty() ? "other" : hook;
}

}  // namespace netprobe
