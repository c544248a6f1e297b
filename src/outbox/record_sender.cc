// SPDX-License-Identifier: Apache-2.0
#include "outbox/record_sender.h"

#include <numeric>
#include <utility>

namespace netprobe {

SendOutcome SendOutcome::retry_all(std::size_t records, std::string problem, Nanos wait) {
  SendOutcome outcome;
  outcome.again.resize(records);
  std::iota(outcome.again.begin(), outcome.again.end(), 0U);
  outcome.problem = std::move(problem);
  outcome.wait = wait;
  return outcome;
}

}  // namespace netprobe
