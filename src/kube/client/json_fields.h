// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <simdjson.h>

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

namespace netprobe::kube {

/// Reads that take a field which is missing, null or of another type for
/// empty: what an API server leaves out means its default.
using JsonElement = simdjson::dom::element;
using JsonObjectView = simdjson::dom::object;

/// Valid as long as the document is.
[[nodiscard]] inline std::string_view text_view(JsonElement from, std::string_view key) {
  std::string_view value;
  if (from[key].get(value) != simdjson::SUCCESS) return {};
  return value;
}

[[nodiscard]] inline std::string text(JsonElement from, std::string_view key) {
  return std::string(text_view(from, key));
}

[[nodiscard]] inline bool flag(JsonElement from, std::string_view key, bool otherwise = false) {
  bool value = otherwise;
  if (from[key].get(value) != simdjson::SUCCESS) return otherwise;
  return value;
}

[[nodiscard]] inline std::int64_t integer(JsonElement from, std::string_view key) {
  std::int64_t value = 0;
  if (from[key].get(value) != simdjson::SUCCESS) return 0;
  return value;
}

/// 0 for what is no port.
[[nodiscard]] inline std::uint16_t port_number(JsonElement from, std::string_view key) {
  const auto value = integer(from, key);
  return value > 0 && value <= 65'535 ? static_cast<std::uint16_t>(value) : std::uint16_t{0};
}

/// Calls `each` with the object under `key`, if that is one.
template <typename Each>
void with_object(JsonElement from, std::string_view key, Each each) {
  JsonElement value;
  if (from[key].get(value) == simdjson::SUCCESS && value.is_object()) each(value);
}

/// Calls `each` with every element of the array under `key`, if that is one.
template <typename Each>
void for_each(JsonElement from, std::string_view key, Each each) {
  simdjson::dom::array values;
  if (from[key].get(values) != simdjson::SUCCESS) return;
  for (const JsonElement value : values) each(value);
}

/// Calls `each` with key and value of every member of the object under `key`.
template <typename Each>
void for_each_member(JsonElement from, std::string_view key, Each each) {
  JsonObjectView members;
  if (from[key].get(members) != simdjson::SUCCESS) return;
  for (const auto member : members) each(member.key, member.value);
}

}  // namespace netprobe::kube
