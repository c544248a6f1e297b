// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <simdjson.h>

#include <cstdint>
#include <string>
#include <string_view>

namespace netprobe {

/// Reads of an agent's JSON that take a missing or other-typed field for
/// empty: an older agent has fewer fields, a newer one more.
[[nodiscard]] inline std::string json_text(simdjson::dom::element from, std::string_view key) {
  std::string_view value;
  if (from[key].get(value) != simdjson::SUCCESS) return {};
  return std::string(value);
}

[[nodiscard]] inline double json_real(simdjson::dom::element from, std::string_view key) {
  double value = 0;
  if (from[key].get(value) != simdjson::SUCCESS) return 0;
  return value;
}

[[nodiscard]] inline std::uint64_t json_count(simdjson::dom::element from, std::string_view key) {
  std::uint64_t value = 0;
  if (from[key].get(value) != simdjson::SUCCESS) return 0;
  return value;
}

[[nodiscard]] inline bool json_flag(simdjson::dom::element from, std::string_view key,
                                    bool otherwise) {
  bool value = otherwise;
  if (from[key].get(value) != simdjson::SUCCESS) return otherwise;
  return value;
}

}  // namespace netprobe
