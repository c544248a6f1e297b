// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <span>
#include <string>
#include <vector>

#include "analysis/network_policy/advice.h"
#include "api/answer_page.h"

namespace netprobe {

/// What is answered to a question for policies, and to what given ones would deny. Pure.
[[nodiscard]] std::string advise_page(const network_policy::AdviceQuestion& question,
                                      const network_policy::Observed& observed,
                                      std::span<const network_policy::WorkloadAdvice> advice,
                                      const AnswerPage& page);
[[nodiscard]] std::string check_page(const network_policy::AdviceQuestion& question,
                                     const network_policy::Observed& observed,
                                     const network_policy::Replay& replay, const AnswerPage& page);

}  // namespace netprobe
