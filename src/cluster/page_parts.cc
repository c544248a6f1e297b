// SPDX-License-Identifier: Apache-2.0
#include "cluster/page_parts.h"

#include <algorithm>
#include <charconv>

namespace netprobe {
namespace {

constexpr std::size_t kMaxPlace = 4096;

int hex_digit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

}  // namespace

std::optional<simdjson::dom::object> parse_page(simdjson::dom::parser& parser,
                                                const std::string& body) {
  simdjson::dom::object object;
  if (parser.parse(body).get(object) != simdjson::SUCCESS) return std::nullopt;
  return object;
}

std::uint64_t number_in(simdjson::dom::object object, std::string_view key) {
  std::uint64_t number = 0;
  return object[key].get(number) == simdjson::SUCCESS ? number : 0;
}
double real_in(simdjson::dom::object object, std::string_view key) {
  double number = 0;
  return object[key].get(number) == simdjson::SUCCESS ? number : 0;
}
std::string_view text_in(simdjson::dom::object object, std::string_view key) {
  std::string_view text;
  return object[key].get(text) == simdjson::SUCCESS ? text : std::string_view();
}
bool flag_in(simdjson::dom::object object, std::string_view key) {
  bool flag = false;
  return object[key].get(flag) == simdjson::SUCCESS && flag;
}

void append_with_node(std::string& out, simdjson::dom::object object, std::string_view node) {
  simdjson::dom::element own;
  const bool has_own = object["node"].get(own) == simdjson::SUCCESS;
  out += has_own ? "{\"reported_by\":" : "{\"node\":";
  append_json_string(out, node);
  const std::string rest = simdjson::minify(object);
  if (rest.size() > 2) out += ',';
  out.append(rest, 1, std::string::npos);
}

void PageCompleteness::failed(const AgentPage& page) {
  missing_.push_back({page.from.state->node, page.from.state->address, page.problem});
}

void PageCompleteness::answered(simdjson::dom::object page) {
  ++answered_;
  simdjson::dom::object own;
  if (page["completeness"].get(own) != simdjson::SUCCESS) return;
  bool complete = true;
  if (own["complete"].get(complete) == simdjson::SUCCESS) complete_ = complete_ && complete;
  simdjson::dom::object lost;
  if (own["lost"].get(lost) != simdjson::SUCCESS) return;
  for (const auto& [name, value] : lost) {
    std::uint64_t count = 0;
    // A name for each that an agent can make up is no bound.
    if (value.get(count) == simdjson::SUCCESS && count > 0 && lost_.size() < 1'000)
      add_lost(lost_, {{std::string(name), count}});
  }
}

void PageCompleteness::append(JsonObject& json, std::string& out) const {
  json.flag("partial", !missing_.empty());
  json.key("completeness");
  JsonObject inner(out);
  inner.number("agents", answered_ + missing_.size() - counted_twice_);
  inner.number("answered", answered_);
  inner.key("missing");
  JsonArray list(out);
  for (std::size_t i = 0; i < std::min(missing_.size(), QuerySources::kMostMissing); ++i) {
    list.next();
    JsonObject one(out);
    one.text("node", missing_[i].node);
    one.text("address", missing_[i].address);
    one.text("problem", missing_[i].problem);
    one.close();
  }
  list.close();
  inner.key("lost");
  JsonObject lost(out);
  for (const auto& [name, count] : lost_) {
    lost.foreign_key(name);
    out += std::to_string(count);
  }
  lost.close();
  inner.flag("complete", complete_ && missing_.empty() && lost_.empty());
  inner.close();
}

std::string format_page_place(const PagePlace& place) {
  return to_hex(place.node) + "." + to_hex(place.address) + "." + std::to_string(place.offset) +
         "." + to_hex(place.cursor);
}

std::optional<PagePlace> parse_page_place(std::string_view text) {
  if (text.size() > kMaxPlace) return std::nullopt;
  std::vector<std::string_view> parts;
  for (std::size_t begin = 0; begin <= text.size();) {
    const auto dot = std::min(text.find('.', begin), text.size());
    parts.push_back(text.substr(begin, dot - begin));
    begin = dot + 1;
  }
  if (parts.size() != 4) return std::nullopt;
  auto node = from_hex(parts[0]);
  auto address = from_hex(parts[1]);
  auto cursor = from_hex(parts[3]);
  if (!node || !address || !cursor) return std::nullopt;
  PagePlace place{std::move(*node), std::move(*address), 0, std::move(*cursor)};
  const char* const last = parts[2].data() + parts[2].size();
  const auto read = std::from_chars(parts[2].data(), last, place.offset);
  if (read.ec != std::errc{} || read.ptr != last) return std::nullopt;
  return format_page_place(place) == text ? std::optional(std::move(place)) : std::nullopt;
}

std::string to_hex(std::string_view bytes) {
  static constexpr std::string_view kDigits = "0123456789abcdef";
  std::string text;
  text.reserve(bytes.size() * 2);
  for (const char c : bytes) {
    text += kDigits[static_cast<unsigned char>(c) >> 4U];
    text += kDigits[static_cast<unsigned char>(c) & 15U];
  }
  return text;
}

std::optional<std::string> from_hex(std::string_view digits) {
  if (digits.size() % 2 != 0) return std::nullopt;
  std::string bytes;
  for (std::size_t i = 0; i < digits.size(); i += 2) {
    const int high = hex_digit(digits[i]);
    const int low = hex_digit(digits[i + 1]);
    if (high < 0 || low < 0) return std::nullopt;
    bytes += static_cast<char>(high * 16 + low);
  }
  return bytes;
}

}  // namespace netprobe
