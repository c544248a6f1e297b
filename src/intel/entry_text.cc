// SPDX-License-Identifier: Apache-2.0
#include "intel/entry_text.h"

#include <algorithm>

#include "base/utf8.h"

namespace netprobe::intel {
namespace {

// RFC 1035 2.3.4.
constexpr std::size_t kMostName = 253;
constexpr std::size_t kMostLabel = 63;
/// Longer than any address with a length.
constexpr std::size_t kMostNetwork = 50;

constexpr std::string_view kSpace = " \t\r\n\f\v";

bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool is_of_label(char c) { return (c >= 'a' && c <= 'z') || is_digit(c) || c == '-' || c == '_'; }

bool is_label(std::string_view label) {
  return !label.empty() && label.size() <= kMostLabel && label.front() != '-' &&
         label.back() != '-' && std::ranges::all_of(label, is_of_label);
}

bool is_name(std::string_view name) {
  if (name.empty() || name.size() > kMostName) return false;
  std::string_view last;
  for (std::string_view rest = name;;) {
    const auto dot = rest.find('.');
    last = rest.substr(0, dot);
    if (!is_label(last)) return false;
    if (dot == std::string_view::npos) break;
    rest.remove_prefix(dot + 1);
  }
  // "1.2.3.400" and "10" are numbers that went wrong, no names.
  return !std::ranges::all_of(last, is_digit);
}

bool is_port(std::string_view text) {
  return !text.empty() && text.size() <= 5 && std::ranges::all_of(text, is_digit);
}

/// Without the port behind an address, where there is one.
std::string_view without_port(std::string_view text) {
  if (text.starts_with('[')) {
    const auto end = text.find(']');
    if (end == std::string_view::npos) return text;
    const std::string_view rest = text.substr(end + 1);
    const bool whole = rest.empty() || (rest.front() == ':' && is_port(rest.substr(1)));
    return whole ? text.substr(1, end - 1) : text;
  }
  const auto colon = text.find(':');
  const bool one =
      colon != std::string_view::npos && text.find(':', colon + 1) == std::string_view::npos;
  return one && is_port(text.substr(colon + 1)) ? text.substr(0, colon) : text;
}

}  // namespace

std::string_view trimmed(std::string_view text) {
  const auto begin = text.find_first_not_of(kSpace);
  if (begin == std::string_view::npos) return {};
  return text.substr(begin, text.find_last_not_of(kSpace) - begin + 1);
}

std::optional<FeedEntry> parse_network(std::string_view text) {
  if (text.size() > kMostNetwork || text.find('\0') != std::string_view::npos) return {};
  const auto prefix = IpPrefix::parse(text);
  if (!prefix) return {};
  if (prefix->bits() == 128) return prefix->network();
  return *prefix;
}

std::optional<NameEntry> parse_name(std::string_view text) {
  NameEntry entry;
  if (text.starts_with("*.")) {
    text.remove_prefix(2);
    entry = {.name = {}, .itself = false, .beneath = true};
  } else if (text.starts_with('.')) {
    text.remove_prefix(1);
    entry.beneath = true;
  }
  if (text.ends_with('.')) text.remove_suffix(1);
  if (text.size() > kMostName) return {};
  entry.name = text;
  std::ranges::transform(entry.name, entry.name.begin(), [](char c) {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  });
  if (!is_name(entry.name)) return {};
  return entry;
}

std::optional<FeedEntry> parse_entry(std::string_view text) {
  if (text.empty() || text.size() > kMostName + 8) return {};
  // Names have a letter in their last label, addresses a digit, a colon or neither.
  if (is_digit(text.front()) || text.find(':') != std::string_view::npos)
    if (auto network = parse_network(without_port(text))) return network;
  const auto colon = text.rfind(':');
  if (colon != std::string_view::npos && is_port(text.substr(colon + 1)))
    text = text.substr(0, colon);
  if (auto name = parse_name(text)) return *name;
  return {};
}

std::string clean_reason(std::string_view text) {
  text = trimmed(text);
  std::string clean;
  for (std::size_t i = 0; i < text.size();) {
    const std::size_t length = utf8_length(text, i);
    if (clean.size() + std::max<std::size_t>(length, 1) > kMostReason) break;
    const auto c = static_cast<unsigned char>(text[i]);
    if (length == 0)
      clean += '?';
    else if (c < 0x20 || c == 0x7f)
      clean += ' ';
    else
      clean += text.substr(i, length);
    i += std::max<std::size_t>(length, 1);
  }
  return clean;
}

}  // namespace netprobe::intel
