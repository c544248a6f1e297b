// SPDX-License-Identifier: Apache-2.0
#include "detect/flood/flood_detector.h"

#include <algorithm>
#include <array>
#include <limits>
#include <vector>

#include "detect/flood/flood_finding.h"

namespace netprobe {
namespace {

// What is below this share of a floor needs no state: its normal is too low to matter.
constexpr double kNear = 8;
// A record of so many datagrams is of a stream; a spray has a new flow for each few.
constexpr std::uint64_t kStream = 16;
// An answer to so many datagrams is one: receivers of QUIC, WireGuard or RTP say less.
constexpr std::uint64_t kAnswerFor = 64;
// As many keys at most have their second counted: 2 rows of 128 KiB. With 1,000,000
// packets/s to as many targets, a count is 83 too large at most, in 6 of 7 cases.
constexpr std::size_t kSecondWidth = 32'768;
// Rounds are a second or so; a clock that was set counts as one.
constexpr Micros kShortest = 900'000;
constexpr Micros kLongest = 30'000'000;
constexpr Micros kRound = 1'000'000;
// One attack on many targets is told of these; a carpet is told as one.
constexpr std::size_t kMostFindings = 128;

constexpr std::uint8_t kSynAck = kTcpSyn | kTcpAck;

AddressPair pair_of(const FlowRecord& record) {
  return {record.tuple.src, record.tuple.dst, record.tuple.dst_port};
}

FloodHit to_dst(FloodKind kind, const FlowRecord& record) {
  return {.kind = kind,
          .target = record.tuple.dst,
          .port = record.tuple.dst_port,
          .source = record.tuple.src,
          .packets = record.forward.packets,
          .bytes = record.forward.bytes};
}

/// Of no connection, which an honest segment is only after an agent's start.
bool is_stray(const FlowRecord& record) {
  const std::uint8_t there = record.tcp_flags;
  const std::uint8_t back = record.reverse_tcp_flags;
  if (((there | back) & kTcpSyn) != 0) return false;
  // After a handshake every segment has an ACK, a reset excepted.
  if ((there & (kTcpAck | kTcpRst)) == 0) return true;
  if ((back & kTcpAck) != 0) return false;
  // Refused for sure; or unanswered, where only one direction passes here, in a long flow
  // that is somebody's.
  return (back & kTcpRst) != 0 || record.forward.packets < kStream;
}

}  // namespace

FloodDetector::FloodDetector(FloodOptions options)
    : options_(std::move(options)),
      second_(kSecondWidth),
      targets_(options_.max_targets),
      friends_(options_.max_friends) {
  for (const std::uint16_t port : options_.reflectors) reflectors_.set(port);
  for (const std::uint16_t port : options_.tunnel_ports) tunnel_ports_.set(port);
}

void FloodDetector::on_flow(const FlowRecord& record) {
  switch (record.tuple.protocol) {
    case kProtoTcp:
      return on_tcp(record);
    case kProtoUdp:
      return on_udp(record);
    case kProtoIcmp:
    case kProtoIcmp6:
      if (record.forward.packets > 0) hit(to_dst(FloodKind::kIcmp, record), record);
      return;
    default:
      if (record.forward.packets > 0 && record.reverse.packets == 0)
        hit(to_dst(FloodKind::kProtocol, record), record);
  }
}

void FloodDetector::on_tcp(const FlowRecord& record) {
  const std::uint8_t there = record.tcp_flags;
  const std::uint8_t back = record.reverse_tcp_flags;
  // A reset that follows a SYN is no handshake, though it is the segment after it.
  if (record.handshake > 0 && (there & kTcpAck) != 0) return on_made(record);
  if ((there & back & kTcpAck) != 0) return;
  if (record.tuple.src_port == 0 && record.tuple.dst_port == 0) {
    if (record.forward.packets > 0) hit(to_dst(FloodKind::kFragment, record), record);
    return;
  }
  if ((there & kSynAck) == kTcpSyn) {
    if (record.forward.packets == 0) return;
    FloodHit syn = to_dst(FloodKind::kSyn, record);
    // The source of a flood did not ask its own stack, which resets what is answered.
    if ((there & kTcpRst) != 0) syn.packets = (syn.packets + 1) / 2;
    syn.refused = (back & kTcpRst) != 0;
    return hit(syn, record);
  }
  if ((back & kSynAck) == kSynAck && (there & kSynAck) == 0 && record.reverse.packets > 0 &&
      (back & ~(kSynAck | kTcpRst)) == 0) {
    // The flow was turned to whom the answer came to: it never asked.
    return hit({.kind = FloodKind::kReflected,
                .target = record.tuple.src,
                .port = record.tuple.src_port,
                .source = record.tuple.dst,
                .packets = record.reverse.packets,
                .bytes = record.reverse.bytes,
                .turned = true},
               record);
  }
  if (record.forward.packets > 0 && is_stray(record)) hit(to_dst(FloodKind::kTcp, record), record);
}

void FloodDetector::on_made(const FlowRecord& record) {
  friends_.touch(pair_of(record));
  FloodHit made = to_dst(FloodKind::kConnection, record);
  made.packets = 1;
  hit(made, record);
  const bool late = !record.began;
  const auto add = [&](const IpAddress& address, std::uint16_t port, FloodScope scope) {
    FloodTarget* target = targets_.find({address, port, FloodKind::kSyn, scope});
    if (target != nullptr) target->add_made(late);
  };
  add(record.tuple.dst, record.tuple.dst_port, FloodScope::kService);
  if (!late) return;
  add(record.tuple.dst, 0, FloodScope::kAddress);
  add(network_of(record.tuple.dst, kCarpetV4, kCarpetV6), 0, FloodScope::kNetwork);
}

void FloodDetector::on_late_answer(const FlowRecord& record) {
  const auto add = [&](const IpAddress& address, FloodScope scope) {
    FloodTarget* target = targets_.find({address, 0, FloodKind::kUdpSpray, scope});
    if (target != nullptr) target->add_answered(record.reverse.packets);
  };
  add(record.tuple.dst, FloodScope::kAddress);
  add(network_of(record.tuple.dst, kCarpetV4, kCarpetV6), FloodScope::kNetwork);
}

void FloodDetector::on_udp(const FlowRecord& record) {
  const FlowTuple& tuple = record.tuple;
  const std::uint64_t there = record.forward.packets;
  const std::uint64_t back = record.reverse.packets;
  if (back > 0 && there <= back * kAnswerFor) {
    if (there >= kStream) friends_.touch(pair_of(record));
    if (there == 0 && !record.began && back < kStream) on_late_answer(record);
    return;
  }
  // One sender for many is asked for by joining.
  if (there == 0 || tuple.dst.is_multicast()) return;
  if (tuple.src_port == 0 && tuple.dst_port == 0)
    return hit(to_dst(FloodKind::kFragment, record), record);
  if (tunnel_ports_.test(tuple.dst_port)) return;
  const bool stream = there >= kStream;
  if (stream && friends_.touch_if_known(pair_of(record)) != nullptr) return;
  // Servers of one protocol may talk with each other from its port to its port.
  if (back == 0 && reflectors_.test(tuple.src_port) && tuple.dst_port != tuple.src_port)
    return hit(to_dst(FloodKind::kReflected, record), record);
  hit(to_dst(stream ? FloodKind::kUdpStream : FloodKind::kUdpSpray, record), record);
}

void FloodDetector::hit(const FloodHit& one, const FlowRecord& record) {
  const FloodFloor& floor = options_.floors.at(static_cast<std::size_t>(one.kind));
  if (floor.service > 0) hit({one.target, one.port, one.kind, FloodScope::kService}, one, record);
  if (floor.address > 0) hit({one.target, 0, one.kind, FloodScope::kAddress}, one, record);
  if (floor.network > 0)
    hit({network_of(one.target, kCarpetV4, kCarpetV6), 0, one.kind, FloodScope::kNetwork}, one,
        record);
}

void FloodDetector::hit(const FloodKey& key, const FloodHit& one, const FlowRecord& record) {
  if (FloodTarget* known = targets_.touch_if_known(key)) return known->add(key, one, record);
  const FloodFloor& floor = options_.floors.at(static_cast<std::size_t>(one.kind));
  const std::array<double, kFloodScopes> floors{floor.service, floor.address, floor.network};
  const auto weight = static_cast<std::uint32_t>(
      std::min<std::uint64_t>(one.packets, std::numeric_limits<std::uint32_t>::max()));
  const std::uint32_t got = second_.add(FloodKeyHash{}(key), weight);
  if (got < floors.at(static_cast<std::size_t>(key.scope)) / kNear) return;
  targets_.touch(key).add(key, one, record);
}

bool FloodDetector::is_of_another(const FloodKey& key, const FloodTarget& target) const {
  constexpr double kOneHasIt = 0.5;
  const FloodSources& sources = target.sources();
  if (key.scope == FloodScope::kNetwork) {
    // A carpet has many targets; else it is told of the one.
    constexpr double kCarpet = 16;
    const auto* first = sources.by_target().first();
    return first == nullptr || sources.by_target().share(*first) >= kOneHasIt ||
           sources.targets() < kCarpet;
  }
  // All ports of an address: told of the service where one has most.
  if (key.scope != FloodScope::kAddress) return false;
  if (options_.floors.at(static_cast<std::size_t>(key.kind)).service <= 0) return false;
  const auto* first = sources.by_port().first();
  return first != nullptr && sources.by_port().share(*first) >= kOneHasIt;
}

void FloodDetector::tell(const FloodKey& key, FloodTarget& target, const FindingSink& found) const {
  if (!target.goes_on() || is_of_another(key, target)) return;
  if (key.kind == FloodKind::kSyn &&
      target.rate() < options_.half_open_share * (target.rate() + target.made_rate()))
    return;
  found(flood_finding(key, target, options_));
}

void FloodDetector::tick(Micros now, const FindingSink& found) {
  Micros passed = now - ticked_;
  if (passed >= 0 && passed < kShortest) return;
  if (passed < 0 || passed > kLongest) passed = kRound;
  ticked_ = now;
  std::size_t told = 0;
  const auto bounded = [&](Finding&& finding) {
    if (told++ < kMostFindings) found(std::move(finding));
  };
  targets_.for_each([&](const FloodKey& key, FloodTarget& target) {
    target.tick(key, options_, static_cast<double>(passed) / 1e6, now);
    if (target.flooded()) tell(key, target, bounded);
  });
  second_.clear();
}

std::size_t FloodDetector::bytes() const {
  // Each of the values holds the same, but for evidence, of which there is so much at most.
  constexpr std::size_t kEach = sizeof(FloodSources) + 8 * sizeof(EvidenceFlow);
  return sizeof *this + second_.bytes() + targets_.bytes() + targets_.size() * kEach +
         friends_.bytes();
}

}  // namespace netprobe
