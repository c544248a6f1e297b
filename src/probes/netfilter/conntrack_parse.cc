// SPDX-License-Identifier: Apache-2.0
#include "probes/netfilter/conntrack_parse.h"

#include <arpa/inet.h>
#include <linux/netfilter/nf_conntrack_common.h>
#include <linux/netfilter/nfnetlink_conntrack.h>

#include <array>
#include <cstring>

#include "probes/netfilter/nfnetlink.h"

namespace netprobe {
namespace {

using netlink::for_each_nested;
using nfnl::be16_of;
using nfnl::be32_of;

std::optional<IpAddress> address_of(const nlattr* a) {
  const std::size_t size = mnl_attr_get_payload_len(a);
  if (size == 4) return IpAddress::v4(be32_of(a));
  std::array<std::uint8_t, 16> bytes{};
  if (size != bytes.size()) return std::nullopt;
  std::memcpy(bytes.data(), mnl_attr_get_payload(a), bytes.size());
  return IpAddress(bytes);
}

bool has_ports(std::uint8_t protocol) {
  return protocol == kProtoTcp || protocol == kProtoUdp || protocol == kProtoSctp ||
         protocol == kProtoIcmp || protocol == kProtoIcmp6;
}

std::optional<FlowTuple> tuple_of(const nlattr* attribute) {
  FlowTuple tuple;
  bool has_src = false;
  bool has_dst = false;
  const auto take_address = [&](const nlattr* a) {
    const auto type = mnl_attr_get_type(a);
    const bool src = type == CTA_IP_V4_SRC || type == CTA_IP_V6_SRC;
    const bool dst = type == CTA_IP_V4_DST || type == CTA_IP_V6_DST;
    const auto address = address_of(a);
    if (!address) return;
    if (src) tuple.src = *address;
    if (dst) tuple.dst = *address;
    has_src = has_src || src;
    has_dst = has_dst || dst;
  };
  const auto take_protocol = [&](const nlattr* a) {
    switch (mnl_attr_get_type(a)) {
      case CTA_PROTO_NUM:
        tuple.protocol = nfnl::u8_of(a);
        break;
      case CTA_PROTO_SRC_PORT:
        tuple.src_port = be16_of(a);
        break;
      case CTA_PROTO_DST_PORT:
        tuple.dst_port = be16_of(a);
        break;
      // A flow has the identifier of a query in both ports.
      case CTA_PROTO_ICMP_ID:
      case CTA_PROTO_ICMPV6_ID:
        tuple.src_port = tuple.dst_port = be16_of(a);
        break;
      default:
        break;
    }
  };
  for_each_nested(attribute, [&](const nlattr* a) {
    if (mnl_attr_get_type(a) == CTA_TUPLE_IP) for_each_nested(a, take_address);
    if (mnl_attr_get_type(a) == CTA_TUPLE_PROTO) for_each_nested(a, take_protocol);
  });
  if (!has_src || !has_dst || !has_ports(tuple.protocol)) return std::nullopt;
  return tuple;
}

}  // namespace

std::optional<NatMapping> parse_nat(const nlmsghdr* message) {
  std::optional<FlowTuple> original;
  std::optional<FlowTuple> reply;
  std::uint32_t status = 0;
  nfnl::for_each_attribute(message, [&](const nlattr* a) {
    switch (mnl_attr_get_type(a)) {
      case CTA_TUPLE_ORIG:
        original = tuple_of(a);
        break;
      case CTA_TUPLE_REPLY:
        reply = tuple_of(a);
        break;
      case CTA_STATUS:
        status = be32_of(a);
        break;
      default:
        break;
    }
  });
  if ((status & IPS_NAT_MASK) == 0 || !original || !reply) return std::nullopt;
  NatMapping mapping{*original, reply->reversed()};
  if (mapping.original == mapping.translated) return std::nullopt;
  mapping.ended = NFNL_MSG_TYPE(message->nlmsg_type) == IPCTNL_MSG_CT_DELETE;
  return mapping;
}

ConntrackCpu parse_conntrack_cpu(const nlmsghdr* message) {
  ConntrackCpu result;
  if (!nfnl::has_header(message)) return result;
  result.cpu = ntohs(static_cast<const nfgenmsg*>(mnl_nlmsg_get_payload(message))->res_id);
  nfnl::for_each_attribute(message, [&](const nlattr* a) {
    switch (mnl_attr_get_type(a)) {
      case CTA_STATS_INSERT_FAILED:
        result.insert_failed = be32_of(a);
        break;
      case CTA_STATS_DROP:
        result.drop = be32_of(a);
        break;
      case CTA_STATS_EARLY_DROP:
        result.early_drop = be32_of(a);
        break;
      default:
        break;
    }
  });
  return result;
}

ConntrackFill parse_conntrack_fill(const nlmsghdr* message) {
  ConntrackFill result;
  nfnl::for_each_attribute(message, [&](const nlattr* a) {
    if (mnl_attr_get_type(a) == CTA_STATS_GLOBAL_ENTRIES) result.entries = be32_of(a);
    if (mnl_attr_get_type(a) == CTA_STATS_GLOBAL_MAX_ENTRIES) result.limit = be32_of(a);
  });
  return result;
}

}  // namespace netprobe
