// SPDX-License-Identifier: Apache-2.0
#include "model/external_names.h"

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>

namespace netprobe {
namespace {

IpAddress masked(const IpAddress& address, int bits) {
  std::array<std::uint8_t, 16> bytes = address.bytes();
  const auto whole = static_cast<std::size_t>(bits / 8);
  if (whole == bytes.size()) return address;
  bytes[whole] &= static_cast<std::uint8_t>(0xff00 >> bits % 8);
  std::fill(bytes.begin() + static_cast<std::ptrdiff_t>(whole) + 1, bytes.end(), std::uint8_t{0});
  return IpAddress(bytes);
}

}  // namespace

ExternalNames::ExternalNames(const std::vector<std::pair<std::string, IpPrefix>>& names) {
  for (const auto& [name, prefix] : names) {
    auto length = std::ranges::find(lengths_, prefix.bits(), &Length::bits);
    if (length == lengths_.end()) length = lengths_.insert(length, {prefix.bits(), {}});
    Identity identity;
    identity.kind = IdentityKind::kExternal;
    identity.name = identity.workload = name;
    identity.workload_kind = "External";
    // The first of two names for the same network stays.
    length->networks.try_emplace(prefix.network(),
                                 std::make_shared<const Identity>(std::move(identity)));
  }
  std::ranges::sort(lengths_, std::ranges::greater{}, &Length::bits);
}

const IdentityPtr* ExternalNames::find(const IpAddress& address) const {
  for (const Length& length : lengths_) {
    const auto found = length.networks.find(masked(address, length.bits));
    if (found != length.networks.end()) return &found->second;
  }
  return nullptr;
}

}  // namespace netprobe
