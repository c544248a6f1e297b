// SPDX-License-Identifier: Apache-2.0
#include "outbox/record_json.h"

#include <array>
#include <charconv>
#include <optional>

#include "base/duration.h"
#include "base/json_writer.h"
#include "outbox/value_text.h"
#include "query/column.h"
#include "query/lower.h"

namespace netprobe {
namespace {

constexpr std::int64_t kMicrosPerSecond = 1'000'000;

void append_whole(std::string& out, auto number) {
  std::array<char, 24> text{};
  const auto result = std::to_chars(text.data(), text.data() + text.size(), number);
  out.append(text.data(), result.ptr);
}

/// Milliseconds, exact: microseconds are three digits behind the point.
void append_millis(std::string& out, std::int64_t micros) {
  if (micros < 0) out += '-';
  const std::uint64_t size =
      micros < 0 ? ~static_cast<std::uint64_t>(micros) + 1 : static_cast<std::uint64_t>(micros);
  append_whole(out, size / 1000);
  auto rest = size % 1000;
  if (rest == 0) return;
  out += '.';
  for (std::uint64_t unit = 100; rest != 0; unit /= 10) {
    out += static_cast<char>('0' + rest / unit);
    rest %= unit;
  }
}

void append_text_or_null(std::string& out, std::string_view text) {
  if (text.empty())
    out += "null";
  else
    append_json_string(out, text);
}

/// `,"src.label.app":`; a label's key comes from outside.
std::string member(const FieldRef& ref) {
  std::string name = ",";
  append_json_string(name, field_name(ref));
  return name + ':';
}

}  // namespace

RecordJson::RecordJson(const FieldSelection& selection, std::size_t most_known)
    : most_known_(most_known) {
  for (std::size_t i = 0; i < kRecordKinds; ++i) {
    const auto kind = static_cast<RecordKind>(i);
    Plan& plan = plans_.at(i);
    plan.begin = "{\"kind\":\"" + std::string(to_string(kind)) + '"';
    for (const FieldRef& ref : selection.of(kind))
      add_record_step(plan.steps, parts_, kind, ref, member(ref));
  }
  nobody_.resize(parts_.size());
}

void RecordJson::append(std::string& out, const RecordRef& record) {
  const Plan& plan = plans_.at(static_cast<std::size_t>(record.kind));
  const Row row = row_of(record);
  out += plan.begin;
  const Ends ends = parts_.empty() ? Ends{} : ends_of(*record.record);
  for (const Step& step : plan.steps) append_step(out, step, *record.record, ends, row);
  out += '}';
}

void RecordJson::append_step(std::string& out, const Step& step, const RecordBase& record,
                             const Ends& ends, const Row& row) {
  if (step.form == Form::kEnd) {
    std::string& text = (*(step.src ? ends.src : ends.dst))[step.part];
    if (text.empty()) write_end(text, step.src ? record.src : record.dst, step);
    out += text;
    return;
  }
  out += step.key;
  if (step.form == Form::kText) return append_text_or_null(out, step.getter.text(row));
  if (step.form != Form::kAddress) return append_number(out, step, row);
  const IpAddress& address = step.getter.address(row);
  if (address.is_unspecified()) {
    out += "null";
    return;
  }
  out += '"';
  address.append_to(out);
  out += '"';
}

void RecordJson::append_number(std::string& out, const Step& step, const Row& row) {
  const std::uint64_t number = step.getter.number(row);
  const bool is_signed = step.form == Form::kTime || step.form == Form::kDuration;
  if (step.has_none &&
      number == (is_signed ? biased(static_cast<std::int64_t>(step.none)) : step.none)) {
    out += "null";
    return;
  }
  switch (step.form) {
    case Form::kTime:
      return append_time(out, unbiased(number));
    case Form::kDuration:
      return append_millis(out, unbiased(number));
    case Form::kBool:
      out += number != 0 ? "true" : "false";
      return;
    case Form::kProtocol:
      out += '"';
      append_protocol(out, number);
      out += '"';
      return;
    case Form::kFlags:
      out += '"';
      append_tcp_flags(out, number);
      out += '"';
      return;
    default:
      return append_whole(out, number);
  }
}

void RecordJson::append_time(std::string& out, Micros time) {
  if (time < 0 || time > INT64_MAX / kMicrosecond) {
    out += "null";  // beyond what a clock of nanoseconds can hold
    return;
  }
  // Records of one second come together, and calendars are slow.
  if (const std::int64_t second = time / kMicrosPerSecond; second != second_) {
    constexpr std::size_t kUpToSeconds = 19;
    second_ = second;
    second_text_ = '"' + format_rfc3339(second * kSecond).substr(0, kUpToSeconds) + '.';
  }
  out += second_text_;
  auto rest = static_cast<std::uint64_t>(time % kMicrosPerSecond);
  for (std::uint64_t unit = kMicrosPerSecond / 10; unit > 0; unit /= 10) {
    out += static_cast<char>('0' + rest / unit);
    rest %= unit;
  }
  out += "000Z\"";
}

RecordJson::Ends RecordJson::ends_of(const RecordBase& record) {
  // Not between the two: the first would be gone.
  if (known_.size() + 2 > most_known_) known_.clear();
  return {parts_of(record.src), parts_of(record.dst)};
}

std::vector<std::string>* RecordJson::parts_of(const IdentityPtr& identity) {
  if (!identity) return &nobody_;
  auto found = known_.find(identity.get());
  if (found == known_.end()) {
    found = known_.emplace(identity.get(), Known{identity, {}}).first;
    found->second.parts.resize(parts_.size());
  }
  return &found->second.parts;
}

void RecordJson::write_end(std::string& text, const IdentityPtr& identity, const Step& step) {
  const RecordEndPart& part = parts_[step.part];
  // Fields of an end read its identity alone: any record that has it will do.
  FlowRecord record;
  (step.src ? record.src : record.dst) = identity;
  const Row row{&record, {}};
  std::string scratch;
  for (const FieldRef& ref : part.fields) {
    const Getter getter = getter_for(ref.id, RecordSource::kFlow);
    text += member(ref);
    append_text_or_null(text, getter.identity != nullptr
                                  ? label_of(getter.identity(row), ref.label, scratch)
                                  : getter.text(row));
  }
}

}  // namespace netprobe
