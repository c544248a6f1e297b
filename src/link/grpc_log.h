// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "link/log_limit.h"

namespace netprobe {

/// What gRPC's library complains of goes to this process's log, as it is now, from now on, one line
/// in a while, and no more to standard error as lines of its own. Any thread; again is nothing.
/// Call before anything of gRPC is made.
void log_grpc_here();

/// A complaint as a line of our log; nothing where there was one a moment ago.
[[nodiscard]] std::optional<std::string> grpc_complaint(std::string_view message, LogLimit& limit);

}  // namespace netprobe
