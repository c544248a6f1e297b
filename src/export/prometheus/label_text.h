// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <initializer_list>
#include <string>
#include <string_view>
#include <utility>

namespace netprobe {

/// A set of labels, escaped once and written many times: `a="b",c="d"`.
class LabelText {
 public:
  LabelText() = default;
  LabelText(std::initializer_list<std::pair<std::string_view, std::string_view>> labels);
  /// These and one more.
  [[nodiscard]] LabelText with(std::string_view name, std::string_view value) const;
  [[nodiscard]] const std::string& text() const { return text_; }

 private:
  void append(std::string_view name, std::string_view value);
  std::string text_;
};

}  // namespace netprobe
