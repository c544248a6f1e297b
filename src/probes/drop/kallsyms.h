// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace netprobe {

/// Names of the kernel's code by address, as /proc/kallsyms has them. Compact:
/// some 100,000 functions take about 5 MiB, so nobody keeps it for long. A value.
class SymbolTable {
 public:
  /// Takes a part of the file; lines may be cut anywhere. Lines that are none
  /// of "address type name [module]", data, and BPF programs (they come and
  /// go) are left out.
  void feed(std::string_view text);
  /// After the last part.
  void finish();

  /// The whole of /proc/kallsyms. Where the kernel hides addresses
  /// (kernel.kptr_restrict, no CAP_SYSLOG) the table is empty.
  [[nodiscard]] static Result<SymbolTable> load(const char* path = "/proc/kallsyms");
  /// Does the file tell addresses? Reads no further than to the first one.
  [[nodiscard]] static Result<bool> tells_addresses(const char* path = "/proc/kallsyms");

  [[nodiscard]] bool empty() const { return symbols_.empty(); }
  [[nodiscard]] std::size_t size() const { return symbols_.size(); }
  /// "ip_forward+0x1a2"; empty where no symbol begins within kReach before it.
  [[nodiscard]] std::string name_of(std::uint64_t address) const;

  /// No function is longer: what is farther off belongs to code that is not in
  /// the table.
  static constexpr std::uint64_t kReach = 128UL * 1024;

 private:
  struct Symbol {
    std::uint64_t address = 0;
    std::uint32_t name = 0;  ///< offset in names_; ends with a NUL
  };
  void take_line(std::string_view line);
  Status read(const char* path, bool only_first);
  std::vector<Symbol> symbols_;  ///< by address, after finish()
  std::string names_;
  std::string rest_;  ///< the beginning of a line that was cut
};

}  // namespace netprobe
