// SPDX-License-Identifier: Apache-2.0
#include "detect/scan/contact.h"

#include <algorithm>
#include <array>

namespace netprobe {
namespace {

constexpr std::uint8_t kPsh = 0x08;
constexpr std::uint8_t kUrg = 0x20;
// Without ECE and CWR, which a SYN may have or not.
constexpr std::uint8_t kFlags = 0x3f;

// A kernel's SYN has timestamps or window scaling, 48 bytes of IPv4 and more; scanners
// send 40 or 44.
constexpr std::uint64_t kBareSyn = 44;
// An ACK without data and with timestamps, and a SYN with all that is usual.
constexpr std::uint64_t kMostEmpty = 60;
constexpr std::uint64_t kIpv6More = 20;

constexpr std::uint16_t kFirstEphemeral = 32768;
constexpr std::uint16_t kFirstUnprivileged = 1024;
// traceroute counts the port up, 3 probes a hop.
constexpr std::uint16_t kTraceroute = 33434;
constexpr std::uint16_t kTracerouteEnd = 33600;
// Outsides of tunnels, whose source port is a hash: answers come on another tuple. DHCP
// is answered to another address.
constexpr std::array<std::uint16_t, 7> kNeverAnswered{67, 68, 546, 547, 4789, 6081, 8472};

constexpr std::uint16_t kEchoReply = 0;
constexpr std::uint16_t kEcho = 8;
constexpr std::uint16_t kTimestamp = 13;
constexpr std::uint16_t kTimestampReply = 14;
constexpr std::uint16_t kEcho6 = 128;
constexpr std::uint16_t kEchoReply6 = 129;

std::uint64_t more_of(const FlowTuple& tuple) { return tuple.src.is_v4() ? 0 : kIpv6More; }

/// An answer to somebody's ephemeral port of which the question was not seen.
bool looks_like_reply(const FlowTuple& tuple) {
  if (tuple.src_port < kFirstUnprivileged && tuple.dst_port >= kFirstUnprivileged) return true;
  return tuple.src_port < kFirstEphemeral && tuple.dst_port >= kFirstEphemeral;
}

bool is_large(const Counters& counters, std::uint64_t each) {
  return counters.packets > 0 && counters.bytes > counters.packets * each;
}

ScanMethod method_of_syn(const FlowRecord& record) {
  const bool bare =
      record.forward.packets > 0 && !is_large(record.forward, kBareSyn + more_of(record.tuple));
  return bare ? ScanMethod::kSyn : ScanMethod::kConnect;
}

/// The flow began with a SYN.
Contact tried(const FlowRecord& record, std::uint8_t forward, std::uint8_t reverse) {
  if (forward & kTcpAck) {
    const std::uint64_t empty = kMostEmpty + more_of(record.tuple);
    if (((forward | reverse) & kPsh) || is_large(record.forward, empty) ||
        is_large(record.reverse, empty))
      return {Outcome::kGood, ScanMethod::kConnect};
    // The way back need not pass here: then nobody can say what it carried.
    if (reverse == 0) return {Outcome::kOpen, ScanMethod::kConnect};
    const bool over = ((forward | reverse) & (kTcpFin | kTcpRst)) || record.ended;
    return {over ? Outcome::kEmpty : Outcome::kOpen, ScanMethod::kConnect};
  }
  if (reverse & kTcpSyn) {
    // The kernel of a scanner that sends by itself resets what it knows nothing of.
    if (forward & kTcpRst) return {Outcome::kFailed, ScanMethod::kSyn};
    return {Outcome::kPending, method_of_syn(record)};
  }
  if (reverse & kTcpRst) return {Outcome::kFailed, method_of_syn(record)};
  return {Outcome::kPending, method_of_syn(record)};
}

Contact tcp(const FlowRecord& record) {
  const std::uint8_t forward = record.tcp_flags & kFlags;
  const std::uint8_t reverse = record.reverse_tcp_flags & kFlags;
  if (forward & kTcpSyn) return tried(record, forward, reverse);
  if (forward == 0) {
    const bool sent = record.forward.packets > 0 && reverse != (kTcpSyn | kTcpAck);
    return {sent ? Outcome::kFailed : Outcome::kNothing, ScanMethod::kNull};
  }
  if (!(forward & (kTcpAck | kTcpRst))) {
    const bool more = forward & (kPsh | kUrg);
    return {Outcome::kFailed, more ? ScanMethod::kXmas : ScanMethod::kFin};
  }
  // In the middle of something, unless a reset is all that it ever got.
  const bool alone = forward == kTcpAck || forward == (kTcpAck | kTcpFin);
  if (alone && (reverse == kTcpRst || reverse == (kTcpRst | kTcpAck))) {
    if (looks_like_reply(record.tuple) || is_large(record.forward, kMostEmpty)) return {};
    return {Outcome::kFailed, forward & kTcpFin ? ScanMethod::kFin : ScanMethod::kAck};
  }
  if ((forward & kPsh) && (reverse & kTcpAck)) return {Outcome::kGood, ScanMethod::kConnect};
  return {};
}

Contact udp(const FlowRecord& record) {
  const FlowTuple& tuple = record.tuple;
  if (record.reverse.packets > 0 || record.verdict == "answered")
    return {Outcome::kGood, ScanMethod::kUdp};
  if (record.verdict == "unknown" || looks_like_reply(tuple)) return {};
  if (tuple.dst_port >= kTraceroute && tuple.dst_port < kTracerouteEnd) return {};
  if (std::ranges::find(kNeverAnswered, tuple.dst_port) != kNeverAnswered.end()) return {};
  if (record.verdict == "port_unreachable" || record.verdict == "unreachable")
    return {Outcome::kFailed, ScanMethod::kUdp};
  return {record.began ? Outcome::kPending : Outcome::kNothing, ScanMethod::kUdp};
}

Contact icmp(const FlowRecord& record) {
  const auto type = static_cast<std::uint16_t>(record.icmp >> 8);
  const bool six = record.tuple.protocol == kProtoIcmp6;
  const bool asks = six ? type == kEcho6 : type == kEcho || type == kTimestamp;
  const bool answers = six ? type == kEchoReply6 : type == kEchoReply || type == kTimestampReply;
  if (!asks && !answers) return {};
  if (record.reverse.packets > 0) return {Outcome::kEmpty, ScanMethod::kPing};
  return {asks && record.began ? Outcome::kPending : Outcome::kNothing, ScanMethod::kPing};
}

}  // namespace

std::string_view to_string(ScanMethod method) {
  constexpr std::array<std::string_view, kScanMethods> kNames{
      "SYN", "connect", "FIN", "NULL", "Xmas", "ACK", "UDP", "ICMP echo"};
  return kNames[static_cast<std::size_t>(method)];
}

Contact contact_of(const FlowRecord& record) {
  const FlowTuple& tuple = record.tuple;
  switch (tuple.protocol) {
    case kProtoTcp:
      // No port: a fragment whose beginning nobody saw.
      return tuple.dst_port == 0 ? Contact{} : tcp(record);
    case kProtoUdp:
      return tuple.dst_port == 0 || tuple.dst.is_multicast() ? Contact{} : udp(record);
    case kProtoIcmp:
    case kProtoIcmp6:
      return tuple.dst.is_multicast() ? Contact{} : icmp(record);
    default:
      return {};
  }
}

}  // namespace netprobe
