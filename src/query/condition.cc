// SPDX-License-Identifier: Apache-2.0
#include "query/condition.h"

#include <algorithm>
#include <array>
#include <limits>

#include "base/glob.h"
#include "query/condition_text.h"
#include "query/expr.h"
#include "query/field_names.h"
#include "query/literal.h"
#include "query/nearest.h"

namespace netprobe {
namespace {

using enum CompareOp;

constexpr std::array<std::string_view, 5> kProtocolWords{"tcp", "udp", "icmp", "icmp6", "sctp"};
constexpr std::size_t kShownBytes = 60;

/// Of an operand in a message.
std::string shortened(std::string_view text) {
  if (text.size() <= kShownBytes) return std::string(text);
  std::size_t end = kShownBytes;
  while ((static_cast<unsigned char>(text[end]) & 0xc0) == 0x80) --end;  // whole characters
  return std::string(text.substr(0, end)) + "…";
}

Refusal wrong_value(const Subject& subject, const Operand& operand) {
  Refusal refusal{.message = "'" + std::string(subject.shown) + "' takes " + takes(subject.ref.id) +
                             ", not '" + shortened(operand.text) + "'"};
  const auto words = words_for(subject.ref.id);
  const std::vector<std::string_view> views(words.begin(), words.end());
  refusal.message += did_you_mean(nearest_words(operand.text, views));
  refusal.expected = words;
  return refusal;
}

std::uint64_t largest(FieldId id) {
  switch (id) {
    case FieldId::kSrcPort:
    case FieldId::kDstPort:
    case FieldId::kTranslatedSrcPort:
    case FieldId::kTranslatedDstPort:
      return 0xffff;
    case FieldId::kVni:
    case FieldId::kSrcPid:
    case FieldId::kDstPid:
      return 0xffffffff;
    case FieldId::kVlan:
      return 4095;
    case FieldId::kDscp:
      return 63;
    case FieldId::kIcmpType:
    case FieldId::kIcmpCode:
      return 255;
    default:
      return std::numeric_limits<std::uint64_t>::max();
  }
}

std::optional<bool> parse_bool(std::string_view text) {
  const std::string word = normal_name(text);
  if (word == "true" || word == "yes" || word == "1") return true;
  if (word == "false" || word == "no" || word == "0") return false;
  return std::nullopt;
}

/// The value of a type that has one value a literal; none where it is not one.
std::optional<Value> single_value(FieldId id, std::string_view text, Nanos now) {
  const auto value = [](auto parsed) -> std::optional<Value> {
    if (!parsed) return std::nullopt;
    return Value(*parsed);
  };
  switch (field(id).type) {
    case FieldType::kTime:
      return value(parse_when(text, now));
    case FieldType::kDuration:
      return value(parse_micros(text));
    case FieldType::kCount:
      return value(parse_count(text));
    case FieldType::kNumber:
      return value(parse_digits(text, largest(id)));
    case FieldType::kProtocol: {
      const int number = protocol_of(text);
      return number < 0 ? std::nullopt : std::optional<Value>(static_cast<std::uint64_t>(number));
    }
    case FieldType::kFlags: {
      const auto flags = parse_tcp_flags(text);
      return flags ? std::optional<Value>(std::uint64_t{*flags}) : std::nullopt;
    }
    case FieldType::kAddress: {
      auto address = IpAddress::parse(text);
      return address ? std::optional<Value>(*address) : std::nullopt;
    }
    case FieldType::kBool:
      return value(parse_bool(text));
    case FieldType::kText:
    case FieldType::kWord:
    case FieldType::kLabel:
      break;
  }
  return std::nullopt;
}

/// What stands for "not known" is written so, and not as a value.
bool means_none(FieldId id, const Value& value) {
  const Field& f = field(id);
  if (!can_be_none(id)) return false;
  if (const auto* number = std::get_if<std::uint64_t>(&value)) return *number == f.none;
  if (const auto* number = std::get_if<std::int64_t>(&value))
    return *number == static_cast<std::int64_t>(f.none);
  if (const auto* address = std::get_if<IpAddress>(&value)) return address->is_unspecified();
  return false;
}

ExprPtr equal_value(const FieldRef& ref, Value value) {
  return means_none(ref.id, value) ? is_none(ref) : compare(ref, kEqual, std::move(value));
}

/// "8000-8100": both ends in it. Null where it is no range.
ExprPtr range(const FieldRef& ref, std::string_view text, Nanos now) {
  const FieldType type = field(ref.id).type;
  if (type != FieldType::kNumber && type != FieldType::kCount && type != FieldType::kDuration &&
      type != FieldType::kAddress)
    return nullptr;
  const auto dash = text.find('-');
  if (dash == std::string_view::npos) return nullptr;
  auto least = single_value(ref.id, text.substr(0, dash), now);
  auto most = single_value(ref.id, text.substr(dash + 1), now);
  if (!least || !most || *most < *least) return nullptr;
  return all_of(
      {compare(ref, kGreaterEqual, std::move(*least)), compare(ref, kLessEqual, std::move(*most))});
}

ExprPtr in_prefix(const FieldRef& ref, std::string_view text) {
  const auto prefix = IpPrefix::parse(text);
  if (!prefix) return nullptr;
  if (prefix->bits() == 128) return equal_value(ref, prefix->network());
  return std::make_shared<const Expr>(Expr{Expr::Compare{ref, kEqual, {*prefix}}});
}

/// alert.severity >= medium: the words are in order.
Condition ordered_words(const Subject& subject, CompareOp op, const Operand& operand) {
  const auto words = field(subject.ref.id).words;
  const auto wanted = std::ranges::find(words, normal_name(operand.text));
  if (wanted == words.end()) return std::unexpected(wrong_value(subject, operand));
  std::vector<ExprPtr> any;
  for (auto word = words.begin(); word != words.end(); ++word) {
    const bool holds = (op == kLess && word < wanted) || (op == kLessEqual && word <= wanted) ||
                       (op == kGreater && word > wanted) || (op == kGreaterEqual && word >= wanted);
    if (holds) any.push_back(compare(subject.ref, kEqual, std::string(*word)));
  }
  if (any.empty())
    return std::unexpected(Refusal{.message = "nothing is beyond '" + operand.text + "'"});
  return merged_any(std::move(any));
}

}  // namespace

std::string takes(FieldId id) {
  const Field& f = field(id);
  switch (f.type) {
    case FieldType::kTime:
      return "a time such as 2026-11-26T08:00:00Z, or 15m for so long ago";
    case FieldType::kDuration:
      return "a duration such as 5ms or 1m30s";
    case FieldType::kCount:
      return "a number such as 1500, 10k or 64KiB";
    case FieldType::kNumber:
      return "a number from 0 to " + std::to_string(largest(id));
    case FieldType::kProtocol:
      return "tcp, udp, icmp, icmp6, sctp or a number from 0 to 255";
    case FieldType::kFlags:
      return "flags such as syn or syn+ack";
    case FieldType::kAddress:
      return "an address, a prefix such as 10.0.0.0/8 or a range";
    case FieldType::kText:
    case FieldType::kLabel:
      return text_takes(id);
    case FieldType::kBool:
      return "true or false";
    case FieldType::kWord:
      break;
  }
  std::string text = "one of ";
  for (const auto& word : words_for(id))
    if (word != "none") (text += text.size() > 7 ? ", " : "") += word;
  return text;
}

std::vector<std::string> words_for(FieldId id) {
  const Field& f = field(id);
  std::vector<std::string> words(f.words.begin(), f.words.end());
  if (f.type == FieldType::kBool) words = {"true", "false"};
  if (f.type == FieldType::kProtocol) words.assign(kProtocolWords.begin(), kProtocolWords.end());
  if (f.type == FieldType::kFlags) words = {"syn", "syn+ack", "ack", "fin", "rst", "psh"};
  if (id == FieldId::kDirection)
    for (const auto kind : traffic_kinds()) words.emplace_back(kind);
  if (can_be_none(id)) words.emplace_back("none");
  return words;
}

bool can_be_none(FieldId id) {
  const FieldType type = field(id).type;
  return type != FieldType::kCount && type != FieldType::kBool && id != FieldId::kTime;
}

bool can_be_ordered(FieldId id) {
  const FieldType type = field(id).type;
  return type == FieldType::kTime || type == FieldType::kDuration || type == FieldType::kCount ||
         type == FieldType::kNumber || type == FieldType::kAddress || id == FieldId::kAlertSeverity;
}

bool can_be_matched(FieldId id) {
  const FieldType type = field(id).type;
  return type == FieldType::kText || type == FieldType::kWord || type == FieldType::kLabel ||
         type == FieldType::kFlags;
}

Condition equal_to(const Subject& subject, const Operand& operand, Nanos now) {
  const FieldRef& ref = subject.ref;
  const Field& f = field(ref.id);
  if (!operand.quoted && normal_name(operand.text) == "none") {
    if (can_be_none(ref.id)) return is_none(ref);
    return std::unexpected(Refusal{.message = "'" + std::string(subject.shown) +
                                              "' always has a value, it is never none"});
  }
  if (f.type == FieldType::kText || f.type == FieldType::kLabel)
    return text_equal_to(subject, operand);
  if (f.type == FieldType::kWord) {
    auto words = word_equal_to(subject, operand);
    if (words) return std::move(*words);
    return std::unexpected(wrong_value(subject, operand));
  }
  if (f.type == FieldType::kAddress)
    if (auto prefix = in_prefix(ref, operand.text)) return prefix;
  if (auto value = single_value(ref.id, operand.text, now))
    return equal_value(ref, std::move(*value));
  if (auto within = range(ref, operand.text, now)) return within;
  return std::unexpected(wrong_value(subject, operand));
}

Condition equal_to_any(const Subject& subject, const std::vector<Operand>& operands, Nanos now) {
  std::vector<ExprPtr> any;
  any.reserve(operands.size());
  for (const auto& operand : operands) {
    auto one = equal_to(subject, operand, now);
    if (!one) return one;
    any.push_back(std::move(*one));
  }
  return merged_any(std::move(any));
}

Condition ordered(const Subject& subject, CompareOp op, const Operand& operand, Nanos now) {
  if (!can_be_ordered(subject.ref.id))
    return std::unexpected(Refusal{.message = "'" + std::string(subject.shown) + "' takes " +
                                              takes(subject.ref.id) +
                                              ": it is not less or greater than anything"});
  if (field(subject.ref.id).type == FieldType::kWord) return ordered_words(subject, op, operand);
  if (auto value = single_value(subject.ref.id, operand.text, now))
    return compare(subject.ref, op, std::move(*value));
  return std::unexpected(wrong_value(subject, operand));
}

Condition matching(const Subject& subject, const Operand& operand) {
  if (!can_be_matched(subject.ref.id))
    return std::unexpected(Refusal{.message = "'" + std::string(subject.shown) +
                                              "' is no text: it takes " + takes(subject.ref.id) +
                                              " and no pattern"});
  if (field(subject.ref.id).type != FieldType::kFlags) return text_matching(subject, operand);
  const auto flags = parse_tcp_flags(operand.text);
  if (!flags || *flags == 0) return std::unexpected(wrong_value(subject, operand));
  return compare(subject.ref, kMatch, std::uint64_t{*flags});
}

}  // namespace netprobe
