// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

namespace netprobe {

/// "ECONNREFUSED"; the number where it has no name. 0: "none", a connect()
/// that its own program gave up.
[[nodiscard]] std::string error_name(int error);

}  // namespace netprobe
