// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "api/api.h"
#include "base/clock.h"
#include "io/http_message.h"

namespace netprobe {

/// Who may change something through the API: whoever has the token, from this machine
/// unless `remote`. docs/adr/0010-response.md. One thread: the server's.
class WriteGate {
 public:
  /// `clock` outlives it.
  WriteGate(WriteAccess access, const Clock& clock) : access_(std::move(access)), clock_(clock) {}

  /// The answer where it may not; none where it may.
  [[nodiscard]] std::optional<HttpResponse> check(const HttpRequest& request);

  /// Wrong tokens that are answered as such in a minute; more are told to wait.
  static constexpr int kWrongAMinute = 10;

 private:
  [[nodiscard]] bool take_wrong();

  const WriteAccess access_;
  const Clock& clock_;
  double patience_ = kWrongAMinute;
  Nanos last_ = 0;  ///< monotonic
};

/// Are they the same? The time it takes tells nothing of where they differ.
[[nodiscard]] bool equals_in_constant_time(std::string_view a, std::string_view b);

}  // namespace netprobe
