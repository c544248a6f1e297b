/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * Protocol headers and numbers that the parsers use, written from their RFCs.
 * Multi-byte fields are in network order.
 */
#ifndef NETPROBE_BPF_LIB_HEADERS_H
#define NETPROBE_BPF_LIB_HEADERS_H

#include <linux/types.h>

#include "compiler.h"

#define IPPROTO_HOPOPTS 0
#define IPPROTO_ICMP 1
#define IPPROTO_IPIP 4
#define IPPROTO_TCP 6
#define IPPROTO_UDP 17
#define IPPROTO_DCCP 33
#define IPPROTO_IPV6 41
#define IPPROTO_ROUTING 43
#define IPPROTO_FRAGMENT 44
#define IPPROTO_GRE 47
#define IPPROTO_AH 51
#define IPPROTO_ICMPV6 58
#define IPPROTO_NONE 59
#define IPPROTO_DSTOPTS 60
#define IPPROTO_SCTP 132
#define IPPROTO_MH 135
#define IPPROTO_UDPLITE 136
#define IPPROTO_HIP 139
#define IPPROTO_SHIM6 140

#define ETH_IPV4 0x0800
#define ETH_ARP 0x0806
#define ETH_TEB 0x6558 /* transparent Ethernet bridging */
#define ETH_VLAN 0x8100
#define ETH_IPV6 0x86dd
#define ETH_MPLS 0x8847
#define ETH_MPLS_MC 0x8848
#define ETH_PPPOE 0x8864
#define ETH_QINQ 0x88a8
#define ETH_QINQ_OLD 0x9100
#define ETH_ERSPAN 0x88be
#define ETH_MIN 0x0600 /* below: an IEEE 802.3 length */

struct np_eth {
  __u8 dst[6];
  __u8 src[6];
  __be16 type;
};

struct np_ipv4 { /* RFC 791 */
  __u8 version_ihl;
  __u8 tos;
  __be16 total_len;
  __be16 id;
  __be16 frag;
  __u8 ttl;
  __u8 proto;
  __be16 check;
  __u8 src[4];
  __u8 dst[4];
};
#define NP_IPV4_MF 0x2000
#define NP_IPV4_OFFSET 0x1fff

struct np_ipv6 { /* RFC 8200 */
  __be32 version_class_label;
  __be16 payload_len;
  __u8 next;
  __u8 hop_limit;
  __u8 src[16];
  __u8 dst[16];
};

struct np_ports { /* first word of TCP, UDP, SCTP, DCCP, UDP-Lite */
  __be16 src;
  __be16 dst;
};

struct np_tcp { /* RFC 9293 */
  struct np_ports ports;
  __be32 seq;
  __be32 ack;
  __u8 offset; /* upper four bits, in words */
  __u8 flags;
  __be16 window;
  __be16 check;
  __be16 urgent;
};

struct np_udp { /* RFC 768 */
  struct np_ports ports;
  __be16 len;
  __be16 check;
};

struct np_vxlan { /* RFC 7348 */
  __u8 flags;
  __u8 reserved[3];
  __be32 vni; /* upper 24 bits */
};
#define NP_VXLAN_I 0x08

struct np_geneve { /* RFC 8926 */
  __u8 version_optlen;
  __u8 flags;
  __be16 type;
  __be32 vni; /* upper 24 bits */
};

/* Is it one of the configured ports (NP_TUNNEL_PORTS of them, 0: unused)? */
static __always_inline int np_is_port(const volatile __u16 *ports, __u16 port) {
  return port == ports[0] || (ports[1] && port == ports[1]) || (ports[2] && port == ports[2]) ||
         (ports[3] && port == ports[3]);
}

#endif
