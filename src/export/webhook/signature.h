// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/result.h"

namespace netprobe {

/// The shared secret of a file: its bytes without blanks around them; of "whsec_…" what
/// that stands for in base64. Errors name the file, and never what is in it.
[[nodiscard]] Result<std::string> read_secret(const std::string& path);

/// Headers as "Standard Webhooks" has them: webhook-id, webhook-timestamp, and where there
/// is a secret webhook-signature, "v1," and the base64 of HMAC-SHA-256 over
/// "id.timestamp.body". `now`: wall.
[[nodiscard]] std::vector<std::string> webhook_headers(std::string_view id, Nanos now,
                                                       std::string_view secret,
                                                       std::string_view body);

}  // namespace netprobe
