// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>

#include "base/clock.h"

namespace netprobe {

/// Three digits and a decimal prefix: 999, 1.2k, 34.5M. Never wider than six.
[[nodiscard]] std::string human_count(double value);
/// The same with a unit: "999 B", "1.2 kB", "34.5 MB".
[[nodiscard]] std::string human_bytes(double bytes);
/// Per second: "1.2 kB/s".
[[nodiscard]] std::string human_byte_rate(double bytes_per_second);
/// Of a link, as they are called: "1.2 Gbit/s".
[[nodiscard]] std::string human_bit_rate(double bits_per_second);
/// Of a whole: "7 %", "0.3 %"; empty for nothing.
[[nodiscard]] std::string human_share(double share);
/// Two units at most: "1.5ms", "12.3s", "4m05s", "2h03m", "5d07h". Negative
/// ones are "0s".
[[nodiscard]] std::string human_duration(Nanos duration);

/// "1 packet", "2 packets"; the whole number.
[[nodiscard]] std::string counted(std::uint64_t count, const std::string& thing);

}  // namespace netprobe
