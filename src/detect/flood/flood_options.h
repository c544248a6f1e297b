// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

namespace netprobe {

/// Ways to flood a target. docs/detectors.md has the definitions.
enum class FloodKind : std::uint8_t {
  kSyn,         ///< connections that are asked for and never made
  kConnection,  ///< connections that are made
  kTcp,         ///< segments of no connection: ACK, RST, FIN, without flags
  kUdpSpray,    ///< datagrams that nobody answers, of many flows
  kUdpStream,   ///< the same, many of one flow
  kReflected,   ///< answers that nobody asked for
  kIcmp,
  kFragment,  ///< of datagrams whose beginning nobody saw
  kProtocol,  ///< that is none of these
};
inline constexpr std::size_t kFloodKinds = 9;

/// What is flooded.
enum class FloodScope : std::uint8_t { kService, kAddress, kNetwork };
inline constexpr std::size_t kFloodScopes = 3;

/// What a second must have at least of a kind, by scope; 0: it is not looked at so. A
/// target whose learnt normal is high needs more.
struct FloodFloor {
  double service = 0;
  double address = 0;
  double network = 0;
};

/// Defaults are meant for a node and what runs on it, not for a provider's edge.
struct FloodOptions {
  /// By FloodKind, in its unit.
  std::array<FloodFloor, kFloodKinds> floors{{
      // Half-open connections/s. A backlog holds 4,096 by default, for a second or more:
      // 1,000/s are what hurts a service without cookies. All ports together, or a network,
      // need what no scanner sends to one host, as scans are told elsewhere.
      {.service = 1'000, .address = 20'000, .network = 20'000},
      // Connections/s. 5,000/s are a busy web server.
      {.service = 20'000},
      // Segments/s. Scans send a port one or two.
      {.service = 3'000, .address = 10'000, .network = 20'000},
      // Datagrams/s that are not answered. Telemetry that goes one way comes in streams.
      {.address = 5'000, .network = 20'000},
      {.address = 20'000},
      // Answers/s. Honest ones come late, or after an agent's start, by the dozen.
      {.address = 1'000, .network = 4'000},
      // Messages/s. A Linux host sends at most 1,000 errors/s, and one ping a second.
      {.address = 2'000, .network = 8'000},
      {.address = 5'000, .network = 20'000},
      {.address = 20'000},
  }};
  /// A target's threshold is so many times its normal, where that is more than the floor …
  double times_normal = 5;
  /// … but never more than so many floors, whatever was learnt.
  double most_floors = 50;
  /// Seconds of a target before what was learnt of it counts.
  std::uint64_t learn_seconds = 300;
  /// Half-open connections must be so many of all that were asked for.
  double half_open_share = 0.2;
  /// Over when below so much of the threshold for so many seconds.
  double over_below = 0.5;
  std::uint32_t over_seconds = 10;
  /// UDP ports of services that answer much to little, for anybody: character generator,
  /// DNS, TFTP, NTP, NetBIOS, SNMP, LDAP, RIP, IPMI, SSDP, WS-Discovery, mDNS, memcached …
  std::vector<std::uint16_t> reflectors{17,  19,  53,   69,   111,  123,  137,  161,   389,
                                        520, 623, 1900, 3283, 3478, 3702, 5353, 11211, 37810};
  /// Of tunnels: each direction is a flow of its own there, and never answered.
  std::vector<std::uint16_t> tunnel_ports{4789, 6081, 8472};
  std::size_t max_targets = 1'024;   ///< that are near a flood at a time
  std::size_t max_friends = 16'384;  ///< pairs that are known to talk with each other
};

struct FloodKindInfo {
  std::string_view kind;       ///< of findings
  std::string_view technique;  ///< MITRE ATT&CK
  std::string_view unit;
  std::string_view words;  ///< "UDP datagrams that were not answered"
};
[[nodiscard]] const FloodKindInfo& info_of(FloodKind kind);

}  // namespace netprobe
