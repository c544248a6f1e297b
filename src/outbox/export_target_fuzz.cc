// SPDX-License-Identifier: Apache-2.0
#include <array>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "outbox/export_target.h"
#include "outbox/field_selection.h"

/// Any text is refused with one line, or is a target within its bounds.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace netprobe;
  constexpr Nanos kNow = 1'767'225'600LL * kSecond;
  static constexpr std::array kOwn{ExportParameter{"topic", ""}};
  static constexpr std::array kSchemes{
      ExportScheme{.scheme = "kafka", .default_port = 9092, .parameters = kOwn, .example = ""},
      ExportScheme{.scheme = "file", .default_port = 0, .parameters = {}, .example = ""}};
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const auto target = parse_export_target(text, kSchemes, kNow);
  if (!target) {
    const Error& error = target.error();
    if (error.kind != ErrorKind::kUsage || error.message.empty()) std::abort();
    return 0;
  }
  if (target->kinds.empty() || target->name.empty() || target->batch == 0) std::abort();
  if (target->interval <= 0 || target->timeout <= 0) std::abort();
  const FieldSelection selection(*target);
  for (const RecordKind kind : target->kinds)
    if (selection.of(kind).empty()) std::abort();
  // What is shown is a target of its own, to the same place.
  const auto again = parse_export_target(target->where(), kSchemes, kNow);
  if (again && (again->host != target->host || again->port != target->port)) std::abort();
  return 0;
}
