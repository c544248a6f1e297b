// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstdint>
#include <cstring>

#include "model/flow.h"

namespace netprobe {

/// The same tuple for both directions; `flipped` tells that src and dst
/// changed places.
[[nodiscard]] inline FlowTuple canonical(const FlowTuple& tuple, bool& flipped) {
  const int order = std::memcmp(tuple.src.bytes().data(), tuple.dst.bytes().data(), 16);
  flipped = order > 0 || (order == 0 && tuple.src_port > tuple.dst_port);
  return flipped ? tuple.reversed() : tuple;
}

struct TupleHash {
  using is_avalanching = void;
  std::size_t operator()(const FlowTuple& tuple) const {
    std::array<std::uint64_t, 5> w{};
    std::memcpy(w.data(), tuple.src.bytes().data(), 16);
    std::memcpy(w.data() + 2, tuple.dst.bytes().data(), 16);
    w[4] = static_cast<std::uint64_t>(tuple.src_port) << 32 |
           static_cast<std::uint64_t>(tuple.dst_port) << 8 | tuple.protocol;
    std::uint64_t h = 0x9e3779b97f4a7c15;
    for (const auto word : w) {
      h = (h ^ word) * 0xd6e8feb86659fd93;
      h ^= h >> 32;
    }
    return h;
  }
};

struct AddressHash {
  using is_avalanching = void;
  std::size_t operator()(const IpAddress& address) const {
    std::uint64_t high = 0;
    std::uint64_t low = 0;
    std::memcpy(&high, address.bytes().data(), 8);
    std::memcpy(&low, address.bytes().data() + 8, 8);
    std::uint64_t h = (high ^ 0x9e3779b97f4a7c15) * 0xd6e8feb86659fd93;
    h = (h ^ (h >> 32) ^ low) * 0xd6e8feb86659fd93;
    return h ^ (h >> 32);
  }
};

}  // namespace netprobe
