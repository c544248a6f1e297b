// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <charconv>
#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/log.h"
#include "base/result.h"

/// How values of settings are read into members of a struct of options. Each is for a
/// Setting's `set`; what is wrong is said with the value and what is allowed.
namespace netprobe::setters {

[[nodiscard]] std::unexpected<Error> bad(std::string_view value, std::string_view allowed);
[[nodiscard]] Result<bool> read_switch(const std::string& value);
[[nodiscard]] Result<std::uint64_t> read_number(const std::string& value, std::uint64_t least,
                                                std::uint64_t most);
[[nodiscard]] Result<Nanos> read_duration(const std::string& value, Nanos least, Nanos most);
[[nodiscard]] Result<std::uint64_t> read_size(const std::string& value, std::uint64_t least,
                                              std::uint64_t most);
/// The parts between commas, blanks around them aside; empty ones are left out.
[[nodiscard]] std::vector<std::string> split(const std::string& value);

template <typename Options>
using Setter = std::function<Status(Options&, const std::string&)>;

/// A value that `read` makes of the text.
template <typename Options, typename Member, typename Read>
Setter<Options> by(Member Options::* member, Read read) {
  return [member, read = std::move(read)](Options& options, const std::string& text) -> Status {
    auto value = read(text);
    if (!value) return std::unexpected(value.error());
    options.*member = static_cast<Member>(std::move(*value));
    return {};
  };
}

template <typename Options, typename Number>
Setter<Options> number(Number Options::* member, std::uint64_t least, std::uint64_t most) {
  return by(member, [=](const std::string& text) { return read_number(text, least, most); });
}

template <typename Options>
Setter<Options> toggle(bool Options::* member) {
  return by(member, read_switch);
}

template <typename Options>
Setter<Options> duration(Nanos Options::* member, Nanos least, Nanos most) {
  return by(member, [=](const std::string& text) { return read_duration(text, least, most); });
}

template <typename Options>
Setter<Options> size(std::uint64_t Options::* member, std::uint64_t least, std::uint64_t most) {
  return by(member, [=](const std::string& text) { return read_size(text, least, most); });
}

template <typename Options>
Setter<Options> text(std::string Options::* member) {
  return [=](Options& options, const std::string& value) -> Status {
    options.*member = value;
    return {};
  };
}

/// An http or https URL, or none. What is wrong is said without the value, which may
/// have a password in it.
[[nodiscard]] Status check_http_url(const std::string& value, std::string_view example);
template <typename Options>
Setter<Options> http_url(std::string Options::* member, std::string_view example) {
  return [=](Options& options, const std::string& value) -> Status {
    if (auto s = check_http_url(value, example); !s) return s;
    options.*member = value;
    return {};
  };
}

/// A path that begins with '/': of a file, or of a page.
template <typename Options>
Setter<Options> path(std::string Options::* member) {
  return [=](Options& options, const std::string& value) -> Status {
    if (!value.starts_with('/')) return bad(value, "a path that begins with /");
    options.*member = value;
    return {};
  };
}

template <typename Options>
Setter<Options> names(std::vector<std::string> Options::* member) {
  return [=](Options& options, const std::string& value) -> Status {
    options.*member = split(value);
    return {};
  };
}

template <typename Enum, typename Options>
Setter<Options> choice(Enum Options::* member, std::map<std::string, Enum> allowed) {
  return
      [member, allowed = std::move(allowed)](Options& options, const std::string& value) -> Status {
        const auto found = allowed.find(value);
        if (found == allowed.end()) {
          std::string all;
          for (const auto& [name, unused] : allowed) all += (all.empty() ? "" : ", ") + name;
          return bad(value, "one of " + all);
        }
        options.*member = found->second;
        return {};
      };
}

template <typename Options>
Setter<Options> log_format(LogFormat Options::* member) {
  return choice<LogFormat>(
      member, {{"auto", LogFormat::kAuto}, {"text", LogFormat::kText}, {"json", LogFormat::kJson}});
}

template <typename Options>
Setter<Options> log_level(std::string Options::* member) {
  return [=](Options& options, const std::string& value) -> Status {
    for (const std::string_view level : {"debug", "info", "warn", "error"}) {
      if (value != level) continue;
      options.*member = value;
      return {};
    }
    return bad(value, "one of debug, info, warn, error");
  };
}

}  // namespace netprobe::setters
