// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "model/history.h"
#include "query/groups.h"
#include "query/query.h"

namespace netprobe {

/// One client's live sums: of what flows gained in each step of the wall clock, told
/// when that is over. What is learnt after its step was told is in the step that is
/// open then, and counted, so that the sums over all steps are whole. One thread.
class LiveWindow {
 public:
  /// Of one step: groups, and values that quantiles and distinct ones are found among.
  static constexpr Groups::Room kRoom{.groups = 10'000, .values = 100'000};

  /// `query` has a step (Query::every). `now`: wall; the first step is not whole.
  LiveWindow(std::shared_ptr<const Query> query, Micros now);

  /// What there was up to `now` was added: events of the steps that are over, empty
  /// where none is.
  [[nodiscard]] std::string advance(Micros now);
  /// What one flow gained, and passes the filter. Its time is set to one of the step.
  void add(FlowRecord& record, std::string_view node);
  /// Changes that nobody had the time to look at.
  void miss(std::uint64_t changes) { missing_ += changes; }

 private:
  void open(Micros at);
  [[nodiscard]] std::string event() const;

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
