// SPDX-License-Identifier: Apache-2.0
// A line of the audit trail, from a disk that anybody may have written to.
#include <cstddef>
#include <cstdint>
#include <cstdlib>

#include "response/audit_log.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto line = netprobe::parse_audit_line({reinterpret_cast<const char*>(data), size});
  if (!line) return 0;
  // What was read is written and read as the same again.
  std::string text = netprobe::to_json(*line);
  if (text.empty() || text.back() != '\n') std::abort();
  text.pop_back();
  if (text.size() > 16'384) return 0;  // escapes made it longer than one may be
  const auto again = netprobe::parse_audit_line(text);
  if (!again || netprobe::to_json(*again) != text + "\n") std::abort();
  return 0;
}
