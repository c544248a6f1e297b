// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string_view>

#include "base/ip_address.h"

namespace netprobe {

/// 128 bits that stand for a text: uids, container ids and names are many, and
/// only ever compared. Two texts with one key are not to be expected before
/// some 10^18 of them. All zero: no text.
struct TextKey {
  std::uint64_t a = 0;
  std::uint64_t b = 0;

  bool operator==(const TextKey&) const = default;
  [[nodiscard]] bool none() const { return a == 0 && b == 0; }
};

struct TextKeyHash {
  using is_avalanching = void;
  std::size_t operator()(const TextKey& key) const { return key.a; }
};

namespace text_key_detail {

inline void mix(TextKey& key, std::uint64_t word) {
  key.a = (key.a ^ word) * 0xd6e8feb86659fd93;
  key.a ^= key.a >> 32;
  key.b = (key.b + word) * 0xc2b2ae3d27d4eb4f;
  key.b ^= key.b >> 29;
}

inline void mix(TextKey& key, std::string_view text) {
  mix(key, text.size());
  while (text.size() >= 8) {
    std::uint64_t word = 0;
    std::memcpy(&word, text.data(), 8);
    mix(key, word);
    text.remove_prefix(8);
  }
  if (text.empty()) return;
  std::uint64_t word = 0;
  std::memcpy(&word, text.data(), text.size());
  mix(key, word);
}

}  // namespace text_key_detail

/// Of nothing: none().
[[nodiscard]] inline TextKey text_key(std::string_view text) {
  if (text.empty()) return {};
  TextKey key{0x9e3779b97f4a7c15, 0x165667b19e3779f9};
  text_key_detail::mix(key, text);
  text_key_detail::mix(key, 0);
  return key;
}

/// Of a name in its namespace.
[[nodiscard]] inline TextKey text_key(std::string_view name_space, std::string_view name) {
  if (name.empty()) return {};
  TextKey key{0x27d4eb2f165667c5, 0x9e3779b185ebca87};
  text_key_detail::mix(key, name_space);
  text_key_detail::mix(key, name);
  text_key_detail::mix(key, 0);
  return key;
}

}  // namespace netprobe
