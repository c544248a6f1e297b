// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <string>
#include <string_view>

#include "base/result.h"

namespace netprobe {

/// One page of GET /api/flows, or an answer of /api/top.
struct FlowPage {
  std::string next_cursor;  ///< empty on the last page
};

/// Calls `flow` with the JSON text of every flow of the answer, byte for byte
/// as the agent wrote it, until it returns false.
[[nodiscard]] Result<FlowPage> read_flow_page(const std::string& body,
                                              const std::function<bool(std::string_view)>& flow);

}  // namespace netprobe
