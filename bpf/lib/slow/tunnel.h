/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/* Into VXLAN, Geneve and GRE. */
#ifndef NETPROBE_BPF_LIB_SLOW_TUNNEL_H
#define NETPROBE_BPF_LIB_SLOW_TUNNEL_H

#include "../headers.h"
#include "scratch.h"

static __always_inline void np_enter(struct np_scratch *s, __u8 tunnel, __u32 vni, __u16 type,
                                     __u32 off) {
  struct np_layer *outer = np_current(s);

  if (outer)
    outer->carries = tunnel;
  s->tunnel = tunnel;
  s->vni = vni;
  s->type = type;
  s->off = off;
  s->vlan = NP_NO_VLAN;
  s->inner_vlan = NP_NO_VLAN;
  s->mpls_label = NP_NO_LABEL;
  s->next = type == ETH_TEB ? NP_NEXT_ETHERNET : NP_NEXT_TYPE;
}

static __always_inline int np_step_udp(NP_CONTEXT *ctx, struct np_scratch *s, __u16 port) {
  if (!np_config.tunnels || s->layers >= NP_LAYERS)
    return np_stop(s);
  if (np_is_port(np_config.vxlan_port, port)) {
    const struct np_vxlan *vxlan = (const struct np_vxlan *)s->buf;

    if (NP_LOAD(s, ctx, s->off + sizeof(struct np_udp), sizeof(*vxlan)) ||
        !(vxlan->flags & NP_VXLAN_I))
      return np_stop(s);
    NP_SAW(s, NP_PKT_VXLAN);
    np_enter(s, NP_TUNNEL_VXLAN, bpf_ntohl(vxlan->vni) >> 8, ETH_TEB,
             s->off + sizeof(struct np_udp) + sizeof(*vxlan));
    return 0;
  }
  if (np_is_port(np_config.geneve_port, port)) {
    const struct np_geneve *geneve = (const struct np_geneve *)s->buf;

    if (NP_LOAD(s, ctx, s->off + sizeof(struct np_udp), sizeof(*geneve)) ||
        geneve->version_optlen >> 6)
      return np_stop(s);
    NP_SAW(s, NP_PKT_GENEVE);
    np_enter(
        s, NP_TUNNEL_GENEVE, bpf_ntohl(geneve->vni) >> 8, bpf_ntohs(geneve->type),
        s->off + sizeof(struct np_udp) + sizeof(*geneve) + (geneve->version_optlen & 0x3f) * 4);
    return 0;
  }
  return np_stop(s);
}

static __always_inline int np_step_gre(NP_CONTEXT *ctx, struct np_scratch *s) {
  __u16 flags, type;
  __u32 off = s->off + 4, key = 0;

  if (!np_config.tunnels || s->layers >= NP_LAYERS || NP_LOAD(s, ctx, s->off, 4))
    return np_stop(s);
  flags = bpf_ntohs(*(__be16 *)s->buf);
  type = bpf_ntohs(*(__be16 *)(s->buf + 2));
  /* Version 1 carries PPP (RFC 2637); source routes went with RFC 2784. */
  if (flags & 0x4007)
    return np_stop(s);
  if (flags & 0x8000) /* checksum, and a reserved field */
    off += 4;
  if (flags & 0x2000) {
    if (NP_LOAD(s, ctx, off, 4))
      return np_stop(s);
    key = bpf_ntohl(*(__be32 *)s->buf);
    off += 4;
  }
  if (flags & 0x1000)
    off += 4;
  if (type == ETH_ERSPAN) {
    /* Type II has a sequence number and 8 bytes of its own, type I neither. */
    off += flags & 0x1000 ? 8 : 0;
    type = ETH_TEB;
  }
  NP_SAW(s, NP_PKT_GRE);
  np_enter(s, NP_TUNNEL_GRE, key, type, off);
  return 0;
}

#endif
