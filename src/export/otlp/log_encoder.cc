// SPDX-License-Identifier: Apache-2.0
#include "export/otlp/log_encoder.h"

#include <array>
#include <charconv>
#include <optional>

#include "base/protobuf.h"
#include "base/utf8.h"
#include "export/otlp/attributes.h"
#include "outbox/value_text.h"
#include "query/column.h"
#include "query/lower.h"

namespace netprobe {
namespace {

// logs/v1/logs.proto, LogRecord.
constexpr std::uint32_t kItem = 2;  // of ScopeLogs
constexpr std::uint32_t kTimeUnixNano = 1;
constexpr std::uint32_t kSeverityNumber = 2;
constexpr std::uint32_t kSeverityText = 3;
constexpr std::uint32_t kBody = 5;
constexpr std::uint32_t kAttribute = 6;
constexpr std::uint32_t kObservedTime = 11;
constexpr std::uint32_t kEventName = 12;

constexpr double kMicrosPerSecond = 1e6;

struct Severity {
  std::uint32_t number = 9;
  std::string_view text = "INFO";
};

Severity severity_of(const RecordRef& record) {
  if (record.kind == RecordKind::kDrop) return {13, "WARN"};
  if (record.kind == RecordKind::kConnection)
    return static_cast<const ConnectionEvent*>(record.record)->error.empty() ? Severity{}
                                                                             : Severity{13, "WARN"};
  if (record.kind != RecordKind::kAlert) return {};
  const auto& word = static_cast<const AlertEvent*>(record.record)->severity;
  if (word == "low") return {13, "WARN"};
  if (word == "medium") return {14, "WARN2"};
  if (word == "high") return {17, "ERROR"};
  if (word == "critical") return {21, "FATAL"};
  return {};
}

std::string_view event_of(RecordKind kind) {
  switch (kind) {
    case RecordKind::kFlow:
      return "netprobe.flow";
    case RecordKind::kDrop:
      return "netprobe.drop";
    case RecordKind::kConnection:
      return "netprobe.connection";
    case RecordKind::kAlert:
      return "netprobe.alert";
  }
  return {};
}

void append_end(std::string& out, const IpAddress& address, std::uint16_t port) {
  const bool bare = address.is_v4() || port == 0;
  if (!bare) out += '[';
  address.append_to(out);
  if (!bare) out += ']';
  if (port == 0) return;
  std::array<char, 8> text{':'};
  out.append(text.data(), std::to_chars(text.data() + 1, text.data() + text.size(), port).ptr);
}

/// Valid UTF-8, as bodies are.
void append_mended(std::string& out, std::string_view text) {
  if (is_utf8(text))
    out += text;
  else
    out += mended_utf8(text);
}

}  // namespace

LogEncoder::LogEncoder(const FieldSelection& selection) {
  for (std::size_t i = 0; i < kRecordKinds; ++i) {
    const auto kind = static_cast<RecordKind>(i);
    for (const FieldRef& ref : selection.of(kind)) {
      const std::string name = otlp_attribute(ref);
      if (!name.empty()) add_record_step(plans_.at(i), parts_, kind, ref, otlp_key(name));
    }
  }
}

void LogEncoder::append(std::string& out, const RecordRef& record, Nanos now) {
  record_.clear();
  ProtoWriter writer(record_);
  writer.fixed(kTimeUnixNano, static_cast<std::uint64_t>(record.record->time) * kMicrosecond);
  const Severity severity = severity_of(record);
  writer.number(kSeverityNumber, severity.number);
  writer.text(kSeverityText, severity.text);
  append_body(record);
  const Row row = row_of(record);
  for (const Step& step : plans_.at(static_cast<std::size_t>(record.kind)))
    append_step(step, *record.record, row);
  writer.fixed(kObservedTime, static_cast<std::uint64_t>(now));
  writer.text(kEventName, event_of(record.kind));
  ProtoWriter(out).text(kItem, record_);
}

void LogEncoder::append_body(const RecordRef& record) {
  text_.clear();
  const FlowTuple& tuple = record.record->tuple;
  switch (record.kind) {
    case RecordKind::kFlow:
      text_ += "flow ";
      break;
    case RecordKind::kDrop:
      text_ += "dropped (";
      append_mended(text_, static_cast<const DropEvent*>(record.record)->reason);
      text_ += ") ";
      break;
    case RecordKind::kConnection:
      text_ += "connection ";
      break;
    case RecordKind::kAlert:
      append_mended(text_, static_cast<const AlertEvent*>(record.record)->summary);
      break;
  }
  if (record.kind != RecordKind::kAlert && !tuple.src.is_unspecified()) {
    append_protocol(text_, tuple.protocol);
    text_ += ' ';
    append_end(text_, tuple.src, tuple.src_port);
    text_ += " -> ";
    append_end(text_, tuple.dst, tuple.dst_port);
  }
  // An AnyValue with a string: 1.
  ProtoWriter writer(record_);
  writer.varint(kBody << 3U | 2U);
  writer.varint(1 + ProtoWriter::varint_size(text_.size()) + text_.size());
  writer.text(1, text_);
}

void LogEncoder::append_step(const Step& step, const RecordBase& record, const Row& row) {
  switch (step.form) {
    case Form::kEnd:
      record_ += end_of(step.src ? record.src : record.dst, step);
      return;
    case Form::kText:
      if (const auto text = step.getter.text(row); !text.empty())
        append_otlp_text(record_, kAttribute, step.key, text);
      return;
    case Form::kAddress: {
      const IpAddress& address = step.getter.address(row);
      if (address.is_unspecified()) return;
      text_.clear();
      address.append_to(text_);
      append_otlp_text(record_, kAttribute, step.key, text_);
      return;
    }
    default:
      append_number(step, row);
  }
}

void LogEncoder::append_number(const Step& step, const Row& row) {
  const std::uint64_t number = step.getter.number(row);
  const bool is_signed = step.form == Form::kTime || step.form == Form::kDuration;
  if (step.has_none &&
      number == (is_signed ? biased(static_cast<std::int64_t>(step.none)) : step.none))
    return;
  switch (step.form) {
    case Form::kTime:
      append_otlp_number(
          record_, kAttribute, step.key,
          static_cast<std::int64_t>(static_cast<std::uint64_t>(unbiased(number)) * kMicrosecond));
      return;
    case Form::kDuration:
      append_otlp_real(record_, kAttribute, step.key,
                       static_cast<double>(unbiased(number)) / kMicrosPerSecond);
      return;
    case Form::kBool:
      append_otlp_bool(record_, kAttribute, step.key, number != 0);
      return;
    case Form::kProtocol:
    case Form::kFlags:
      text_.clear();
      if (step.form == Form::kProtocol)
        append_protocol(text_, number);
      else
        append_tcp_flags(text_, number);
      if (!text_.empty()) append_otlp_text(record_, kAttribute, step.key, text_);
      return;
    default:
      append_otlp_number(record_, kAttribute, step.key, static_cast<std::int64_t>(number));
  }
}

const std::string& LogEncoder::end_of(const IdentityPtr& identity, const Step& step) {
  if (!identity) return nobody_;
  auto found = known_.find(identity.get());
  if (found == known_.end()) {
    if (known_.size() >= kMostKnown) known_.clear();
    found = known_.emplace(identity.get(), Known{identity, {}}).first;
    // All at once: every part of it is wanted with the next few records.
    for (const RecordEndPart& part : parts_)
      found->second.parts.push_back(part_of(identity, part.src, part.fields));
  }
  return found->second.parts[step.part];
}

std::string LogEncoder::part_of(const IdentityPtr& identity, bool src,
                                const std::vector<FieldRef>& fields) const {
  // Fields of an end read its identity alone: any record that has it will do.
  FlowRecord record;
  (src ? record.src : record.dst) = identity;
  const Row row{&record, {}};
  std::string out;
  std::string scratch;
  for (const FieldRef& ref : fields) {
    const Getter getter = getter_for(ref.id, RecordSource::kFlow);
    const std::string_view text = getter.identity != nullptr
                                      ? label_of(getter.identity(row), ref.label, scratch)
                                      : getter.text(row);
    if (!text.empty()) append_otlp_text(out, kAttribute, otlp_key(otlp_attribute(ref)), text);
  }
  return out;
}

}  // namespace netprobe
