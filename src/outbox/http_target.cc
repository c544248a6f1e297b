// SPDX-License-Identifier: Apache-2.0
#include "outbox/http_target.h"

#include <unistd.h>

#include <algorithm>

#include "base/duration.h"
#include "io/header_file.h"

namespace netprobe {
namespace {

constexpr Nanos kEvery = 60 * kSecond;
constexpr Nanos kLeastEvery = kSecond;
constexpr Nanos kMostEvery = 3600 * kSecond;

Status check_file(std::string_view parameter, const std::string& path) {
  if (path.empty() || ::access(path.c_str(), R_OK) == 0) return {};
  auto failed = fail_errno(std::string(parameter) + "='" + path + "' cannot be read");
  failed.error().kind = ErrorKind::kUsage;
  return failed;
}

}  // namespace

Result<HttpTarget> http_target(const ExportTarget& target, bool tls, bool http2) {
  if (target.host.empty())
    return fail("it names no host, as in " + target.scheme + "://collector", ErrorKind::kUsage);
  HttpTarget http;
  const bool is_v6 = target.host.find(':') != std::string::npos;
  http.origin = (tls ? "https://" : "http://") + (is_v6 ? "[" + target.host + "]" : target.host) +
                ":" + std::to_string(target.port);
  http.options.ca_file = target.ca_file;
  http.options.certificate_file = target.certificate_file;
  http.options.key_file = target.key_file;
  http.options.insecure = target.insecure;
  http.options.http2 = http2;
  http.options.timeout = target.timeout;
  const bool has_tls_files = !target.ca_file.empty() || !target.certificate_file.empty();
  if (!tls && (has_tls_files || target.insecure))
    return fail(target.scheme + " has no TLS, so ca, certificate, key and insecure make no sense",
                ErrorKind::kUsage);
  if (auto s = check_file("ca", target.ca_file); !s) return std::unexpected(s.error());
  if (auto s = check_file("certificate", target.certificate_file); !s)
    return std::unexpected(s.error());
  if (auto s = check_file("key", target.key_file); !s) return std::unexpected(s.error());
  if (const auto* file = target.parameter("headers")) http.headers_file = *file;
  if (auto headers = read_header_file(http.headers_file); !headers)
    return fail(headers.error().message, ErrorKind::kUsage);
  return http;
}

Result<std::vector<std::pair<std::string, std::string>>> read_pairs(std::string_view parameter,
                                                                    const std::string* value) {
  std::vector<std::pair<std::string, std::string>> pairs;
  std::string_view rest = value == nullptr ? std::string_view() : std::string_view(*value);
  while (!rest.empty()) {
    const auto comma = std::min(rest.find(','), rest.size());
    const std::string_view word = rest.substr(0, comma);
    rest.remove_prefix(std::min(comma + 1, rest.size()));
    const auto equals = word.find('=');
    const auto name = word.substr(0, equals);
    if (equals == std::string_view::npos || name.empty())
      return fail(std::string(parameter) + ": '" + std::string(word.substr(0, 60)) +
                      "' is not name=value, as in " + std::string(parameter) + "=cluster=west",
                  ErrorKind::kUsage);
    if (std::ranges::find(pairs, name, [](const auto& pair) {
          return std::string_view(pair.first);
        }) != pairs.end())
      return fail(std::string(parameter) + " has '" + std::string(name.substr(0, 60)) + "' twice",
                  ErrorKind::kUsage);
    pairs.emplace_back(name, word.substr(equals + 1));
  }
  return pairs;
}

Result<Nanos> push_interval(const ExportTarget& target) {
  const auto* text = target.parameter("every");
  if (text == nullptr) return kEvery;
  const auto every = parse_duration(*text);
  if (!every || *every < kLeastEvery || *every > kMostEvery)
    return fail("every='" + text->substr(0, 60) + "' is not a time from 1s to 1h",
                ErrorKind::kUsage);
  return *every;
}

}  // namespace netprobe
