// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "outbox/field_selection.h"
#include "outbox/record_steps.h"
#include "query/evaluate.h"
#include "query/getters.h"

namespace netprobe {

/// Writes records as JSON objects, each field named and written as in the answers of
/// /api/query?format=jsonl, behind a first member "kind" ("flows", "drops" …). What
/// is said of an end is rendered once for each identity and remembered, within a
/// bound. About a microsecond a record. Not thread-safe.
class RecordJson {
 public:
  /// `most_known`: identities that are remembered, a few hundred bytes each. Those of
  /// one node's pods and whom they talk to find room.
  explicit RecordJson(const FieldSelection& selection, std::size_t most_known = 8'192);

  /// Appends one object, without an end of line.
  void append(std::string& out, const RecordRef& record);

 private:
  using Form = RecordStep::Form;
  using Step = RecordStep;  ///< key: `,"src.ip":`
  struct Plan {
    std::string begin;  ///< `{"kind":"flows"`
    std::vector<Step> steps;
  };
  struct Known {
    IdentityPtr identity;            ///< held, so that its address stays its own
    std::vector<std::string> parts;  ///< by RecordEndPart; empty: not rendered yet
  };

  /// What is known of a record's ends.
  struct Ends {
    std::vector<std::string>* src = nullptr;
    std::vector<std::string>* dst = nullptr;
  };

  Ends ends_of(const RecordBase& record);
  std::vector<std::string>* parts_of(const IdentityPtr& identity);
  void append_step(std::string& out, const Step& step, const RecordBase& record, const Ends& ends,
                   const Row& row);
  void append_number(std::string& out, const Step& step, const Row& row);
  void write_end(std::string& text, const IdentityPtr& identity, const Step& step);
  void append_time(std::string& out, Micros time);

  const std::size_t most_known_;
  std::array<Plan, kRecordKinds> plans_;
  std::vector<RecordEndPart> parts_;
  std::unordered_map<const Identity*, Known> known_;
  std::vector<std::string> nobody_;  ///< parts of who is not known
  std::int64_t second_ = INT64_MIN;  ///< that `second_text_` is
  std::string second_text_;          ///< "2026-01-02T03:04:05"
};

}  // namespace netprobe
