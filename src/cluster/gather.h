// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "cluster/roster.h"
#include "cluster/scheduler.h"

namespace netprobe {

/// One agent's page, or why there is none.
struct AgentPage {
  Roster::Member from;
  PageAnswer answer;    ///< of status 200, or of 400: what was asked is wrong
  std::string problem;  ///< one sentence; empty: `answer` is there
};
struct PageQuestion {
  Roster::Member to;
  std::string path;
  std::string query;
};

/// Pages are no longer: an agent that sends more has failed.
inline constexpr std::size_t kMaxPageBytes = 16UL * 1024 * 1024;

/// Asks all at once and hands over what there is, in the order of the questions, when
/// all have answered or at the deadline: once, on a thread of the scheduler.
void gather_pages(std::vector<PageQuestion> questions, Scheduler& scheduler, Nanos deadline,
                  std::function<void(std::vector<AgentPage>)> done);

}  // namespace netprobe
