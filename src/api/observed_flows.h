// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "analysis/network_policy/advice.h"
#include "api/answer_page.h"

namespace netprobe {

/// Who talked to whom, of an answer to observed_query(): with labels of who has the addresses
/// now, if that is the same workload still. Flows to a service that were not seen translated
/// are the service's, whose port theirs is. Pure.
[[nodiscard]] network_policy::Observed observed_flows(const AnswerPage& page);

}  // namespace netprobe
