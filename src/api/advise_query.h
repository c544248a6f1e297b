// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "analysis/network_policy/advice.h"
#include "api/ask.h"
#include "api/query.h"

namespace netprobe {

/// What /api/advise/network-policy is asked: whose policies, and what history is asked for it.
struct AdviseQuery {
  network_policy::AdviceQuestion question;
  Ask ask;
};

/// Flows of different ends that an advice is made of at most.
inline constexpr std::size_t kMostObserved = kMaxAskRows;

/// `now`: wall, what relative times are before. namespace must be there. `check`: policies
/// are given, so that nothing is taken that says how to make some.
[[nodiscard]] QueryResult<AdviseQuery> parse_advise_query(const QueryParams& params, Nanos now,
                                                          bool check = false);

/// The flows of a namespace's pods, or of one workload of it, in the query language.
[[nodiscard]] std::string observed_query(const std::string& name_space,
                                         const std::string& workload);

}  // namespace netprobe
