// SPDX-License-Identifier: Apache-2.0
#include "probes/netfilter/kernel_presence.h"

#include <unistd.h>

#include <charconv>
#include <fstream>
#include <string_view>

namespace netprobe {
namespace {

/// What is built in has no folder in /sys/module where it has no parameters,
/// but its functions have names.
bool kernel_has_symbol(std::string_view symbol) {
  std::ifstream symbols("/proc/kallsyms");
  const std::string wanted = " " + std::string(symbol);
  for (std::string line; std::getline(symbols, line);)
    if (line.ends_with(wanted)) return true;
  return false;
}

}  // namespace

bool ModulePresence::present() {
  if (present_) return true;
  present_ = ::access(("/sys/module/" + module_).c_str(), F_OK) == 0;
  if (!present_ && !looked_inside_) {
    looked_inside_ = true;
    present_ = kernel_has_symbol(symbol_);
  }
  return present_;
}

std::vector<std::string> lines_of(const std::string& path) {
  std::vector<std::string> lines;
  std::ifstream in(path);
  for (std::string line; lines.size() < 1024 && std::getline(in, line);)
    if (!line.empty()) lines.push_back(line);
  return lines;
}

std::uint64_t number_in(const std::string& path, std::uint64_t otherwise) {
  const auto lines = lines_of(path);
  if (lines.empty()) return otherwise;
  std::uint64_t value = 0;
  const auto& text = lines.front();
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  return error == std::errc{} ? value : otherwise;
}

// /proc/net is the reading thread's network namespace.

std::vector<std::string> legacy_tables(bool ipv6) {
  return lines_of(ipv6 ? "/proc/net/ip6_tables_names" : "/proc/net/ip_tables_names");
}

bool ipvs_in_use() { return lines_of("/proc/net/ip_vs").size() > 3; }  // below three of heading

bool queues_in_use() { return !lines_of("/proc/net/netfilter/nfnetlink_queue").empty(); }

}  // namespace netprobe
