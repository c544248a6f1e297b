// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <simdjson.h>

#include <string>
#include <vector>

#include "base/result.h"
#include "cli/table.h"
#include "model/loss.h"

namespace netprobe {

/// "lost 12 flannel.1→eth0 (NETFILTER_DROP)" for each loss of a flow, most
/// lost first as they stand; empty without.
[[nodiscard]] std::string loss_mark(simdjson::dom::element flow);
[[nodiscard]] std::string loss_mark(const std::vector<Loss>& losses);

/// The table of `netprobe losses`: rows of an answer of /api/losses.
[[nodiscard]] std::vector<TextColumn> loss_columns();
[[nodiscard]] Row loss_row(simdjson::dom::element loss);

}  // namespace netprobe
