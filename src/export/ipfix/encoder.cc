// SPDX-License-Identifier: Apache-2.0
#include "export/ipfix/encoder.h"

#include <unistd.h>

#include <algorithm>
#include <utility>

#include "base/utf8.h"
#include "query/column.h"
#include "query/lower.h"

namespace netprobe::ipfix {
namespace {

constexpr std::uint16_t kCountsId = 256;
constexpr std::uint16_t kLossId = 257;
constexpr std::uint16_t kTypesId = 258;
constexpr std::uint16_t kFirstTemplate = 260;
constexpr std::uint16_t kEnterprise = 0x8000;
constexpr std::uint16_t kVariable = 0xffff;
constexpr std::size_t kUsualText = 255;
constexpr std::size_t kLongText = 1000;
// What texts are cut to where a record does not fit into a message.
constexpr std::array<std::size_t, 4> kTextLimits{kLongText, 64, 16, 0};
constexpr std::uint64_t kNtpEpoch = 2'208'988'800ULL;  // seconds from 1900 to 1970

/// NTP's format (RFC 7011 6.1.9). Rounded up to what its lower bits may say, so that a
/// reader who cuts them off has the very microsecond.
std::uint64_t ntp_time(Micros time) {
  constexpr std::uint64_t kSecondMicros = 1'000'000;
  constexpr std::uint64_t kIgnored = (1U << 11U) - 1;
  const auto whole = static_cast<std::uint64_t>(std::max<Micros>(time, 0));
  const std::uint64_t fraction =
      (((whole % kSecondMicros) << 32U) + kSecondMicros - 1) / kSecondMicros;
  return ((whole / kSecondMicros + kNtpEpoch) << 32U) | ((fraction + kIgnored) & ~kIgnored);
}

std::uint64_t saturated(std::uint64_t value, std::size_t width) {
  return width >= 8 ? value : std::min<std::uint64_t>(value, (1ULL << (width * 8)) - 1);
}

struct OptionField {
  std::uint16_t id = 0;
  std::uint16_t length = 0;
};
constexpr std::array kCountsFields{
    OptionField{149, 4},  // observationDomainId (scope)
    OptionField{41, 8},   // exportedMessageTotalCount
    OptionField{42, 8},   // exportedFlowRecordTotalCount
    OptionField{40, 8},   // exportedOctetTotalCount
};
// Exporting Process Reliability Statistics (RFC 7011 4.3). Of records that were lost
// the packets and octets are not summed up.
constexpr std::array kLossFields{
    OptionField{144, 4},  // exportingProcessId (scope)
    OptionField{166, 8},  // notSentFlowTotalCount
};
// RFC 5610 3.9; the first two are the scope.
constexpr std::array kTypeFields{
    OptionField{346, 4},          // privateEnterpriseNumber
    OptionField{303, 2},          // informationElementId
    OptionField{339, 1},          // informationElementDataType
    OptionField{344, 1},          // informationElementSemantics
    OptionField{345, 2},          // informationElementUnits
    OptionField{341, kVariable},  // informationElementName
    OptionField{340, kVariable},  // informationElementDescription
};

void put_options_template(MessageBuffer& out, std::uint16_t id, std::uint16_t scopes,
                          std::span<const OptionField> fields) {
  out.in_set(kOptionsTemplateSet);
  out.put16(id);
  out.put16(fields.size());
  out.put16(scopes);
  for (const OptionField& field : fields) {
    out.put16(field.id);
    out.put16(field.length);
  }
}

}  // namespace

Encoder::Encoder(EncoderOptions options) : options_(std::move(options)), buffer_(options_.most) {
  for (std::size_t i = 0; i < kRecordKinds; ++i)
    if (options_.fields.at(i).empty())
      options_.fields.at(i) = default_fields(static_cast<RecordKind>(i));
  begin_session();
}

void Encoder::begin_session() {
  sequence_ = 0;
  announce_again();
}

void Encoder::announce_again() {
  pending_.clear();
  pending_.push_back({Announcement::What::kOptions});
  if (options_.element_types)
    for (std::size_t i = 0; i < types_.size(); ++i)
      pending_.push_back({Announcement::What::kType, i});
  for (std::size_t i = 0; i < templates_.size(); ++i)
    pending_.push_back({Announcement::What::kTemplate, i});
  announce_counts();
}

void Encoder::announce_counts() { pending_.push_back({Announcement::What::kCounts}); }

void Encoder::shrink(std::size_t most) {
  if (most >= options_.most) return;
  options_.most = most;
  buffer_ = MessageBuffer(most);
}

std::size_t Encoder::least_message() {
  std::size_t least = 0;
  for (std::size_t kind = 0; kind <= kRecordKinds; ++kind) {
    const bool sum = kind == kRecordKinds;  // of flows, once more
    Shape shape{.kind = sum ? RecordKind::kFlow : static_cast<RecordKind>(kind),
                .family = Family::kV6,
                .sum = sum};
    if (shape.kind == RecordKind::kFlow) shape.translated = Family::kV6;
    std::size_t record = 0;
    std::size_t announced = 4;
    for (const FieldRef& ref : options_.fields.at(static_cast<std::size_t>(shape.kind))) {
      for (const FieldElement* each : elements_of(ref.id, shape, options_.microseconds)) {
        const std::uint16_t length = length_of(each->element.type);
        record += length == kVariable ? 1 : length;
        announced += each->element.registry == Registry::kIana ? 4 : 8;
      }
    }
    least = std::max({least, record, announced});
  }
  constexpr std::size_t kLongestType = 200;  // one element's name and description
  return kMessageHeader + kSetHeader + std::max(least, kLongestType);
}

Encoder::Step Encoder::step_for(const FieldElement& element, const FieldRef& ref, RecordKind kind) {
  Step step;
  step.type = element.element.type;
  const Getter getter = getter_for(ref.id, source_of(kind));
  step.number = element.read != nullptr ? element.read : getter.number;
  step.is_signed = element.read == nullptr && class_of(field(ref.id).type) == ValueClass::kSigned;
  step.address = getter.address;
  step.text = getter.text;
  step.identity = getter.identity;
  step.label = ref.label;
  const bool is_long = ref.id == FieldId::kAlertEvidence || ref.id == FieldId::kAlertSummary;
  step.most_text = is_long ? kLongText : kUsualText;
  if (step.type == DataType::kString) step.number = nullptr;
  return step;
}

Encoder::Template& Encoder::template_for(const Shape& shape) {
  for (Template& each : templates_)
    if (each.shape == shape) return each;
  Template made;
  made.shape = shape;
  made.id = static_cast<std::uint16_t>(kFirstTemplate + templates_.size());
  const auto index = static_cast<std::size_t>(shape.kind);
  for (const FieldRef& ref : options_.fields.at(index)) {
    for (const FieldElement* each : elements_of(ref.id, shape, options_.microseconds)) {
      made.elements.push_back(each->element);
      made.steps.push_back(step_for(*each, ref, shape.kind));
      const auto is_it = [&](const Element& known) { return known.id == each->element.id; };
      if (each->element.registry != Registry::kOwn || std::ranges::any_of(types_, is_it)) continue;
      types_.push_back(each->element);
      if (options_.element_types)
        pending_.push_back({Announcement::What::kType, types_.size() - 1});
    }
  }
  templates_.push_back(std::move(made));
  pending_.push_back({Announcement::What::kTemplate, templates_.size() - 1});
  return templates_.back();
}

void Encoder::put_template(const Template& made) {
  buffer_.in_set(kTemplateSet);
  buffer_.put16(made.id);
  buffer_.put16(made.elements.size());
  for (const Element& element : made.elements) {
    const bool enterprise = element.registry != Registry::kIana;
    buffer_.put16(enterprise ? element.id | kEnterprise : element.id);
    buffer_.put16(length_of(element.type));
    if (enterprise)
      buffer_.put32(element.registry == Registry::kReverse ? kReversePen : options_.pen);
  }
}

void Encoder::put_options_templates() {
  put_options_template(buffer_, kCountsId, 1, kCountsFields);
  put_options_template(buffer_, kLossId, 1, kLossFields);
  if (options_.element_types) put_options_template(buffer_, kTypesId, 2, kTypeFields);
}

void Encoder::put_type(const Element& element) {
  buffer_.in_set(kTypesId);
  buffer_.put32(options_.pen);
  buffer_.put16(element.id);
  buffer_.put8(static_cast<std::uint8_t>(element.type));
  buffer_.put8(static_cast<std::uint8_t>(element.semantics));
  buffer_.put16(static_cast<std::uint8_t>(element.units));
  buffer_.put_text(element.name);
  buffer_.put_text(element.meaning.substr(0, 120));
}

void Encoder::put_counts() {
  buffer_.in_set(kCountsId);
  buffer_.put32(options_.domain);
  buffer_.put64(counts_.messages);
  buffer_.put64(counts_.records);
  buffer_.put64(counts_.octets);
  buffer_.in_set(kLossId);
  buffer_.put32(static_cast<std::uint32_t>(::getpid()));
  buffer_.put64(counts_.not_sent);
}

void Encoder::put_announcement(const Announcement& due) {
  switch (due.what) {
    case Announcement::What::kOptions:
      return put_options_templates();
    case Announcement::What::kTemplate:
      return put_template(templates_[due.index]);
    case Announcement::What::kType:
      return put_type(types_[due.index]);
    case Announcement::What::kCounts:
      return put_counts();
  }
}

void Encoder::put_clean_text(std::string_view text, std::size_t most) {
  if (text.size() > most) {
    while (most > 0 && (static_cast<unsigned char>(text[most]) & 0xc0U) == 0x80U) --most;
    text = text.substr(0, most);
  }
  if (is_utf8(text)) return buffer_.put_text(text);
  const std::string mended = mended_utf8(text);
  put_clean_text(mended, most);
}

void Encoder::put_value(const Step& step, const Row& row, std::size_t most_text) {
  switch (step.type) {
    case DataType::kString: {
      const std::size_t most = std::min(step.most_text, most_text);
      if (step.text != nullptr) return put_clean_text(step.text(row), most);
      std::string value;
      const std::string_view label = label_of(step.identity(row), step.label, value);
      if (label.empty()) return buffer_.put_text({});
      scratch_.assign(step.label).append(1, '=').append(label);
      return put_clean_text(scratch_, most);
    }
    case DataType::kIpv4:
      return buffer_.put_bytes(std::span(step.address(row).bytes()).subspan(12));
    case DataType::kIpv6:
      return buffer_.put_bytes(step.address(row).bytes());
    default:
      break;
  }
  std::uint64_t value = step.number(row);
  if (step.is_signed) {
    const std::int64_t number = std::max<std::int64_t>(unbiased(value), 0);
    value = static_cast<std::uint64_t>(number);
    if (step.type == DataType::kMicroseconds) {
      value = ntp_time(number);
    } else if (step.type == DataType::kMilliseconds) {
      value /= 1000;
    }
  }
  const std::size_t width = length_of(step.type);
  buffer_.put(saturated(value, width), width);
}

void Encoder::put_record(const Template& made, const RecordRef& record, std::size_t most_text) {
  buffer_.in_set(made.id);
  const Row row = row_of(record);
  for (const Step& step : made.steps) put_value(step, row, most_text);
}

EncodedMessage Encoder::next(std::span<const RecordRef> records, std::uint32_t now) {
  EncodedMessage message;
  buffer_.clear();
  data_records_ = 0;
  while (message.records < records.size() || !pending_.empty()) {
    const RecordRef* record =
        message.records < records.size() ? &records[message.records] : nullptr;
    const Template* made = nullptr;
    if (record != nullptr) made = &template_for(shape_of(*record));
    const auto mark = buffer_.mark();
    if (!pending_.empty()) {
      const Announcement due = pending_.front();
      put_announcement(due);
      if (buffer_.overflow()) {
        const bool alone = mark.size == kMessageHeader;
        buffer_.back_to(mark);
        if (!alone) break;
      } else {
        data_records_ += due.what == Announcement::What::kType     ? 1
                         : due.what == Announcement::What::kCounts ? 2
                                                                   : 0;
      }
      pending_.pop_front();
      continue;
    }
    bool fits = false;
    for (const std::size_t limit : kTextLimits) {
      put_record(*made, *record, limit);
      fits = !buffer_.overflow();
      if (fits) break;
      buffer_.back_to(mark);
      if (mark.size > kMessageHeader) break;  // the next message has more room
    }
    if (!fits && mark.size > kMessageHeader) break;
    ++message.records;
    if (!fits) ++message.rejected;
    if (fits) ++data_records_;
  }
  if (!buffer_.empty()) message.bytes = buffer_.finish(now, sequence_, options_.domain);
  return message;
}

void Encoder::sent(const EncodedMessage& message) {
  sequence_ += data_records_;
  ++counts_.messages;
  counts_.records += message.records - message.rejected;
  counts_.octets += message.bytes.size();
}

}  // namespace netprobe::ipfix
