/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/* Behind IP: ports, TCP, ICMP, and what leads to an extension header or a tunnel. */
#ifndef NETPROBE_BPF_LIB_SLOW_TRANSPORT_H
#define NETPROBE_BPF_LIB_SLOW_TRANSPORT_H

#include "../fast_path.h"
#include "../fragments.h"
#include "ip.h"
#include "scratch.h"
#include "tunnel.h"

static __always_inline void np_remember_first(struct np_scratch *s, const struct np_layer *l) {
  if (s->first_frag)
    np_fragment_remember(&l->key, s->frag_id, s->frag_proto);
}

static __always_inline int np_step_tcp(NP_CONTEXT *ctx, struct np_scratch *s, struct np_layer *l) {
  const struct np_tcp *tcp = (const struct np_tcp *)s->buf;

  if (NP_LOAD(s, ctx, s->off, sizeof(*tcp)))
    return np_stop(s);
  l->tcp_seq = bpf_ntohl(tcp->seq);
  l->tcp_flags = tcp->flags;
  l->window = tcp->window;
  l->has_tcp = 1;
  l->payload = np_tcp_payload(l->ip_len, s->off - l->l3_off, tcp->offset);
  s->payload_off = s->off + (tcp->offset >> 4) * 4;
  return np_stop(s);
}

/* Queries carry an identifier, errors a packet. ICMPv6 numbers are offset by
 * 256 so that one switch serves both. */
static __always_inline int np_step_icmp(NP_CONTEXT *ctx, struct np_scratch *s, struct np_layer *l,
                                        __u32 family) {
  __u16 id;

  l->key.where &= ~NP_WHERE_NO_PORTS;
  if (NP_LOAD(s, ctx, s->off, 8)) {
    if (!NP_LOAD(s, ctx, s->off, 2))
      l->icmp = bpf_ntohs(*(__be16 *)s->buf);
    return np_stop(s);
  }
  l->icmp = bpf_ntohs(*(__be16 *)s->buf);
  s->payload_off = s->off + 8;
  id = bpf_ntohs(*(__be16 *)(s->buf + 4));
  switch (family + s->buf[0]) {
    case 0:
    case 8: /* echo (RFC 792) */
    case 13:
    case 14: /* timestamp */
    case 15:
    case 16: /* information */
    case 17:
    case 18: /* address mask (RFC 950) */
    case 42:
    case 43: /* extended echo (RFC 8335) */
    case 256 + 128:
    case 256 + 129: /* echo (RFC 4443) */
    case 256 + 160:
    case 256 + 161:
      l->key.src_port = id;
      l->key.dst_port = id;
      break;
    case 3:
    case 4:
    case 5:
    case 11:
    case 12:
    case 256 + 1:
    case 256 + 2:
    case 256 + 3:
    case 256 + 4:
      s->quote_off = s->off + 8;
      if (family + s->buf[0] == 256 + 2)
        s->quote_mtu = bpf_ntohl(*(__be32 *)(s->buf + 4));
      else if (l->icmp == (3 << 8 | 4) && family == 0)
        s->quote_mtu = bpf_ntohs(*(__be16 *)(s->buf + 6));
      break;
  }
  np_remember_first(s, l);
  return np_stop(s);
}

static __always_inline int np_step_l4(NP_CONTEXT *ctx, struct np_scratch *s) {
  struct np_layer *l = np_current(s);
  const struct np_ports *ports = (const struct np_ports *)s->buf;

  if (!l)
    return np_stop(s);
  switch (s->proto) {
    case IPPROTO_HOPOPTS:
    case IPPROTO_ROUTING:
    case IPPROTO_FRAGMENT:
    case IPPROTO_DSTOPTS:
    case IPPROTO_AH:
    case IPPROTO_MH:
    case IPPROTO_HIP:
    case IPPROTO_SHIM6:
      return np_step_extension(ctx, s, l);
    case IPPROTO_TCP:
    case IPPROTO_UDP:
    case IPPROTO_SCTP:
    case IPPROTO_DCCP:
    case IPPROTO_UDPLITE:
      /* What lies beyond the IP packet is the link's padding. */
      if ((s->off + sizeof(*ports) > l->l3_off + l->ip_len && !s->cut) ||
          NP_LOAD(s, ctx, s->off, sizeof(*ports)))
        return np_stop(s);
      l->key.src_port = bpf_ntohs(ports->src);
      l->key.dst_port = bpf_ntohs(ports->dst);
      l->key.where &= ~NP_WHERE_NO_PORTS;
      np_remember_first(s, l);
      if (s->proto == IPPROTO_TCP)
        return np_step_tcp(ctx, s, l);
      if (s->proto == IPPROTO_UDP) {
        s->payload_off = s->off + sizeof(struct np_udp);
        return np_step_udp(ctx, s, l->key.dst_port);
      }
      return np_stop(s);
    case IPPROTO_ICMP:
      return np_step_icmp(ctx, s, l, 0);
    case IPPROTO_ICMPV6:
      return np_step_icmp(ctx, s, l, 256);
    case IPPROTO_IPIP:
    case IPPROTO_IPV6:
      l->key.where &= ~NP_WHERE_NO_PORTS;
      if (!np_config.tunnels || s->layers >= NP_LAYERS)
        return np_stop(s);
      NP_SAW(s, NP_PKT_IPIP);
      np_enter(s, NP_TUNNEL_IPIP, 0, s->proto == IPPROTO_IPIP ? ETH_IPV4 : ETH_IPV6, s->off);
      return 0;
    case IPPROTO_GRE:
      l->key.where &= ~NP_WHERE_NO_PORTS;
      return np_step_gre(ctx, s);
    default:
      l->key.where &= ~NP_WHERE_NO_PORTS;
      return np_stop(s);
  }
}

#endif
