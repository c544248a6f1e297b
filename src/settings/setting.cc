// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>
#include <yaml-cpp/yaml.h>

#include <algorithm>
#include <map>
#include <optional>

#include "settings/setting.h"
#include "settings/yaml_text.h"

namespace netprobe {
namespace {

std::string key_of(std::string_view name) {
  std::string key(name);
  std::ranges::replace(key, '-', '_');
  return key;
}

std::string environment_name(std::string_view name) {
  std::string key = key_of(name);
  std::ranges::transform(key, key.begin(), [](char c) {
    return c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c;
  });
  return "NETPROBE_" + key;
}

/// Reads one program's settings; values are kept by position until all are there.
class Reader {
 public:
  using Set = std::function<Status(std::size_t, const std::string&)>;
  Reader(const SettingNames& names, const Set& set) : names_(names), set_(set) {}

  Result<SettingsRead> read(int argc, const char* const* argv, const char* const* environment);

 private:
  using Values = std::map<std::size_t, std::string>;

  [[nodiscard]] std::optional<std::size_t> find(std::string_view name) const {
    for (std::size_t i = 0; i < names_.names.size(); ++i)
      if (names_.names[i].name == name) return i;
    return std::nullopt;
  }
  [[nodiscard]] std::string nearest(std::string_view name) const;
  [[nodiscard]] std::unexpected<Error> unknown(std::string_view what, std::string_view name) const;
  [[nodiscard]] Status apply(std::size_t position, const std::string& value,
                             const std::string& from) const;
  [[nodiscard]] Status read_flags(int argc, const char* const* argv);
  void read_environment(const char* const* environment);
  [[nodiscard]] Status read_file(const std::string& path) const;

  const SettingNames& names_;
  const Set& set_;
  SettingsRead read_;
  Values flags_;
  Values variables_;
};

/// The nearest setting by edit distance, for "did you mean".
std::string Reader::nearest(std::string_view name) const {
  std::string best;
  std::size_t least = 4;
  for (const auto& setting : names_.names) {
    std::vector<std::size_t> row(setting.name.size() + 1);
    for (std::size_t i = 0; i < row.size(); ++i) row[i] = i;
    for (std::size_t i = 1; i <= name.size(); ++i) {
      std::size_t diagonal = row[0]++;
      for (std::size_t j = 1; j < row.size(); ++j) {
        const std::size_t cost = diagonal + (name[i - 1] == setting.name[j - 1] ? 0 : 1);
        diagonal = row[j];
        row[j] = std::min({cost, row[j] + 1, row[j - 1] + 1});
      }
    }
    if (row.back() < least) {
      least = row.back();
      best = setting.name;
    }
  }
  return best;
}

std::unexpected<Error> Reader::unknown(std::string_view what, std::string_view name) const {
  const std::string near = nearest(name);
  return fail(
      fmt::format("there is no {}{}; {} --help lists them all", what,
                  near.empty() ? "" : fmt::format(" (did you mean {}?)", near), names_.program),
      ErrorKind::kUsage);
}

Status Reader::apply(std::size_t position, const std::string& value,
                     const std::string& from) const {
  auto status = set_(position, value);
  if (!status) return fail(from + ": " + status.error().message, ErrorKind::kUsage);
  return {};
}

Status Reader::read_flags(int argc, const char* const* argv) {
  for (int i = 1; i < argc; ++i) {
    std::string_view word = argv[i];
    if (word == "-h" || word == "--help") {
      read_.show_help = true;
      continue;
    }
    if (word == "--version") {
      read_.show_version = true;
      continue;
    }
    if (!word.starts_with("--"))
      return fail(fmt::format("'{}' is not a flag; {} --help lists them all", word, names_.program),
                  ErrorKind::kUsage);
    word.remove_prefix(2);
    const auto equals = word.find('=');
    const auto name = word.substr(0, equals);
    const auto position = find(name);
    if (!position) return unknown(fmt::format("flag --{}", name), name);
    const SettingNames::Name& setting = names_.names[*position];
    const auto give = [&](std::string_view value) {
      std::string& all = flags_[*position];
      all = setting.repeats && !all.empty() ? all + '\n' + std::string(value) : value;
    };
    if (equals != std::string_view::npos) {
      give(word.substr(equals + 1));
    } else if (setting.value.empty()) {
      give("true");
    } else if (i + 1 < argc) {
      give(argv[++i]);
    } else {
      return fail(fmt::format("--{} takes a value: --{}={}", name, name, setting.value),
                  ErrorKind::kUsage);
    }
  }
  return {};
}

Status Reader::read_file(const std::string& path) const {
  try {
    const YAML::Node root = YAML::LoadFile(path);
    if (root.IsNull()) return {};
    if (!root.IsMap())
      return fail(path + ": it must be a list of 'key: value' lines", ErrorKind::kUsage);
    for (const auto& pair : root) {
      const auto key = pair.first.as<std::string>();
      std::string name(key);
      std::ranges::replace(name, '_', '-');
      const std::string where = fmt::format("{}:{}", path, pair.first.Mark().line + 1);
      const auto position = find(name);
      if (!position || name == "config")
        return unknown(fmt::format("key '{}' ({})", key, where), name);
      const std::string value =
          names_.names[*position].repeats ? repeated_text(pair.second) : flag_text(pair.second);
      if (auto s = apply(*position, value, where + ": " + key); !s) return s;
    }
    return {};
  } catch (const YAML::BadFile&) {
    return fail("cannot read the configuration file " + path, ErrorKind::kUsage);
  } catch (const YAML::Exception& e) {
    return fail(fmt::format("{}:{}: {}", path, e.mark.line + 1, e.msg), ErrorKind::kUsage);
  }
}

std::optional<std::string> environment_value(const char* const* environment,
                                             const std::string& name) {
  for (; environment != nullptr && *environment != nullptr; ++environment) {
    const std::string_view entry = *environment;
    if (entry.starts_with(name) && entry.size() > name.size() && entry[name.size()] == '=')
      return std::string(entry.substr(name.size() + 1));
  }
  return std::nullopt;
}

/// Kubernetes tells the pods beside a Service where it is, in variables that are
/// called after it: with one named netprobe-metrics, NETPROBE_METRICS_PORT is
/// "tcp://10.96.0.7:8081", which nobody meant for us.
bool is_service_link(std::string_view value) {
  return value.starts_with("tcp://") || value.starts_with("udp://");
}

void Reader::read_environment(const char* const* environment) {
  for (const auto& [variable, name] : names_.variables)
    if (auto value = environment_value(environment, std::string(variable)))
      if (const auto position = find(name)) variables_[*position] = *value;
  for (std::size_t i = 0; i < names_.names.size(); ++i)
    if (auto value = environment_value(environment, environment_name(names_.names[i].name));
        value && !is_service_link(*value)) {
      if (names_.names[i].repeats) std::ranges::replace(*value, ' ', '\n');
      variables_[i] = *value;
    }
}

Result<SettingsRead> Reader::read(int argc, const char* const* argv,
                                  const char* const* environment) {
  if (auto s = read_flags(argc, argv); !s) return std::unexpected(s.error());
  read_environment(environment);
  std::string file;
  if (const auto config = find("config")) {
    if (const auto found = variables_.find(*config); found != variables_.end())
      file = found->second;
    if (const auto found = flags_.find(*config); found != flags_.end()) file = found->second;
  }
  if (!file.empty())
    if (auto s = read_file(file); !s) return std::unexpected(s.error());
  for (const auto& [position, value] : variables_)
    if (auto s = apply(position, value, environment_name(names_.names[position].name)); !s)
      return std::unexpected(s.error());
  for (const auto& [position, value] : flags_)
    if (auto s = apply(position, value, "--" + std::string(names_.names[position].name)); !s)
      return std::unexpected(s.error());
  return read_;
}

}  // namespace

Result<SettingsRead> read_settings(
    const SettingNames& names, int argc, const char* const* argv, const char* const* environment,
    const std::function<Status(std::size_t position, const std::string& value)>& set) {
  return Reader(names, set).read(argc, argv, environment);
}

std::string settings_help(const SettingNames& names) {
  std::string out;
  for (const auto& setting : names.names) {
    std::string left = fmt::format("--{}", setting.name);
    if (!setting.value.empty()) left += fmt::format("={}", setting.value);
    out += fmt::format("  {:<30} {}\n", left, setting.help);
  }
  return out;
}

}  // namespace netprobe
