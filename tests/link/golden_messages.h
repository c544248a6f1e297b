// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace netprobe::testing {

/// A message as this version writes it.
struct GoldenMessage {
  std::string name;   ///< of its file: "live_records"
  std::string bytes;  ///< as they go over the wire, unpacked
};

/// One of each kind, made by this version's encoders, with everything that it can say.
[[nodiscard]] std::vector<GoldenMessage> golden_messages();

/// What this version's decoders make of the bytes, a line a value: "flows.0.src.ip =
/// 10.1.0.1". `name`: of the message. Begins with "refused: " where they refuse.
[[nodiscard]] std::vector<std::string> golden_text(std::string_view name, const std::string& bytes);

}  // namespace netprobe::testing
