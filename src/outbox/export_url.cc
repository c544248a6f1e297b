// SPDX-License-Identifier: Apache-2.0
#include "outbox/export_url.h"

#include <algorithm>
#include <charconv>
#include <optional>

#include "base/ip_address.h"

namespace netprobe {
namespace {

constexpr std::size_t kMaxShown = 60;

std::unexpected<Error> bad(std::string message) {
  return fail(std::move(message), ErrorKind::kUsage);
}

/// What is shown of a text that came from outside: short, and printable.
std::string shown(std::string_view text) {
  std::string out = "'";
  for (const char c : text.substr(0, kMaxShown)) out += c >= ' ' && c <= '~' ? c : '?';
  return out + (text.size() > kMaxShown ? "…'" : "'");
}

std::optional<unsigned> hex(char c) {
  if (c >= '0' && c <= '9') return static_cast<unsigned>(c - '0');
  if (c >= 'a' && c <= 'f') return static_cast<unsigned>(c - 'a' + 10);
  if (c >= 'A' && c <= 'F') return static_cast<unsigned>(c - 'A' + 10);
  return std::nullopt;
}

Result<std::string> decoded(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  for (std::size_t i = 0; i < text.size(); ++i) {
    char c = text[i];
    if (c == '%') {
      const auto high = i + 1 < text.size() ? hex(text[i + 1]) : std::nullopt;
      const auto low = i + 2 < text.size() ? hex(text[i + 2]) : std::nullopt;
      if (!high || !low)
        return bad("in " + shown(text) +
                   " a '%' has no two hex digits behind it; write %25 for it");
      c = static_cast<char>(*high << 4U | *low);
      i += 2;
    }
    // C functions further down would take it for the end of the text.
    if (c == '\0') return bad("in " + shown(text) + " there is a NUL, which no value has");
    out += c;
  }
  return out;
}

bool is_scheme(std::string_view text) {
  const auto is_letter = [](char c) { return c >= 'a' && c <= 'z'; };
  return !text.empty() && is_letter(text.front()) && std::ranges::all_of(text, [&](char c) {
    return is_letter(c) || (c >= '0' && c <= '9') || c == '+' || c == '-' || c == '.';
  });
}

Status read_port(std::string_view text, ExportUrl& url) {
  unsigned port = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), port);
  if (error != std::errc{} || end != text.data() + text.size() || port == 0 || port > 65'535)
    return bad(shown(text) + " is not a port from 1 to 65535");
  url.port = static_cast<std::uint16_t>(port);
  return {};
}

/// "user@host:port".
Status read_authority(std::string_view text, ExportUrl& url) {
  if (const auto at = text.rfind('@'); at != std::string_view::npos) {
    const auto user = text.substr(0, at);
    if (user.contains(':'))
      return bad(
          "a password does not belong into a URL, which is logged and shown; put it into a file "
          "and name that");
    auto name = decoded(user);
    if (!name) return std::unexpected(name.error());
    url.user = std::move(*name);
    text.remove_prefix(at + 1);
  }
  std::string_view port;
  bool has_port = false;
  if (text.starts_with('[')) {
    const auto close = text.find(']');
    if (close == std::string_view::npos)
      return bad("in " + shown(text) + " the ']' is missing; write [fd00::1]:4317");
    url.host = text.substr(1, close - 1);
    if (const auto address = IpAddress::parse(url.host); !address || address->is_v4())
      return bad(shown(url.host) + " in brackets is not an IPv6 address");
    auto rest = text.substr(close + 1);
    has_port = rest.starts_with(':');
    if (!rest.empty() && !has_port)
      return bad("behind " + shown(text.substr(0, close + 1)) + " only a port can stand: …]:4317");
    port = rest.substr(has_port ? 1 : 0);
  } else {
    const auto colon = text.find(':');
    has_port = colon != std::string_view::npos;
    if (has_port && text.find(':', colon + 1) != std::string_view::npos)
      return bad("an IPv6 address stands in brackets: [" + std::string(text.substr(0, kMaxShown)) +
                 "]");
    auto host = decoded(text.substr(0, colon));
    if (!host) return std::unexpected(host.error());
    url.host = std::move(*host);
    if (has_port) port = text.substr(colon + 1);
    const auto is_odd = [](char c) { return c <= ' ' || c > '~' || c == '/' || c == '\\'; };
    if (std::ranges::any_of(url.host, is_odd)) return bad(shown(url.host) + " is not a host name");
  }
  if (has_port && url.host.empty()) return bad("there is a port without a host before it");
  return has_port ? read_port(port, url) : Status{};
}

Status read_parameters(std::string_view text, ExportUrl& url) {
  while (!text.empty()) {
    const auto ampersand = std::min(text.find('&'), text.size());
    const auto piece = text.substr(0, ampersand);
    text.remove_prefix(std::min(ampersand + 1, text.size()));
    if (piece.empty()) continue;
    const auto equals = std::min(piece.find('='), piece.size());
    auto name = decoded(piece.substr(0, equals));
    if (!name) return std::unexpected(name.error());
    auto value = decoded(piece.substr(std::min(equals + 1, piece.size())));
    if (!value) return std::unexpected(value.error());
    // A switch may stand alone.
    if (equals == piece.size()) *value = "true";
    url.parameters.emplace_back(std::move(*name), std::move(*value));
  }
  return {};
}

}  // namespace

Result<ExportUrl> parse_export_url(std::string_view text) {
  if (text.size() > kMaxExportUrl)
    return bad("a destination has at most " + std::to_string(kMaxExportUrl) + " bytes");
  ExportUrl url;
  const auto colon = text.find(':');
  if (colon == std::string_view::npos || !is_scheme(text.substr(0, colon)))
    return bad(shown(text) +
               " is not a destination; it begins with what it is: otlp+grpc://collector:4317, "
               "file:///var/log/flows.jsonl");
  url.scheme = text.substr(0, colon);
  text.remove_prefix(colon + 1);
  const auto question = std::min(text.find('?'), text.size());
  std::string_view place = text.substr(0, question);
  if (place.starts_with("//")) {
    place.remove_prefix(2);
    const auto slash = std::min(place.find('/'), place.size());
    if (auto s = read_authority(place.substr(0, slash), url); !s) return std::unexpected(s.error());
    place.remove_prefix(slash);
  }
  auto path = decoded(place);
  if (!path) return std::unexpected(path.error());
  url.path = std::move(*path);
  if (auto s = read_parameters(text.substr(std::min(question + 1, text.size())), url); !s)
    return std::unexpected(s.error());
  return url;
}

}  // namespace netprobe
