// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <CLI/CLI.hpp>
#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "model/flow_filter.h"

namespace netprobe {

/// Flow filters as flags: --ip, --src-ip … one for each FlowFilter::keys().
class FilterFlags {
 public:
  /// A capture has no names to filter by; what is no flow has filters of its
  /// own beside the names.
  enum class Names : std::uint8_t { kNone, kKubernetes, kAlone };
  void add_to(CLI::App& command, Names names = Names::kKubernetes);
  /// Of values that were checked when they were parsed.
  [[nodiscard]] FlowFilter filter() const;
  /// The same as parameters of the API, each with a '&' in front.
  [[nodiscard]] std::string query() const;

 private:
  std::map<std::string, std::vector<std::string>, std::less<>> given_;
};

/// Flags that several commands have.
void add_addresses_flag(CLI::App& command, bool& addresses);
void add_agent_flag(CLI::App& command, std::string& agent);
void add_no_colour_flag(CLI::App& command, bool& no_colour);

/// An option that takes one of a few words. They are its type name, joined by
/// '|', which help and completion show.
CLI::Option* add_choice(CLI::App& command, const std::string& names, std::string& value,
                        const std::vector<std::string>& words, const std::string& description);
/// An option that takes a number within bounds.
CLI::Option* add_number(CLI::App& command, const std::string& names, std::uint64_t& value,
                        std::uint64_t least, std::uint64_t most, const std::string& description);

/// The words of an option that add_choice() made; empty for others.
[[nodiscard]] std::vector<std::string> choices_of(const CLI::Option& option);

}  // namespace netprobe
