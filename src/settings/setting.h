// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.h"

namespace netprobe {

/// Something that a user can set in a program whose options are `Options`. Each has
/// a flag, an environment variable and a key in the configuration file.
template <typename Options>
struct Setting {
  std::string_view name;   ///< the flag; '-' becomes '_' in the file and the environment
  std::string_view value;  ///< what the help shows; empty for a switch
  std::string_view help;
  /// Errors say what is wrong with the value and what is allowed.
  std::function<Status(Options&, const std::string&)> set;
  /// May be given several times: values come together, one a line. In the environment
  /// they stand with blanks between, in the file as a list of texts or of maps whose
  /// key `to` is a URL and whose others are its parameters.
  bool repeats = false;
};

/// Settings behind each other, as help texts have them.
template <typename Options>
[[nodiscard]] std::vector<Setting<Options>> joined(std::vector<Setting<Options>> first,
                                                   std::vector<Setting<Options>> second,
                                                   std::vector<Setting<Options>> third) {
  for (auto* more : {&second, &third})
    for (Setting<Options>& each : *more) first.push_back(std::move(each));
  return first;
}

/// Of a program: what its settings are called, and where they come from.
struct SettingNames {
  std::string_view program;  ///< "netprobe-agent", for messages
  struct Name {
    std::string_view name;
    std::string_view value;
    std::string_view help;
    bool repeats = false;
  };
  std::vector<Name> names;
  /// Variables that are called otherwise than by the rule, and what they set; the one
  /// that is called by the rule wins.
  std::vector<std::pair<std::string_view, std::string_view>> variables;
};

/// What was asked for beside settings.
struct SettingsRead {
  bool show_help = false;
  bool show_version = false;
};

/// Reads flags, environment (NETPROBE_…) and the file that `config` names, in this
/// order of precedence, and has each value set by its position in the names, the
/// weakest first. `environment` is envp-like. Errors are one sentence of kind kUsage
/// that names the setting, where it came from and what is allowed.
[[nodiscard]] Result<SettingsRead> read_settings(
    const SettingNames& names, int argc, const char* const* argv, const char* const* environment,
    const std::function<Status(std::size_t position, const std::string& value)>& set);

/// A line for each setting, as help texts have them.
[[nodiscard]] std::string settings_help(const SettingNames& names);

template <typename Options>
[[nodiscard]] SettingNames names_of(std::string_view program,
                                    const std::vector<Setting<Options>>& settings) {
  SettingNames names{.program = program, .names = {}, .variables = {}};
  for (const auto& s : settings)
    names.names.push_back({.name = s.name, .value = s.value, .help = s.help, .repeats = s.repeats});
  return names;
}

}  // namespace netprobe
