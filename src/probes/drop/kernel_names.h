// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <unordered_map>

#include "base/clock.h"
#include "base/result.h"
#include "probes/drop/kallsyms.h"

namespace netprobe {

/// Names of the kernel's code, for the few addresses that drops come from. The
/// kernel is asked where it answers. Elsewhere its table, of several MiB and
/// hardly ever needed, is read when an address is new, and given back by
/// release(). One thread.
class KernelNames {
 public:
  /// Nothing: it does not answer, the table is to be read.
  using Ask = std::function<std::optional<std::string>(std::uint64_t address)>;
  using Load = std::function<Result<SymbolTable>()>;
  explicit KernelNames(const Clock& clock, Ask ask, Load load = [] { return SymbolTable::load(); });

  /// As SymbolTable::name_of. What had no name is looked for again after
  /// kAge: modules may be loaded later.
  [[nodiscard]] const std::string& name_of(std::uint64_t address);
  /// After the last of several addresses: names stay, the table goes.
  void release();

  static constexpr Nanos kAge = 60 * kSecond;
  /// The kernel has fewer places that drop; stacks may have more frames.
  static constexpr std::size_t kMostNames = 16'384;

 private:
  struct Name {
    std::string text;
    Nanos looked_for = 0;  ///< monotonic
  };
  [[nodiscard]] std::string look_up(std::uint64_t address);

  const Clock& clock_;
  Ask ask_;
  Load load_;
  SymbolTable table_;
  bool loaded_ = false;  ///< or tried to
  std::unordered_map<std::uint64_t, Name> names_;
};

}  // namespace netprobe
