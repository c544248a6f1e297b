// SPDX-License-Identifier: Apache-2.0
#include "export/syslog/syslog_message.h"

#include <algorithm>
#include <array>

#include "base/duration.h"

namespace netprobe {
namespace {

constexpr std::int64_t kMicrosPerSecond = 1'000'000;
constexpr std::size_t kLongestHostname = 255;

constexpr std::array<std::string_view, 24> kFacilities{
    "kern",   "user",   "mail",     "daemon", "auth",   "syslog", "lpr",    "news",
    "uucp",   "cron",   "authpriv", "ftp",    "ntp",    "audit",  "alert",  "clock",
    "local0", "local1", "local2",   "local3", "local4", "local5", "local6", "local7"};
constexpr std::array<std::string_view, 8> kSeverities{"emerg",   "alert",  "crit", "err",
                                                      "warning", "notice", "info", "debug"};

/// A part of a header: printable and without blanks, "-" for nothing.
void append_word(std::string& out, std::string_view text, std::size_t most) {
  if (text.empty()) out += '-';
  for (const char c : text.substr(0, most)) out += c > ' ' && c <= '~' ? c : '?';
}

}  // namespace

std::span<const std::string_view> syslog_facilities() { return kFacilities; }
std::span<const std::string_view> syslog_severities() { return kSeverities; }

unsigned syslog_severity_of_alert(std::string_view severity) {
  constexpr unsigned kCritical = 2;
  constexpr unsigned kError = 3;
  constexpr unsigned kWarning = 4;
  constexpr unsigned kNotice = 5;
  constexpr unsigned kInfo = 6;
  if (severity == "critical") return kCritical;
  if (severity == "high") return kError;
  if (severity == "medium") return kWarning;
  return severity == "info" ? kInfo : kNotice;
}

void SyslogFormat::append_timestamp(std::string& out, Micros time) {
  if (time <= 0 || time > INT64_MAX / kMicrosecond) {
    out += '-';
    return;
  }
  if (const std::int64_t second = time / kMicrosPerSecond; second != second_) {
    constexpr std::size_t kUpToSeconds = 19;
    second_ = second;
    second_text_ = format_rfc3339(second * kSecond).substr(0, kUpToSeconds) + '.';
  }
  out += second_text_;
  auto rest = static_cast<std::uint64_t>(time % kMicrosPerSecond);
  for (std::uint64_t unit = kMicrosPerSecond / 10; unit > 0; unit /= 10) {
    out += static_cast<char>('0' + rest / unit);
    rest %= unit;
  }
  out += 'Z';
}

void SyslogFormat::append(std::string& out, const RecordRef& record) {
  unsigned severity = header_.severity;
  if (record.kind == RecordKind::kAlert)
    severity = syslog_severity_of_alert(static_cast<const AlertEvent*>(record.record)->severity);
  out += '<';
  out += std::to_string(header_.facility * kSeverities.size() + severity);
  out += ">1 ";
  append_timestamp(out, record.record->time);
  out += ' ';
  append_word(out, header_.hostname.empty() ? record.node : std::string_view(header_.hostname),
              kLongestHostname);
  out += ' ';
  out += header_.app;
  out += ' ';
  out += header_.process;
  out += ' ';
  out += to_string(record.kind);
  out += " - ";
  out += header_.cookie;
  json_.append(out, record);
}

void SyslogBatch::render(std::span<const RecordRef> records) {
  text_.clear();
  ends_.clear();
  for (const RecordRef& record : records) {
    if (counted_) {
      one_.clear();
      format_.append(one_, record);
      text_ += std::to_string(one_.size());
      text_ += ' ';
      text_ += one_;
    } else {
      format_.append(text_, record);
    }
    ends_.push_back(text_.size());
  }
}

std::string_view SyslogBatch::message(std::size_t i) const {
  const std::size_t begin = i == 0 ? 0 : ends_[i - 1];
  return std::string_view(text_).substr(begin, ends_[i] - begin);
}

std::size_t SyslogBatch::messages_in(std::size_t bytes) const {
  return static_cast<std::size_t>(std::ranges::upper_bound(ends_, bytes) - ends_.begin());
}

}  // namespace netprobe
