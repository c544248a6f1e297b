// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/ip_address.h"
#include "query/column.h"
#include "query/query.h"

namespace netprobe {

/// Both ends belong to it. Of signed fields the numbers are biased().
struct NumberRange {
  std::uint64_t low = 0;
  std::uint64_t high = 0;
  bool operator==(const NumberRange&) const = default;
};
struct AddressRange {
  IpAddress low;
  IpAddress high;
  bool operator==(const AddressRange&) const = default;
};

/// Maps signed numbers to unsigned ones in the same order, and back.
[[nodiscard]] constexpr std::uint64_t biased(std::int64_t value) {
  return static_cast<std::uint64_t>(value) ^ (1ULL << 63U);
}
[[nodiscard]] constexpr std::int64_t unbiased(std::uint64_t value) {
  return static_cast<std::int64_t>(value ^ (1ULL << 63U));
}

/// A comparison, worked out once for memory and for every engine: what is asked
/// of the field's value, "none" being dealt with. Ranges and sets are sorted, do
/// not overlap, and leave out what stands for none unless none is asked for.
struct Test {
  enum class Kind : std::uint8_t {
    kNumbers,    ///< in one of `numbers`; none of them: never
    kAddresses,  ///< in one of `addresses`
    kFlags,      ///< has all bits of `flags`, which is not 0
    kTexts,      ///< one of `texts`; "" is none
    kTextOrder,  ///< not empty, and `order` compared with `text`, by bytes
    kPrefix,     ///< not empty, and begins with `text`
    kContains,   ///< not empty, and has `text` in it
    kPattern,    ///< not empty, and RE2 finds `text`
  };
  Kind kind = Kind::kTexts;
  FieldRef field;
  ValueClass value{};
  std::vector<NumberRange> numbers;
  std::vector<AddressRange> addresses;
  std::uint64_t flags = 0;
  std::vector<std::string> texts;
  CompareOp order{};
  std::string text;
};
[[nodiscard]] Test lower(const Expr::Compare& compare);

}  // namespace netprobe
