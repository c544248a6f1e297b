/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * The parser that nearly every packet takes: Ethernet or bare IP, IPv4
 * without options and fragments or IPv6 without extension headers, TCP or
 * UDP, read in place at offsets that are known when the program is compiled.
 * It answers "not mine" for all else, which slow_path.h then takes from the
 * start, so the two never share half a packet.
 *
 * Stands behind the object's np_config, which has the ports of tunnels.
 */
#ifndef NETPROBE_BPF_LIB_FAST_PATH_H
#define NETPROBE_BPF_LIB_FAST_PATH_H

#include "headers.h"
#include "packet.h"

enum np_link_type {
  NP_LINK_ETHERNET,
  NP_LINK_IP, /* no link header: tun, WireGuard, IP tunnels, PPP */
};

static __always_inline void np_map_ipv4(__u8 *to, const __u8 *from) {
  /* ::ffff:a.b.c.d as three words */
  *(__u64 *)to = 0;
  *(__u32 *)(to + 8) = bpf_htonl(0xffff);
  __builtin_memcpy(to + 12, from, 4);
}

static __always_inline int np_is_tunnel_port(__u16 port) {
  return np_is_port(np_config.vxlan_port, port) || np_is_port(np_config.geneve_port, port);
}

static __always_inline void np_layer_init(struct np_layer *l) {
  l->key.reserved0 = 0;
  l->tcp_seq = 0;
  l->payload = 0;
  l->mpls_label = NP_NO_LABEL;
  l->vlan = NP_NO_VLAN;
  l->inner_vlan = NP_NO_VLAN;
  l->window = 0;
  l->icmp = 0;
  l->tcp_flags = 0;
  l->has_tcp = 0;
  l->tunnel = NP_TUNNEL_NONE;
  l->carries = NP_TUNNEL_NONE;
  l->fragment = 0;
}

/* Bytes of TCP payload: what the IP packet has beyond the headers. */
static __always_inline __u32 np_tcp_payload(__u32 ip_len, __u32 ip_header, __u8 offset) {
  __u32 headers = ip_header + ((__u32)offset >> 4) * 4;

  return ip_len > headers ? ip_len - headers : 0;
}

/*
 * Reads one IP layer whose network header starts at `l3`, `l3_off` bytes into
 * the frame. `room` is what the frame has from there on, link padding and all.
 * Fills *l and *payload_off. Returns the packet's class, or -1: not for this
 * path.
 */
static __always_inline int np_fast_ip(const void *l3, const void *end, __u32 l3_off, __u32 room,
                                      struct np_layer *l, __u32 *payload_off) {
  const void *l4;
  __u32 header;
  __u8 version = 0;

  /* The shortest thing this path takes is IPv4 and UDP. */
  if (l3 + sizeof(struct np_ipv4) + sizeof(struct np_udp) > end)
    return -1;
  version = *(const __u8 *)l3;
  if (version == 0x45) {
    const struct np_ipv4 *ip = l3;

    if (ip->frag & bpf_htons(NP_IPV4_MF | NP_IPV4_OFFSET))
      return -1;
    np_map_ipv4(l->key.src_ip, ip->src);
    np_map_ipv4(l->key.dst_ip, ip->dst);
    l->key.proto = ip->proto;
    l->ip_len = bpf_ntohs(ip->total_len);
    l->ttl = ip->ttl;
    l->dscp = ip->tos >> 2;
    header = sizeof(*ip);
  } else if ((version >> 4) == 6) {
    const struct np_ipv6 *ip = l3;

    if (l3 + sizeof(*ip) + sizeof(struct np_udp) > end)
      return -1;
    __builtin_memcpy(l->key.src_ip, ip->src, 16);
    __builtin_memcpy(l->key.dst_ip, ip->dst, 16);
    l->key.proto = ip->next;
    l->ip_len = bpf_ntohs(ip->payload_len) + sizeof(*ip);
    l->ttl = ip->hop_limit;
    l->dscp = (bpf_ntohl(ip->version_class_label) >> 22) & 0x3f;
    header = sizeof(*ip);
  } else {
    return -1;
  }
  /* Lengths that lie, and the 0 of packets over 64 KiB, take the slow path. */
  if (unlikely(l->ip_len > room || l->ip_len < header + sizeof(struct np_udp)))
    return -1;
  l->l3_off = l3_off;
  l4 = l3 + header;
  if (l->key.proto == IPPROTO_TCP) {
    const struct np_tcp *tcp = l4;

    if (l4 + sizeof(*tcp) > end || l->ip_len < header + sizeof(*tcp))
      return -1;
    l->key.src_port = bpf_ntohs(tcp->ports.src);
    l->key.dst_port = bpf_ntohs(tcp->ports.dst);
    l->tcp_seq = bpf_ntohl(tcp->seq);
    l->tcp_flags = tcp->flags;
    l->window = tcp->window; /* only compared with 0 */
    l->has_tcp = 1;
    l->payload = np_tcp_payload(l->ip_len, header, tcp->offset);
    *payload_off = l3_off + header + (tcp->offset >> 4) * 4;
    return version == 0x45 ? NP_FAST_IPV4_TCP : NP_FAST_IPV6_TCP;
  }
  if (l->key.proto == IPPROTO_UDP) {
    const struct np_udp *udp = l4;

    l->key.src_port = bpf_ntohs(udp->ports.src);
    l->key.dst_port = bpf_ntohs(udp->ports.dst);
    *payload_off = l3_off + header + sizeof(*udp);
    return version == 0x45 ? NP_FAST_IPV4_UDP : NP_FAST_IPV6_UDP;
  }
  return -1;
}

/* IP right behind the link header, if there is one: nothing to take off first. */
static __always_inline int np_is_bare_ip(const void *data, const void *end,
                                         enum np_link_type link) {
  const struct np_eth *eth = data;

  if (link != NP_LINK_ETHERNET)
    return 1;
  return data + sizeof(*eth) <= end &&
         (eth->type == bpf_htons(ETH_IPV4) || eth->type == bpf_htons(ETH_IPV6));
}

#endif
