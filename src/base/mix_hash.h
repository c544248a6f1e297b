// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string_view>

#include "base/ip_address.h"

namespace netprobe {

/// Mixes a word into a hash: a multiplication of 64 by 64 bits, folded (as wyhash does).
/// Who knows the first hash can make others meet: it is a secret where that matters.
[[nodiscard]] inline std::uint64_t mix_hash(std::uint64_t hash, std::uint64_t word) {
  __extension__ using Wide = unsigned __int128;
  const Wide wide = static_cast<Wide>(hash ^ 0x9e3779b97f4a7c15U) * (word ^ 0xd1b54a32d192ed03U);
  return static_cast<std::uint64_t>(wide) ^ static_cast<std::uint64_t>(wide >> 64U);
}
/// The same for a text; its length goes in as well, so that "ab", "c" is not "a", "bc".
[[nodiscard]] inline std::uint64_t mix_hash(std::uint64_t hash, std::string_view text) {
  hash = mix_hash(hash, std::uint64_t{text.size()});
  while (!text.empty()) {
    std::uint64_t word = 0;
    const std::size_t n = text.size() < sizeof word ? text.size() : sizeof word;
    std::memcpy(&word, text.data(), n);
    hash = mix_hash(hash, word);
    text.remove_prefix(n);
  }
  return hash;
}
[[nodiscard]] inline std::uint64_t mix_hash(std::uint64_t hash, const IpAddress& address) {
  std::uint64_t high = 0;
  std::uint64_t low = 0;
  std::memcpy(&high, address.bytes().data(), sizeof high);
  std::memcpy(&low, address.bytes().data() + sizeof high, sizeof low);
  return mix_hash(mix_hash(hash, high), low);
}

/// For maps whose keys are such hashes already.
struct MixedHash {
  std::size_t operator()(std::uint64_t key) const { return key; }
};

}  // namespace netprobe
