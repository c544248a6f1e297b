// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <array>
#include <cstring>

#include "base/netlink.h"
#include "io/link_tunnel.h"

/// The first byte picks the kind; the rest are the attributes.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static constexpr std::array<std::string_view, 8> kKinds{"vxlan",  "geneve", "gre", "gretap",
                                                          "ip6gre", "ipip",   "sit", "ip6tnl"};
  if (size == 0) return 0;
  alignas(8) std::array<std::uint8_t, 2048> buffer{};
  const std::size_t length = std::min(size - 1, buffer.size() - sizeof(nlattr));
  nlattr header{};
  header.nla_len = static_cast<std::uint16_t>(sizeof(nlattr) + length);
  std::memcpy(buffer.data(), &header, sizeof(header));
  std::memcpy(buffer.data() + sizeof(header), data + 1, length);
  std::uint32_t bound_to = 0;
  (void)netprobe::parse_tunnel_settings(kKinds[data[0] % kKinds.size()],
                                        reinterpret_cast<const nlattr*>(buffer.data()), bound_to);
  return 0;
}
