// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string_view>

#include "sketch/keyed_hash.h"

namespace netprobe::intel {

/// Hashes of a name and of what it ends in, from its end on: "www.bad.example" goes by
/// "example" and "bad.example". 64 bits under a key of this process, so that two names of a
/// million meet by chance alone, once in 10^13 look-ups.
class NameHash {
 public:
  void add(char c) {
    state_ = (state_ ^ static_cast<unsigned char>(c)) * 0x9fb21c651e98df25U;
    state_ ^= state_ >> 29U;
  }
  /// Of the part that was added, as a name of its own.
  [[nodiscard]] std::uint64_t itself() const { return mix_hash(state_, hash_key()); }
  /// As what all beneath it ends in.
  [[nodiscard]] std::uint64_t beneath() const { return mix_hash(state_ + 1, ~hash_key()); }
  [[nodiscard]] static NameHash of(std::string_view name) {
    NameHash hash;
    for (std::size_t i = name.size(); i-- > 0;) hash.add(name[i]);
    return hash;
  }

 private:
  std::uint64_t state_ = hash_key();
};

}  // namespace netprobe::intel
