// SPDX-License-Identifier: Apache-2.0
#include "probes/drop/kallsyms.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <charconv>

#include "base/unique_fd.h"

namespace netprobe {
namespace {

constexpr std::size_t kMaxLine = 4096;
constexpr std::size_t kMaxNames = 64U << 20;

}  // namespace

void SymbolTable::take_line(std::string_view line) {
  std::uint64_t address = 0;
  const char* const end = line.data() + line.size();
  const auto [after, error] = std::from_chars(line.data(), end, address, 16);
  if (error != std::errc{} || address == 0) return;
  line.remove_prefix(static_cast<std::size_t>(after - line.data()));
  if (line.size() < 4 || line[0] != ' ' || line[2] != ' ') return;
  const char type = line[1];
  if (type != 't' && type != 'T' && type != 'w' && type != 'W') return;
  line.remove_prefix(3);
  const auto name = line.substr(0, line.find_first_of("\t "));
  if (name.empty() || name.contains('\0') || line.ends_with("[bpf]") ||
      names_.size() + name.size() >= kMaxNames)
    return;
  symbols_.push_back({address, static_cast<std::uint32_t>(names_.size())});
  names_.append(name).push_back('\0');
}

void SymbolTable::feed(std::string_view text) {
  for (;;) {
    const auto newline = text.find('\n');
    if (newline == std::string_view::npos) break;
    if (rest_.empty()) {
      take_line(text.substr(0, newline));
    } else {
      rest_.append(text.substr(0, newline));
      take_line(rest_);
      rest_.clear();
    }
    text.remove_prefix(newline + 1);
  }
  if (rest_.size() < kMaxLine) rest_.append(text.substr(0, kMaxLine));
}

void SymbolTable::finish() {
  if (!rest_.empty()) take_line(rest_);
  rest_.clear();
  rest_.shrink_to_fit();
  // Aliases share an address: the first one stays.
  std::ranges::sort(symbols_, {},
                    [](const Symbol& symbol) { return std::pair(symbol.address, symbol.name); });
  const auto aliases = std::ranges::unique(symbols_, {}, &Symbol::address);
  symbols_.erase(aliases.begin(), aliases.end());
  symbols_.shrink_to_fit();
  names_.shrink_to_fit();
}

Status SymbolTable::read(const char* path, bool only_first) {
  const UniqueFd file(::open(path, O_RDONLY | O_CLOEXEC));
  if (!file) return fail_errno(std::string("cannot read ") + path);
  std::array<char, 32768> part{};
  for (;;) {
    const ssize_t size = ::read(file.get(), part.data(), part.size());
    if (size < 0) return fail_errno(std::string("cannot read ") + path);
    if (size == 0) break;
    feed({part.data(), static_cast<std::size_t>(size)});
    if (only_first && !empty()) break;
  }
  finish();
  return {};
}

Result<SymbolTable> SymbolTable::load(const char* path) {
  SymbolTable table;
  if (auto s = table.read(path, false); !s) return std::unexpected(s.error());
  return table;
}

Result<bool> SymbolTable::tells_addresses(const char* path) {
  SymbolTable table;
  if (auto s = table.read(path, true); !s) return std::unexpected(s.error());
  return !table.empty();
}

std::string SymbolTable::name_of(std::uint64_t address) const {
  const auto next = std::ranges::upper_bound(symbols_, address, {}, &Symbol::address);
  if (next == symbols_.begin()) return {};
  const Symbol& symbol = *std::prev(next);
  const std::uint64_t offset = address - symbol.address;
  if (offset >= kReach) return {};
  return fmt::format("{}+{:#x}", names_.c_str() + symbol.name, offset);
}

}  // namespace netprobe
