// SPDX-License-Identifier: Apache-2.0
#include "api/answer_value.h"

#include <array>
#include <charconv>
#include <cmath>

#include "base/duration.h"
#include "base/json_writer.h"
#include "model/flow.h"

namespace netprobe {
namespace {

// RFC 9293 and RFC 3168, from the lowest bit.
constexpr std::array<std::string_view, 8> kFlags{"fin", "syn", "rst", "psh",
                                                 "ack", "urg", "ece", "cwr"};

/// What a value is written as.
enum class Form : std::uint8_t { kNone, kBare, kQuoted };

struct Written {
  Form form = Form::kNone;
  std::string text;
};

std::string number_text(auto number) {
  std::array<char, 64> text{};
  const auto result = std::to_chars(text.data(), text.data() + text.size(), number);
  return {text.data(), result.ptr};
}

/// The shortest text that reads back as the same number.
Written real(double value) {
  if (std::isnan(value)) return {};
  // JSON has no word for it: the last bucket of a histogram.
  if (std::isinf(value)) return {Form::kQuoted, value > 0 ? "+Inf" : "-Inf"};
  return {Form::kBare, number_text(value)};
}

/// Exact: microseconds are three digits behind the point.
std::string millis(std::int64_t micros) {
  const bool negative = micros < 0;
  const std::uint64_t size =
      negative ? ~static_cast<std::uint64_t>(micros) + 1 : static_cast<std::uint64_t>(micros);
  std::string text = (negative ? "-" : "") + std::to_string(size / 1000);
  if (const auto rest = size % 1000; rest != 0) {
    const std::string digits = std::to_string(1000 + rest).substr(1);
    text += "." + digits.substr(0, digits.find_last_not_of('0') + 1);
  }
  return text;
}

Written whole(FieldType type, std::int64_t value) {
  switch (type) {
    case FieldType::kTime: {
      // A value beyond what nanoseconds hold is nobody's time.
      if (value > INT64_MAX / kMicrosecond || value < 0) return {};
      return {Form::kQuoted, format_rfc3339(value * kMicrosecond)};
    }
    case FieldType::kDuration:
      return {Form::kBare, millis(value)};
    default:
      return {Form::kBare, number_text(value)};
  }
}

Written whole(FieldType type, std::uint64_t value) {
  switch (type) {
    case FieldType::kTime:
    case FieldType::kDuration:
      return value > INT64_MAX ? Written{} : whole(type, static_cast<std::int64_t>(value));
    case FieldType::kProtocol:
      return {Form::kQuoted,
              value > 255 ? number_text(value) : protocol_name(static_cast<std::uint8_t>(value))};
    case FieldType::kFlags:
      return {Form::kQuoted, flag_words(value)};
    default:
      return {Form::kBare, number_text(value)};
  }
}

Written write(const Column& column, const Value& value) {
  if (const auto* number = std::get_if<std::uint64_t>(&value)) return whole(column.type, *number);
  if (const auto* number = std::get_if<std::int64_t>(&value)) return whole(column.type, *number);
  if (const auto* number = std::get_if<double>(&value))
    return real(column.type == FieldType::kDuration ? *number / 1000 : *number);
  if (const auto* flag = std::get_if<bool>(&value)) return {Form::kBare, *flag ? "true" : "false"};
  if (const auto* text = std::get_if<std::string>(&value)) return {Form::kQuoted, *text};
  if (const auto* address = std::get_if<IpAddress>(&value))
    return {Form::kQuoted, address->to_string()};
  return {};
}

}  // namespace

std::string_view type_name(const Column& column) {
  switch (column.type) {
    case FieldType::kTime:
      return "time";
    case FieldType::kDuration:
      return "duration";
    case FieldType::kCount:
      return column.is_real ? "real" : "count";
    case FieldType::kNumber:
      return column.is_real ? "real" : "number";
    case FieldType::kProtocol:
      return "protocol";
    case FieldType::kFlags:
      return "flags";
    case FieldType::kAddress:
      return "address";
    case FieldType::kText:
    case FieldType::kWord:
    case FieldType::kLabel:
      return "text";
    case FieldType::kBool:
      return "bool";
  }
  return "text";
}

std::string_view unit_name(const Column& column) {
  return column.type == FieldType::kDuration ? "ms" : "";
}

std::string flag_words(std::uint64_t flags) {
  std::string text;
  for (std::size_t bit = 0; bit < kFlags.size(); ++bit) {
    if ((flags >> bit & 1) == 0) continue;
    if (!text.empty()) text += '+';
    text += kFlags[bit];
  }
  return text;
}

void append_json_value(std::string& out, const Column& column, const Value& value) {
  const Written written = write(column, value);
  switch (written.form) {
    case Form::kNone:
      out += "null";
      return;
    case Form::kBare:
      out += written.text;
      return;
    case Form::kQuoted:
      append_json_string(out, written.text);
      return;
  }
}

std::string plain_value(const Column& column, const Value& value) {
  return write(column, value).text;
}

bool is_foreign_text(const Column& column) { return type_name(column) == "text"; }

}  // namespace netprobe
