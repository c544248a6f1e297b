// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <random>

#include "base/ip_address.h"
#include "base/mix_hash.h"

namespace netprobe {

/// A number that this process alone knows, drawn once: who sends addresses cannot choose
/// them so that they meet in one bucket.
[[nodiscard]] inline std::uint64_t hash_key() {
  static const std::uint64_t key = [] {
    std::random_device random;
    return (std::uint64_t{random()} << 32U) | random();
  }();
  return key;
}

[[nodiscard]] inline std::uint64_t keyed_hash(std::uint64_t word) {
  return mix_hash(mix_hash(hash_key(), word), hash_key());
}
[[nodiscard]] inline std::uint64_t keyed_hash(const IpAddress& address, std::uint64_t more = 0) {
  return mix_hash(mix_hash(hash_key(), address), more);
}

/// For IdleMap and the like.
struct KeyedAddressHash {
  std::size_t operator()(const IpAddress& address) const { return keyed_hash(address); }
};
/// Two ends, in this order, and a port.
struct AddressPair {
  IpAddress src;
  IpAddress dst;
  std::uint16_t port = 0;
  bool operator==(const AddressPair&) const = default;
};
struct AddressPairHash {
  std::size_t operator()(const AddressPair& pair) const {
    return mix_hash(keyed_hash(pair.src, pair.port), keyed_hash(pair.dst));
  }
};

}  // namespace netprobe
