// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "base/result.h"
#include "outbox/export_target.h"

namespace netprobe {

/// Values of parameters, for all targets and for the exporters' own. Errors are usage
/// errors that name the parameter, its value and what is allowed.
[[nodiscard]] Result<std::uint64_t> read_number(std::string_view name, std::string_view value,
                                                std::uint64_t least, std::uint64_t most);
/// "16MiB".
[[nodiscard]] Result<std::uint64_t> read_size(std::string_view name, std::string_view value,
                                              std::uint64_t least, std::uint64_t most);
[[nodiscard]] Result<Nanos> read_duration(std::string_view name, std::string_view value,
                                          Nanos least, Nanos most);
[[nodiscard]] Result<bool> read_switch(std::string_view name, std::string_view value);
/// Which of the words it is.
[[nodiscard]] Result<std::size_t> read_word(std::string_view name, std::string_view value,
                                            std::span<const std::string_view> words);

/// The value of one of the target's own parameters read like this, or `otherwise`
/// where it is not given:
///
///     auto keep = parameter_or(target, "keep", 5, read_number, 0, 1000);
template <typename Value, typename Read, typename... Bounds>
[[nodiscard]] Result<Value> parameter_or(const ExportTarget& target, std::string_view name,
                                         Value otherwise, Read read, Bounds... bounds) {
  const std::string* value = target.parameter(name);
  if (value == nullptr) return otherwise;
  return read(name, *value, bounds...);
}

}  // namespace netprobe
