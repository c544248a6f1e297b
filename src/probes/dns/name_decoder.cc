// SPDX-License-Identifier: Apache-2.0
#include "probes/dns/name_decoder.h"

#include <algorithm>
#include <cstring>
#include <string_view>
#include <utility>

#include "abi/flow_abi.h"
#include "abi/name_abi.h"
#include "base/mix_hash.h"
#include "probes/dns/dns_parser.h"
#include "probes/dns/neighbour_parser.h"

namespace netprobe {
namespace {

/// A packet crosses a node within this; clients repeat a question later.
constexpr Nanos kDnsWindow = kSecond;
/// Two claims that are alike are told apart sooner: what is repeated counts.
constexpr Nanos kNeighbourWindow = 200 * kMillisecond;

IpAddress address(const __u8 (&bytes)[16]) {
  return IpAddress(std::span<const std::uint8_t, 16>(bytes));
}

std::uint64_t hash_of(std::span<const std::uint8_t> bytes, std::uint64_t more) {
  return mix_hash(more,
                  std::string_view(reinterpret_cast<const char*>(bytes.data()), bytes.size()));
}

}  // namespace

NameDecoder::NameDecoder()
    : dns_(std::make_unique<RecentMessages>(kDnsWindow)),
      neighbours_(std::make_unique<RecentMessages>(kNeighbourWindow)) {}

void NameDecoder::on_interface(const InterfaceInfo& link) {
  const bool joins = link.kind == "bridge" || link.kind == "bond" || link.kind == "team";
  links_[link.ifindex] = {.master = link.master, .joins = joins, .name = link.name};
}

std::uint32_t NameDecoder::link_of(std::uint32_t ifindex) const {
  // A port of a bond, the bond of a bridge; and a master that is one by mistake ends it.
  constexpr int kMostMasters = 4;
  for (int i = 0; i < kMostMasters; ++i) {
    const auto link = links_.find(ifindex);
    if (link == links_.end()) break;
    // All ports of Open vSwitch have one master, and a VRF's are links of their own.
    const auto master = links_.find(link->second.master);
    if (master == links_.end() || !master->second.joins) break;
    ifindex = master->first;
  }
  return ifindex;
}

void NameDecoder::add(std::span<const std::byte> record, Nanos to_wall) {
  np_name_head head{};
  ++stats_.records;
  if (record.size() < sizeof(head)) {
    ++stats_.malformed;
    return;
  }
  std::memcpy(&head, record.data(), sizeof(head));
  const auto* begin = reinterpret_cast<const std::uint8_t*>(record.data()) + sizeof(head);
  const std::span<const std::uint8_t> bytes(
      begin, std::min<std::size_t>(head.captured, record.size() - sizeof(head)));
  const auto seen = static_cast<Nanos>(head.timestamp);
  if (!batch_) batch_ = std::make_shared<NameBatch>();

  if (head.kind == NP_NAME_DNS) {
    // Without addresses: translation changes them on the way, and the first to be seen is
    // the one at the client's own interface.
    if (!dns_->is_new(hash_of(bytes, head.length), seen)) {
      ++stats_.repeated;
      return;
    }
    const bool at_port = head.src_port == NP_DNS_PORT || head.dst_port == NP_DNS_PORT;
    if (at_port && has_other_opcode(bytes)) {
      ++stats_.other_opcode;
      return;
    }
    auto message = parse_dns(bytes, head.length);
    // Who answers does so from the port of DNS.
    const bool from_server = message && message->is_response;
    if (!message || (from_server ? head.src_port : head.dst_port) != NP_DNS_PORT) {
      ++stats_.malformed;
      return;
    }
    message->time = to_micros(seen + to_wall);
    message->client = address(from_server ? head.dst_ip : head.src_ip);
    message->server = address(from_server ? head.src_ip : head.dst_ip);
    message->client_port = from_server ? head.dst_port : head.src_port;
    batch_->dns.push_back(std::move(*message));
    return;
  }
  const std::uint32_t where = link_of(head.ifindex);
  if (!neighbours_->is_new(hash_of(bytes, std::uint64_t{where} << 16U | head.vlan), seen)) {
    ++stats_.repeated;
    return;
  }
  auto claim = head.kind == NP_NAME_ARP
                   ? parse_arp(bytes)
                   : parse_neighbour_discovery(bytes, address(head.src_ip), address(head.dst_ip));
  if (!claim) {
    // An advertisement may leave its MAC address out (RFC 4861 4.4): it claims nothing then.
    ++(head.kind == NP_NAME_ARP ? stats_.malformed : stats_.no_claims);
    return;
  }
  claim->time = to_micros(seen + to_wall);
  claim->link = where;
  claim->vlan = head.vlan == NP_NO_VLAN ? std::uint16_t{0} : head.vlan;
  if (const auto link = links_.find(head.ifindex); link != links_.end())
    claim->interface = link->second.name;
  batch_->neighbours.push_back(std::move(*claim));
}

NameBatchPtr NameDecoder::take() {
  if (!batch_ || batch_->size() == 0) return nullptr;
  return std::exchange(batch_, nullptr);
}

}  // namespace netprobe
