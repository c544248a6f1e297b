// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "outbox/record_json.h"
#include "query/evaluate.h"

namespace netprobe {

/// What is the same in all messages.
struct SyslogHeader {
  unsigned facility = 3;  ///< daemon
  unsigned severity = 6;  ///< of all but alerts, which have their own: info
  std::string app = "netprobe";
  std::string process;   ///< PROCID
  std::string hostname;  ///< empty: the record's node
  std::string cookie;    ///< before the JSON: "@cee: "
};

/// Facilities and severities by RFC 5424's numbers, by the names that syslog.conf has.
[[nodiscard]] std::span<const std::string_view> syslog_facilities();
[[nodiscard]] std::span<const std::string_view> syslog_severities();
/// info → 6 (informational), low → 5, medium → 4, high → 3, critical → 2; what is none of
/// these → 5.
[[nodiscard]] unsigned syslog_severity_of_alert(std::string_view severity);

/// Writes records as messages of RFC 5424: MSGID is the kind of record, MSG its fields as
/// JSON.
class SyslogFormat {
 public:
  SyslogFormat(SyslogHeader header, const FieldSelection& selection)
      : header_(std::move(header)), json_(selection) {}

  void append(std::string& out, const RecordRef& record);

 private:
  void append_timestamp(std::string& out, Micros time);

  const SyslogHeader header_;
  RecordJson json_;
  std::int64_t second_ = INT64_MIN;
  std::string second_text_;
};

/// Messages one after the other, each behind its length where it goes over a stream
/// (octet counting, RFC 6587 3.4.1).
class SyslogBatch {
 public:
  SyslogBatch(SyslogFormat format, bool counted) : format_(std::move(format)), counted_(counted) {}

  /// In place of those before.
  void render(std::span<const RecordRef> records);
  [[nodiscard]] std::string_view text() const { return text_; }
  [[nodiscard]] std::size_t size() const { return ends_.size(); }
  [[nodiscard]] std::string_view message(std::size_t i) const;
  /// How many whole messages the first so many bytes hold.
  [[nodiscard]] std::size_t messages_in(std::size_t bytes) const;

 private:
  SyslogFormat format_;
  const bool counted_;
  std::string text_;
  std::string one_;
  std::vector<std::size_t> ends_;
};

}  // namespace netprobe
