// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <set>
#include <string>
#include <string_view>

namespace google::protobuf {
class Message;
}

namespace netprobe {

/// What messages had that this version has no word for, and that was passed over: the
/// first few, each once. "field 99 of LiveReply", "column 'colour' of flows",
/// "direction 'sideways'".
class LeftOut {
 public:
  static constexpr std::size_t kMost = 16;
  void add(std::string what) {
    if (names_.size() < kMost) names_.insert(std::move(what));
  }
  /// `name` is anybody's: made fit for a sentence.
  void add(std::string_view what, std::string_view name, std::string_view of = {});
  /// Fields and enum values of a message and of those that it has one of each.
  void add_unknown(const google::protobuf::Message& message);
  [[nodiscard]] const std::set<std::string>& names() const { return names_; }
  [[nodiscard]] bool has_room() const { return names_.size() < kMost; }

 private:
  std::set<std::string> names_;
};

}  // namespace netprobe
