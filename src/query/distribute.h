// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <expected>
#include <memory>
#include <string>

#include "query/history_store.h"

namespace netprobe {

/// One question to several stores that have different records: what each is asked,
/// and the one answer out of theirs. It is the answer that one store with all the
/// records would give, exactly, or a failure that says why it cannot be worked out
/// (too many groups for a limit), or an answer that is marked truncated.
///
/// What cannot be merged from final values is asked for in parts: an average as sum
/// and count, a quantile as counts by value, distinct values as groups by them, a
/// peak as sums by minute; an order or a limit over groups is left to the end.
/// Not thread-safe.
class DistributedQuery {
 public:
  /// `now`: wall, where a rate without an end of its time range ends; it also lets
  /// `new` be answered from roll-ups, with its time in whole buckets. 0: not known,
  /// such a rate is refused.
  explicit DistributedQuery(QueryRequest request, Micros now = 0);
  ~DistributedQuery();
  DistributedQuery(DistributedQuery&&) noexcept;
  DistributedQuery& operator=(DistributedQuery&&) noexcept;

  /// The same for every store. Its cursor is good for all of them, as it names a
  /// place in the one order of records.
  [[nodiscard]] const QueryRequest& part() const;
  /// Whether it is an answer to part() at all: columns, rows and types. One that is
  /// not must not be added: a store of another version, or one that lies.
  [[nodiscard]] bool fits(const QueryAnswer& answer) const;
  /// Takes one store's answer in; memory is what the merged answer needs.
  void add(QueryAnswer answer);
  /// Once. `took` is left to the caller; warnings of all are kept, each once.
  [[nodiscard]] std::expected<QueryAnswer, QueryFailure> finish();

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

/// The same filter, for records each of which is told by one observer alone: with
/// one agent on each node, a flow between two nodes has a record at both. Counted
/// are those of the node of its src; where that node is not known or is one of
/// `silent`, those of the node of its dst; and where that is so too, all. A node that
/// hands a flow of such a src on to a service's backend elsewhere counts it, too: on
/// it goes with that node's address. `silent`: nodes without an agent that answers;
/// sorted. Of flows alone: a drop, a socket or an alert has one record.
[[nodiscard]] Query counted_once(Query query, const std::vector<std::string>& silent);

}  // namespace netprobe
