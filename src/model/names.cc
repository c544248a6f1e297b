// SPDX-License-Identifier: Apache-2.0
#include <array>
#include <charconv>
#include <cstring>
#include <utility>

#include "model/connection.h"
#include "model/flow.h"
#include "model/interface.h"
#include "model/neighbour.h"
#include "model/snapshot.h"
#include "model/verdict.h"

namespace netprobe {
namespace {

// IANA names as users of network tools type them.
constexpr std::array<std::pair<std::uint8_t, std::string_view>, 14> kProtocols{{
    {kProtoIcmp, "icmp"},
    {2, "igmp"},
    {4, "ipip"},
    {kProtoTcp, "tcp"},
    {kProtoUdp, "udp"},
    {33, "dccp"},
    {41, "ipv6"},
    {47, "gre"},
    {50, "esp"},
    {51, "ah"},
    {kProtoIcmp6, "icmp6"},
    {89, "ospf"},
    {kProtoSctp, "sctp"},
    {136, "udplite"},
}};

template <typename Enum, std::size_t N>
std::string_view name_of(Enum value, const std::array<std::string_view, N>& names) {
  const auto index = static_cast<std::size_t>(value);
  return index < N ? names[index] : "unknown";
}

}  // namespace

std::string_view to_string(Direction direction) {
  return direction == Direction::kIngress ? "ingress" : "egress";
}

std::string_view to_string(Role role) {
  static constexpr std::array<std::string_view, 6> kNames{"pod",    "loopback", "bridge",
                                                          "tunnel", "host",     "uplink"};
  return name_of(role, kNames);
}

std::string_view to_string(Tunnel tunnel) {
  static constexpr std::array<std::string_view, 5> kNames{"none", "vxlan", "geneve", "gre", "ipip"};
  return name_of(tunnel, kNames);
}

std::string_view to_string(SocketRole role) {
  static constexpr std::array<std::string_view, 3> kNames{"unknown", "client", "server"};
  return name_of(role, kNames);
}

std::string error_name(int error) {
  if (error == 0) return "none";
  const char* name = ::strerrorname_np(error);
  return name != nullptr ? name : std::to_string(error);
}

int error_number(std::string_view name) {
  // Linux has no errno above, MAX_ERRNO aside.
  constexpr int kLast = 255;
  for (int error = 1; error <= kLast; ++error)
    if (const char* known = ::strerrorname_np(error); known != nullptr && name == known)
      return error;
  int number = 0;
  const auto [end, bad] = std::from_chars(name.data(), name.data() + name.size(), number);
  return bad == std::errc{} && end == name.data() + name.size() && number > 0 ? number : 0;
}

std::string_view to_string(Verdict verdict) {
  static constexpr std::array<std::string_view, static_cast<std::size_t>(Verdict::kCount)> kNames{
      "unknown",      "connecting",      "open",
      "half_closed",  "closed",          "refused",
      "no_answer",    "unreachable",     "aborted",
      "half_open",    "reset_by_client", "reset_by_server",
      "reset",        "timed_out",       "failed",
      "idle",         "answered",        "port_unreachable",
      "no_local_port"};
  return name_of(verdict, kNames);
}

std::string_view to_string(Unattributed cause) {
  static constexpr std::array<std::string_view, kUnattributedCauses> kNames{
      "non_ip", "malformed", "cache_full", "too_deep"};
  return name_of(cause, kNames);
}

std::string_view to_string(ProbeState state) {
  static constexpr std::array<std::string_view, 3> kNames{"off", "on", "failed"};
  return name_of(state, kNames);
}

std::string protocol_name(std::uint8_t protocol) {
  for (const auto& [number, name] : kProtocols)
    if (number == protocol) return std::string(name);
  return std::to_string(protocol);
}

int protocol_number(std::string_view text) {
  for (const auto& [number, name] : kProtocols)
    if (name == text) return number;
  if (text == "icmpv6") return kProtoIcmp6;
  int number = -1;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  const bool whole = error == std::errc{} && end == text.data() + text.size();
  return whole && number >= 0 && number <= 255 ? number : -1;
}

std::string to_string(const MacAddress& mac) {
  constexpr std::string_view kDigits = "0123456789abcdef";
  std::string text;
  for (const std::uint8_t byte : mac) {
    if (!text.empty()) text += ':';
    text += kDigits[byte >> 4U];
    text += kDigits[byte & 0xfU];
  }
  return text;
}

}  // namespace netprobe
