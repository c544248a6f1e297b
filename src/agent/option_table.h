// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <vector>

#include "agent/options.h"
#include "settings/setting.h"

namespace netprobe {

using Option = Setting<AgentOptions>;

/// Every option, in the order of the help text.
[[nodiscard]] const std::vector<Option>& option_table();

}  // namespace netprobe
