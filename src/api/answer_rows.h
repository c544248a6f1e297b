// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "model/process.h"
#include "query/answer.h"
#include "query/field.h"

namespace netprobe {

/// The values of an answer's rows by their columns. What is not there, or of
/// another type, is as what is not known. Refers to the answer.
class AnswerRows {
 public:
  using Row = std::vector<Value>;
  explicit AnswerRows(const QueryAnswer& answer) {
    for (std::size_t i = 0; i < answer.columns.size(); ++i) at_.emplace(answer.columns[i].name, i);
  }

  [[nodiscard]] const Value& value(const Row& row, std::string_view column) const {
    static const Value kNone;
    const auto found = at_.find(column);
    return found == at_.end() || found->second >= row.size() ? kNone : row[found->second];
  }
  [[nodiscard]] const Value& value(const Row& row, FieldId id) const {
    return value(row, field(id).name);
  }
  [[nodiscard]] std::string text(const Row& row, auto column) const {
    const auto* text = std::get_if<std::string>(&value(row, column));
    return text == nullptr ? std::string() : *text;
  }
  [[nodiscard]] std::uint64_t number(const Row& row, auto column) const {
    const Value& found = value(row, column);
    if (const auto* number = std::get_if<std::uint64_t>(&found)) return *number;
    if (const auto* number = std::get_if<std::int64_t>(&found))
      return *number < 0 ? 0 : static_cast<std::uint64_t>(*number);
    return 0;
  }
  /// Micros as Nanos.
  [[nodiscard]] Nanos time(const Row& row, auto column) const {
    const auto most = static_cast<std::uint64_t>(INT64_MAX / kMicrosecond);
    return static_cast<Nanos>(std::min(number(row, column), most)) * kMicrosecond;
  }
  [[nodiscard]] IpAddress address(const Row& row, FieldId id) const {
    const auto* address = std::get_if<IpAddress>(&value(row, id));
    return address == nullptr ? IpAddress{} : *address;
  }
  [[nodiscard]] FlowTuple tuple(const Row& row) const {
    return {address(row, FieldId::kSrcIp), address(row, FieldId::kDstIp),
            static_cast<std::uint16_t>(number(row, FieldId::kSrcPort)),
            static_cast<std::uint16_t>(number(row, FieldId::kDstPort)),
            static_cast<std::uint8_t>(number(row, FieldId::kProtocol))};
  }
  /// One of the field's own words, which are static as records want them.
  [[nodiscard]] std::string_view word(const Row& row, FieldId id,
                                      std::string_view otherwise = {}) const {
    const auto words = field(id).words;
    const auto found = std::ranges::find(words, std::string_view(text(row, id)));
    return found == words.end() ? otherwise : *found;
  }
  [[nodiscard]] ProcessPtr process(const Row& row, FieldId comm, FieldId pid) const {
    const std::uint64_t id = number(row, pid);
    if (id == 0) return nullptr;
    auto process = std::make_shared<ProcessRef>();
    process->pid = static_cast<std::uint32_t>(id);
    process->comm = text(row, comm);
    return process;
  }

 private:
  std::map<std::string_view, std::size_t> at_;
};

}  // namespace netprobe
