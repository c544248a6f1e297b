// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"
#include "bpf/object.h"

namespace netprobe {

/// Asks the kernel for the names of its code, one address at a time (some
/// microseconds each), where /proc/kallsyms is 200,000 lines to read. One
/// thread.
class KernelAsker {
 public:
  /// Fails before 5.14.
  [[nodiscard]] static Result<KernelAsker> make();

  /// "ip_forward+0x1a2"; empty: the address is in no code. Nothing where the
  /// kernel does not answer.
  [[nodiscard]] std::optional<std::string> name_of(std::uint64_t address) const;

 private:
  explicit KernelAsker(BpfObject object) : object_(std::move(object)) {}
  BpfObject object_;
};

/// What the kernel's "%pB" printed, as SymbolTable::name_of has it.
[[nodiscard]] std::string name_in(std::string_view printed);

}  // namespace netprobe
