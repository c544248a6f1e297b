// SPDX-License-Identifier: Apache-2.0
#include "query/lower.h"

#include <algorithm>
#include <cmath>
#include <optional>

#include "base/utf8.h"
#include "query/engine_pattern.h"
#include "query/pattern.h"

namespace netprobe {
namespace {

/// Wide enough for both kinds of 64 bits.
__extension__ typedef __int128 Wide;

struct Number {
  Wide floor = 0;
  bool whole = true;  ///< nothing behind the point
};

std::optional<Number> number_of(const Value& value) {
  if (const auto* flag = std::get_if<bool>(&value)) return Number{*flag ? 1 : 0};
  if (const auto* number = std::get_if<std::int64_t>(&value)) return Number{*number};
  if (const auto* number = std::get_if<std::uint64_t>(&value)) return Number{*number};
  if (const auto* real = std::get_if<double>(&value)) {
    if (std::isnan(*real)) return std::nullopt;
    constexpr double kFar = 1e20;  // beyond 64 bits
    const double floor = std::floor(std::clamp(*real, -kFar, kFar));
    return Number{static_cast<Wide>(floor), floor == *real};
  }
  return std::nullopt;
}

template <typename Range>
void sort_and_join(std::vector<Range>& ranges) {
  std::ranges::sort(ranges, {}, &Range::low);
  std::vector<Range> joined;
  for (const Range& range : ranges) {
    if (!joined.empty() && range.low <= joined.back().high) {
      joined.back().high = std::max(joined.back().high, range.high);
    } else {
      joined.push_back(range);
    }
  }
  ranges = std::move(joined);
}

std::optional<NumberRange> range_of(CompareOp op, const Number& number, bool is_signed) {
  const Wide lowest = is_signed ? Wide{INT64_MIN} : Wide{0};
  const Wide highest = is_signed ? Wide{INT64_MAX} : Wide{UINT64_MAX};
  Wide low = lowest;
  Wide high = highest;
  switch (op) {
    case CompareOp::kEqual:
    case CompareOp::kIn:
      if (!number.whole) return std::nullopt;
      low = high = number.floor;
      break;
    case CompareOp::kLess:
      high = number.whole ? number.floor - 1 : number.floor;
      break;
    case CompareOp::kLessEqual:
      high = number.floor;
      break;
    case CompareOp::kGreater:
      low = number.floor + 1;
      break;
    case CompareOp::kGreaterEqual:
      low = number.whole ? number.floor : number.floor + 1;
      break;
    case CompareOp::kGlob:
    case CompareOp::kMatch:
      return std::nullopt;
  }
  low = std::max(low, lowest);
  high = std::min(high, highest);
  if (low > high) return std::nullopt;
  if (is_signed)
    return NumberRange{biased(static_cast<std::int64_t>(low)),
                       biased(static_cast<std::int64_t>(high))};
  return NumberRange{static_cast<std::uint64_t>(low), static_cast<std::uint64_t>(high)};
}

bool is_equality(CompareOp op) { return op == CompareOp::kEqual || op == CompareOp::kIn; }

bool asks_for_none(const Expr::Compare& compare) {
  if (!is_equality(compare.op)) return false;
  return std::ranges::any_of(compare.values, [](const auto& value) {
    const auto* plain = std::get_if<Value>(&value);
    return plain != nullptr && std::holds_alternative<std::monostate>(*plain);
  });
}

void cut_out(std::vector<NumberRange>& ranges, std::uint64_t number) {
  std::vector<NumberRange> left;
  for (const NumberRange& range : ranges) {
    if (number < range.low || number > range.high) {
      left.push_back(range);
      continue;
    }
    if (range.low < number) left.push_back({range.low, number - 1});
    if (number < range.high) left.push_back({number + 1, range.high});
  }
  ranges = std::move(left);
}

void lower_numbers(const Expr::Compare& compare, Test& test) {
  const bool is_signed = test.value == ValueClass::kSigned;
  test.kind = Test::Kind::kNumbers;
  auto none = none_number(compare.field.id);
  if (none && is_signed) none = biased(static_cast<std::int64_t>(*none));
  if (compare.op == CompareOp::kMatch && field(compare.field.id).type == FieldType::kFlags) {
    for (const auto& value : compare.values) {
      const auto* plain = std::get_if<Value>(&value);
      const auto number = plain != nullptr ? number_of(*plain) : std::nullopt;
      if (!number || !number->whole || number->floor < 0 || number->floor > UINT64_MAX) return;
      test.flags |= static_cast<std::uint64_t>(number->floor);
    }
    if (test.flags != 0) {
      test.kind = Test::Kind::kFlags;
    } else {
      test.numbers.push_back({1, UINT64_MAX});  // no flag asked for: any that it has
    }
    return;
  }
  for (const auto& value : compare.values) {
    const auto* plain = std::get_if<Value>(&value);
    const auto number = plain != nullptr ? number_of(*plain) : std::nullopt;
    if (!number) continue;
    if (const auto range = range_of(compare.op, *number, is_signed)) test.numbers.push_back(*range);
  }
  // "vni=0" is "vni=none"; "vni<5" has it not.
  if (none && !is_equality(compare.op)) cut_out(test.numbers, *none);
  if (none && asks_for_none(compare)) test.numbers.push_back({*none, *none});
  sort_and_join(test.numbers);
}

using Bytes = std::array<std::uint8_t, 16>;

IpAddress address_of(const Bytes& bytes) { return IpAddress(std::span(bytes)); }

const IpAddress& last_address() {
  static const IpAddress kLast = [] {
    Bytes bytes;
    bytes.fill(0xff);
    return address_of(bytes);
  }();
  return kLast;
}

/// The next one up, or down; nothing beyond the last.
std::optional<IpAddress> neighbour(const IpAddress& address, bool up) {
  Bytes bytes = address.bytes();
  for (std::size_t i = bytes.size(); i-- > 0;) {
    bytes[i] = static_cast<std::uint8_t>(up ? bytes[i] + 1 : bytes[i] - 1);
    if (bytes[i] != (up ? 0x00 : 0xff)) return address_of(bytes);
  }
  return std::nullopt;
}

AddressRange range_of(const IpPrefix& prefix) {
  Bytes bytes = prefix.network().bytes();
  for (int bit = prefix.bits(); bit < 128; ++bit)
    bytes[static_cast<std::size_t>(bit / 8)] |= static_cast<std::uint8_t>(0x80U >> (bit % 8));
  return {prefix.network(), address_of(bytes)};
}

std::optional<AddressRange> range_of(CompareOp op, const IpAddress& address) {
  std::optional<IpAddress> low = IpAddress{};
  std::optional<IpAddress> high = last_address();
  switch (op) {
    case CompareOp::kEqual:
    case CompareOp::kIn:
      low = high = address;
      break;
    case CompareOp::kLess:
      high = neighbour(address, false);
      break;
    case CompareOp::kLessEqual:
      high = address;
      break;
    case CompareOp::kGreater:
      low = neighbour(address, true);
      break;
    case CompareOp::kGreaterEqual:
      low = address;
      break;
    case CompareOp::kGlob:
    case CompareOp::kMatch:
      return std::nullopt;
  }
  if (!low || !high) return std::nullopt;
  return AddressRange{*low, *high};
}

void lower_addresses(const Expr::Compare& compare, Test& test) {
  test.kind = Test::Kind::kAddresses;
  for (const auto& value : compare.values) {
    if (const auto* prefix = std::get_if<IpPrefix>(&value)) {
      const AddressRange inside = range_of(*prefix);
      if (compare.op == CompareOp::kEqual || compare.op == CompareOp::kIn) {
        test.addresses.push_back(inside);
      } else {
        // Before it, or behind it: all of it is meant.
        const bool low = compare.op == CompareOp::kLess || compare.op == CompareOp::kGreaterEqual;
        if (const auto range = range_of(compare.op, low ? inside.low : inside.high))
          test.addresses.push_back(*range);
      }
    } else if (const auto* address = std::get_if<IpAddress>(&std::get<Value>(value))) {
      if (const auto range = range_of(compare.op, *address)) test.addresses.push_back(*range);
    }
  }
  // "::" is none, and the first of all.
  const IpAddress none;
  for (AddressRange& range : test.addresses)
    if (range.low == none && range.high != none) range.low = *neighbour(none, true);
  if (!is_equality(compare.op))
    std::erase_if(test.addresses, [&](const AddressRange& range) { return range.high == none; });
  if (asks_for_none(compare)) test.addresses.push_back({none, none});
  sort_and_join(test.addresses);
}

/// Of words, < and > go by their order in the field's list: "severity>=high".
void lower_word_order(const Expr::Compare& compare, const std::string& bound, Test& test) {
  const auto words = field(compare.field.id).words;
  const auto at = std::ranges::find(words, bound);
  if (at == words.end()) return;
  const auto place = at - words.begin();
  for (auto word = words.begin(); word != words.end(); ++word) {
    const auto here = word - words.begin();
    const bool wanted = (compare.op == CompareOp::kLess && here < place) ||
                        (compare.op == CompareOp::kLessEqual && here <= place) ||
                        (compare.op == CompareOp::kGreater && here > place) ||
                        (compare.op == CompareOp::kGreaterEqual && here >= place);
    if (wanted) test.texts.emplace_back(*word);
  }
}

void lower_glob(const std::string& glob, Test& test) {
  Glob read = read_glob(glob);
  if (read.exact) {
    test.texts.push_back(std::move(*read.exact));
  } else if (read.prefix) {
    test.kind = Test::Kind::kPrefix;
    test.text = std::move(*read.prefix);
  } else if (compile_pattern(*read.pattern)) {  // within its bound of memory
    test.kind = Test::Kind::kPattern;
    test.text = std::move(*read.pattern);
  }
}

void lower_texts(const Expr::Compare& compare, Test& test) {
  test.kind = Test::Kind::kTexts;
  const FieldType type = field(compare.field.id).type;
  for (const auto& value : compare.values) {
    const auto* plain = std::get_if<Value>(&value);
    const auto* text = plain != nullptr ? std::get_if<std::string>(plain) : nullptr;
    // No name is what is no UTF-8: such bytes are not kept everywhere.
    if (text == nullptr || !is_utf8(*text)) continue;
    switch (compare.op) {
      case CompareOp::kEqual:
      case CompareOp::kIn:
        test.texts.push_back(*text);
        break;
      case CompareOp::kGlob:
        lower_glob(*text, test);
        break;
      case CompareOp::kMatch:
        if (is_plain_pattern(*text)) {
          test.kind = Test::Kind::kContains;
          test.text = *text;
        } else if (auto pattern = engine_pattern(*text)) {
          test.kind = Test::Kind::kPattern;
          test.text = std::move(*pattern);
        }
        break;
      default:
        if (type == FieldType::kWord && !field(compare.field.id).words.empty()) {
          lower_word_order(compare, *text, test);
        } else {
          test.kind = Test::Kind::kTextOrder;
          test.order = compare.op;
          test.text = *text;
        }
    }
  }
  if (asks_for_none(compare)) test.texts.emplace_back();
  // A label's value never has the separator of labels_text().
  if (type == FieldType::kLabel)
    std::erase_if(test.texts, [](const std::string& text) { return text.contains('\x1f'); });
  std::ranges::sort(test.texts);
  const auto twice = std::ranges::unique(test.texts);
  test.texts.erase(twice.begin(), twice.end());
}

}  // namespace

Test lower(const Expr::Compare& compare) {
  Test test;
  test.field = compare.field;
  test.value = class_of(field(compare.field.id).type);
  switch (test.value) {
    case ValueClass::kSigned:
    case ValueClass::kUnsigned:
      lower_numbers(compare, test);
      break;
    case ValueClass::kAddress:
      lower_addresses(compare, test);
      break;
    case ValueClass::kText:
      lower_texts(compare, test);
      break;
  }
  return test;
}

}  // namespace netprobe
