// SPDX-License-Identifier: Apache-2.0
#include "probes/drop/hooks.h"

#include <gtest/gtest.h>

namespace netprobe {
namespace {

TEST(DropHook, IsTheReasonsWhereItBelongsToOneLayer) {
  EXPECT_EQ(drop_hook("NETFILTER_DROP", "nf_hook_slow+0x10"), "netfilter");
  EXPECT_EQ(drop_hook("QDISC_DROP", ""), "qdisc");
  EXPECT_EQ(drop_hook("TC_INGRESS", "__netif_receive_skb_core+0x1"), "qdisc");
  EXPECT_EQ(drop_hook("XDP", "do_xdp_generic+0x1"), "xdp");
  EXPECT_EQ(drop_hook("TCP_CSUM", "tcp_v4_rcv+0x1"), "tcp");
  EXPECT_EQ(drop_hook("UDP_CSUM", ""), "udp");
  EXPECT_EQ(drop_hook("SOCKET_RCVBUFF", "udp_queue_rcv_one_skb+0x437"), "socket");
  EXPECT_EQ(drop_hook("IP_RPFILTER", ""), "ip");
  EXPECT_EQ(drop_hook("NEIGH_FAILED", "arp_error_report+0x1"), "neighbour");
  EXPECT_EQ(drop_hook("VXLAN_VNI_NOT_FOUND", ""), "tunnel");
  EXPECT_EQ(drop_hook("OVS_DROP_METER", ""), "bridge");
}

TEST(DropHook, IsTheCodesWhereTheReasonDoesNotTell) {
  EXPECT_EQ(drop_hook("NO_SOCKET", "tcp_v4_rcv+0x1"), "tcp");
  EXPECT_EQ(drop_hook("NO_SOCKET", "__udp4_lib_rcv+0x4bc"), "udp");
  EXPECT_EQ(drop_hook("NOT_SPECIFIED", "ip_forward+0x2"), "ip");
  EXPECT_EQ(drop_hook("NOT_SPECIFIED", "icmpv6_rcv+0x2"), "icmp");
  EXPECT_EQ(drop_hook("NOT_SPECIFIED", "nf_hook_slow+0x9e"), "netfilter");
  EXPECT_EQ(drop_hook("NOT_SPECIFIED", "br_handle_frame+0x2"), "bridge");
  EXPECT_EQ(drop_hook("NOT_SPECIFIED", "vxlan_rcv+0x2"), "tunnel");
  EXPECT_EQ(drop_hook("NOT_SPECIFIED", "veth_xmit+0x2"), "device");
  EXPECT_EQ(drop_hook("PKT_TOO_BIG", "ip6_forward+0x2"), "ip");
}

TEST(DropHook, IsOtherWhereNobodyKnows) {
  EXPECT_EQ(drop_hook("NOT_SPECIFIED", ""), "other");
  EXPECT_EQ(drop_hook("NOT_SPECIFIED", "strange_code+0x1"), "other");
  EXPECT_EQ(drop_hook("NO_SOCKET", ""), "socket");
}

}  // namespace
}  // namespace netprobe
