// SPDX-License-Identifier: Apache-2.0
#include "base/json_writer.h"

#include <charconv>
#include <cmath>
#include <cstdio>

#include "base/duration.h"
#include "base/utf8.h"

namespace netprobe {
namespace {

template <typename Number>
void append_number(std::string& out, Number value) {
  char text[24];
  const auto result = std::to_chars(text, text + sizeof(text), value);
  out.append(text, result.ptr);
}

}  // namespace

void append_json_string(std::string& out, std::string_view text) {
  const auto is_plain = [](char c) { return c >= ' ' && c <= '~' && c != '"' && c != '\\'; };
  out += '"';
  for (std::size_t i = 0; i < text.size();) {
    // Nearly all text is plain: as long a run of it as there is goes at once.
    const std::size_t begin = i;
    while (i < text.size() && is_plain(text[i])) ++i;
    out += text.substr(begin, i - begin);
    if (i == text.size()) break;
    const char c = text[i];
    if (c == '"' || c == '\\') {
      out += '\\';
      out += c;
      ++i;
    } else if (static_cast<unsigned char>(c) < 0x20) {
      char escape[8];
      std::snprintf(escape, sizeof(escape), "\\u%04x", static_cast<unsigned>(c));
      out += escape;
      ++i;
    } else if (const auto size = utf8_length(text, i); size > 0) {
      out += text.substr(i, size);
      i += size;
    } else {
      out += kReplacement;
      ++i;
    }
  }
  out += '"';
}

void JsonObject::key(std::string_view name) {
  if (!first_) out_ += ',';
  first_ = false;
  out_ += '"';
  out_ += name;
  out_ += "\":";
}

void JsonObject::foreign_key(std::string_view name) {
  if (!first_) out_ += ',';
  first_ = false;
  append_json_string(out_, name);
  out_ += ':';
}

void JsonObject::number(std::string_view name, std::uint64_t value) {
  key(name);
  append_number(out_, value);
}

void JsonObject::integer(std::string_view name, std::int64_t value) {
  key(name);
  append_number(out_, value);
}

void JsonObject::decimal(std::string_view name, double value, int digits) {
  key(name);
  // Beyond 2^64 nothing that NetProbe counts has a meaning, and %.3f of it
  // could fill 300 digits.
  const bool sane = std::isfinite(value) && std::fabs(value) < 1.9e19;
  char text[40];
  const auto result = std::to_chars(text, text + sizeof(text), sane ? value : 0.0,
                                    std::chars_format::fixed, digits);
  out_.append(text, result.ptr);
}

void JsonObject::real(std::string_view name, double value) { decimal(name, value, 3); }

void JsonObject::ratio(std::string_view name, double value) { decimal(name, value, 6); }

void JsonObject::text(std::string_view name, std::string_view value) {
  key(name);
  append_json_string(out_, value);
}

void JsonObject::address(std::string_view name, const IpAddress& value) {
  key(name);
  out_ += '"';
  value.append_to(out_);
  out_ += '"';
}

void JsonObject::time(std::string_view name, Nanos wall) {
  key(name);
  out_ += '"';
  append_rfc3339(out_, wall);
  out_ += '"';
}

void JsonObject::flag(std::string_view name, bool value) {
  key(name);
  out_ += value ? "true" : "false";
}

void JsonObject::null(std::string_view name) {
  key(name);
  out_ += "null";
}

}  // namespace netprobe
