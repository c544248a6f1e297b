// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <simdjson.h>

#include <optional>
#include <string>
#include <string_view>

#include "kube/client/json_fields.h"

namespace netprobe::kube {

/// A parser for one document after the other, shared by all watches of a
/// thread. What a huge document made it take is given back afterwards.
class ObjectParser {
 public:
  /// `text` has room for simdjson's padding behind it. The element is valid
  /// until the next call.
  [[nodiscard]] std::optional<JsonElement> parse(std::string_view text) {
    if (parser_.capacity() > kUsual && text.size() <= kUsual) shrink();
    JsonElement root;
    if (parser_.parse(text.data(), text.size(), false).get(root) != simdjson::SUCCESS)
      return std::nullopt;
    return root;
  }
  void shrink() { parser_ = simdjson::dom::parser(); }

 private:
  static constexpr std::size_t kUsual = 64U << 10U;
  simdjson::dom::parser parser_;
};

/// The same for a text of one's own: makes the room.
[[nodiscard]] inline std::string_view padded(std::string& text) {
  text.reserve(text.size() + simdjson::SIMDJSON_PADDING);
  return text;
}

}  // namespace netprobe::kube
