// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <memory_resource>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "store/duckdb/api.h"

namespace netprobe::duck {

/// One column of a raw file's dictionary in memory: the texts of its numbers, equal ones
/// once. Many threads may read it when it is filled.
class NameList {
 public:
  NameList() = default;
  NameList(const NameList&) = delete;
  NameList& operator=(const NameList&) = delete;

  /// `number` is none that it has, and about as many as it has. Copies the text.
  void add(std::uint32_t number, std::string_view text);
  /// After the last one.
  void finish();

  /// As the library has a text, which stays as long as the list; "" of an unknown number.
  [[nodiscard]] const Text& at(std::uint32_t number) const {
    return texts_[number < places_.size() ? places_[number] : 0];
  }
  /// By number, up to the last, whether `test` says yes to its text. Each text is asked
  /// for once; at least of number 0 there is an answer.
  [[nodiscard]] std::vector<bool> where(const std::function<bool(std::string_view)>& test) const;
  /// That were added.
  [[nodiscard]] std::size_t size() const { return size_; }
  /// Of memory, about.
  [[nodiscard]] std::size_t bytes() const;

 private:
  std::pmr::monotonic_buffer_resource memory_{1024};
  std::size_t text_bytes_ = 0;
  std::size_t size_ = 0;
  std::vector<std::uint32_t> places_;  ///< by number, in texts_
  std::vector<Text> texts_{Text{}};
  std::unordered_map<std::string_view, std::uint32_t> known_;  ///< until finish()
};
using NameListPtr = std::shared_ptr<const NameList>;

}  // namespace netprobe::duck
