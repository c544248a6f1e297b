// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "query/live_window.h"

namespace netprobe {

/// A step of live sums as /api/stream tells it: a server-sent event `window`.
[[nodiscard]] std::string window_event(const LiveWindow::Step& step);

}  // namespace netprobe
