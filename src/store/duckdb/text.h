// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstring>
#include <string_view>

#include "store/duckdb/api.h"

namespace netprobe::duck {

/// As the library has it. What is longer than that holds is pointed to, and must stay.
[[nodiscard]] inline Text text_of(std::string_view bytes) {
  Text value{};
  value.length = static_cast<std::uint32_t>(bytes.size());
  const char* pointer = bytes.empty() ? "" : bytes.data();  // null may be what is empty
  if (bytes.size() <= Text::kInlined) {
    // The first four and the rest stand side by side.
    if (!bytes.empty())
      std::memcpy(reinterpret_cast<char*>(&value) + offsetof(Text, bytes), pointer, bytes.size());
  } else {
    std::memcpy(value.bytes, pointer, sizeof value.bytes);
    std::memcpy(value.rest, &pointer, sizeof value.rest);
  }
  return value;
}

/// The text of a value, which must stay.
[[nodiscard]] inline std::string_view view_of(const Text& text) {
  if (text.length <= Text::kInlined)
    return {reinterpret_cast<const char*>(&text) + sizeof text.length, text.length};
  const char* pointer = nullptr;
  std::memcpy(&pointer, text.rest, sizeof pointer);
  return {pointer, text.length};
}

}  // namespace netprobe::duck
