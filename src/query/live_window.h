// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <expected>
#include <memory>
#include <optional>
#include <string_view>

#include "model/history.h"
#include "query/answer.h"
#include "query/groups.h"
#include "query/history_store.h"
#include "query/query.h"

namespace netprobe {

/// One question's live sums: of what flows gained in each step of the wall clock, told
/// when that is over. What is learnt after its step was told is in the step that is
/// open then, and counted, so that the sums over all steps are whole. One thread.
class LiveWindow {
 public:
  /// Of one step: groups, and values that quantiles and distinct ones are found among.
  static constexpr Groups::Room kRoom{.groups = 10'000, .values = 100'000};

  /// One step that is over. `answer`: its rows by the query's order and limit, with the
  /// time from which on and up to which it is whole.
  struct Step {
    QueryAnswer answer;
    std::uint64_t total = 0;     ///< groups; the limit shows fewer
    bool partial = false;        ///< it began within the step
    std::uint64_t left_out = 0;  ///< gains for which there was no room
    Counters left_out_both;      ///< packets and bytes of these, both ways
    std::uint64_t late = 0;      ///< gains of steps that were told before
    std::uint64_t missing = 0;   ///< changes that nobody looked at
  };

  /// Is the query one that can be answered so?
  [[nodiscard]] static std::expected<void, QueryFailure> check(const Query& query);

  /// `query` has a step (Query::every). `now`: wall; the first step is not whole.
  LiveWindow(std::shared_ptr<const Query> query, Micros now);

  /// What there was up to `now` was added: the step that is over, if one is.
  [[nodiscard]] std::optional<Step> advance(Micros now);
  /// What one flow gained, and passes the filter. Its time is set to one of the step.
  void add(FlowRecord& record, std::string_view node);
  /// Changes that nobody had the time to look at.
  void miss(std::uint64_t changes) { missing_ += changes; }

 private:
  void open(Micros at);
  [[nodiscard]] Step step() const;

  const std::shared_ptr<const Query> query_;
  Micros from_ = 0;   ///< what the open step really has
  Micros start_ = 0;  ///< of the open step
  std::unique_ptr<Groups> groups_;
  std::uint64_t left_out_ = 0;
  Counters left_out_both_;  ///< packets and bytes of these, both ways
  std::uint64_t late_ = 0;
  std::uint64_t missing_ = 0;
};

}  // namespace netprobe
