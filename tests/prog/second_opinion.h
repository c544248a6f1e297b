// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <compare>
#include <cstdint>
#include <map>
#include <ostream>
#include <string>
#include <utility>
#include <vector>

#include "base/result.h"
#include "model/flow.h"

namespace netprobe::test {

/// One direction of a flow in one layer of tunnels.
struct Leg {
  std::uint8_t depth = 0;
  std::uint32_t vni = 0;
  std::uint8_t protocol = 0;
  IpAddress src;
  IpAddress dst;
  std::uint16_t src_port = 0;
  std::uint16_t dst_port = 0;

  auto operator<=>(const Leg&) const = default;
  friend void PrintTo(const Leg& leg, std::ostream* out) {
    *out << "depth " << int{leg.depth} << " vni " << leg.vni << ' ' << protocol_name(leg.protocol)
         << ' ' << leg.src.to_string() << ' ' << leg.src_port << " > " << leg.dst.to_string() << ' '
         << leg.dst_port;
  }
};
using Legs = std::map<Leg, Counters>;

/// The same as NetProbe has it, point by point: a flow that travels in two
/// networks, or inside and outside of a tunnel, has a leg for each.
[[nodiscard]] Legs legs_of(const std::vector<Flow>& flows);

/// What tshark makes of a capture.
struct SecondOpinion {
  Legs legs;
  std::uint64_t packets = 0;
  std::uint64_t without_ip = 0;  ///< packets in which it found no whole IP header
};
/// Sums tshark's fields of each packet, layer by layer: addresses, ports and
/// the lengths in IP headers. Later fragments are joined to the first one by
/// (addresses, id), as docs/flows.md defines.
[[nodiscard]] Result<SecondOpinion> ask_tshark(const std::string& capture);

/// Frames of each conversation between two ends, from `tshark -z conv,KIND`;
/// the ends as it prints them, in text order.
using Conversations = std::map<std::pair<std::string, std::string>, std::uint64_t>;
[[nodiscard]] Result<Conversations> tshark_conversations(const std::string& capture,
                                                         const std::string& kind);

}  // namespace netprobe::test
