// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <span>
#include <string_view>

#include "model/history.h"
#include "query/answer.h"
#include "query/history_store.h"
#include "query/query.h"

namespace netprobe {

/// A record of any kind; all it points to outlives it.
struct RecordRef {
  RecordKind kind{};
  const RecordBase* record = nullptr;  ///< FlowRecord, DropEvent, … as the kind says
  std::string_view node;               ///< whose it is
};

/// A query's filter, made ready: patterns compiled, prefixes masked. Immutable;
/// any number of threads may ask it.
class RecordMatcher {
 public:
  explicit RecordMatcher(const Query& query);
  ~RecordMatcher();
  RecordMatcher(RecordMatcher&&) noexcept;
  RecordMatcher& operator=(RecordMatcher&&) noexcept;

  /// Of the query's kind, in its time range, and the filter holds.
  [[nodiscard]] bool matches(const RecordRef& record) const;
  /// A live flow: what it had so far is taken as one record; its time range is
  /// not looked at.
  [[nodiscard]] bool matches(const Flow& flow, std::string_view node) const;

 private:
  class Impl;
  std::unique_ptr<const Impl> impl_;
};

/// A field's value in a record.
[[nodiscard]] Value value_of(const FieldRef& ref, const RecordRef& record);

/// All that a live flow had so far, as one record from its first packet on.
[[nodiscard]] FlowRecord record_of(const Flow& flow);

/// Answers a query from records in memory: the meaning of the language, which
/// the engines are held to. Pages of records are by limit and cursor as well.
[[nodiscard]] std::expected<QueryAnswer, QueryFailure> evaluate(const QueryRequest& request,
                                                                std::span<const RecordRef> records);

}  // namespace netprobe
