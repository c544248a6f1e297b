// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "query/field.h"
#include "query/getters.h"

namespace netprobe::ipfix {

/// Whose number an element has.
enum class Registry : std::uint8_t {
  kIana,
  kReverse,  ///< IANA's, of the other direction: PEN 29305 (RFC 5103 6.1)
  kOwn,      ///< under the private enterprise number that the user chose
};
inline constexpr std::uint32_t kReversePen = 29'305;
/// Of RFC 5612, for documentation: it stands in no registry of vendors, so it clashes
/// with none, and whoever has a number of their own gives that.
inline constexpr std::uint32_t kDefaultPen = 32'473;

/// Abstract data types, by the numbers of RFC 5610 3.1.
enum class DataType : std::uint8_t {
  kUnsigned8 = 1,
  kUnsigned16 = 2,
  kUnsigned32 = 3,
  kUnsigned64 = 4,
  kString = 13,
  kMilliseconds = 15,  ///< dateTimeMilliseconds
  kMicroseconds = 16,  ///< dateTimeMicroseconds
  kIpv4 = 18,
  kIpv6 = 19,
};
/// Bytes in a record; 0xffff: variable (RFC 7011 7).
[[nodiscard]] std::uint16_t length_of(DataType type);

/// RFC 5610 3.2.
enum class Semantics : std::uint8_t {
  kDefault = 0,
  kQuantity = 1,
  kDeltaCounter = 3,
  kIdentifier = 4,
  kFlags = 5,
};
/// RFC 5610 3.3.
enum class Units : std::uint8_t {
  kNone = 0,
  kOctets = 2,
  kPackets = 3,
  kFlows = 4,
  kMilliseconds = 6,
  kMicroseconds = 7,
};

struct Element {
  std::uint16_t id = 0;
  Registry registry{};
  DataType type{};
  Semantics semantics{};
  Units units{};
  std::string_view name;  ///< as in the registry; own ones by the same habits
  std::string_view meaning;
};

enum class Family : std::uint8_t { kNone, kV4, kV6 };

/// What decides which elements a record has: all records of one shape have one template.
struct Shape {
  RecordKind kind{};
  Family family = Family::kNone;      ///< of both ends
  bool icmp = false;                  ///< of flows: types in place of ports
  Family translated = Family::kNone;  ///< kNone: nothing is
  bool sum = false;                   ///< of a fold: of several flows, without addresses
  bool operator==(const Shape&) const = default;
};
[[nodiscard]] Shape shape_of(const RecordRef& record);

/// What a field is in a record of some shape.
struct FieldElement {
  FieldId field{};
  bool (*when)(const Shape& shape) = nullptr;
  Element element;
  NumberGetter read = nullptr;  ///< null: the field's own value
};

/// All of them. `microseconds`: times of flows and events in microseconds (NTP's
/// format) in place of milliseconds, which more receivers read.
[[nodiscard]] std::span<const FieldElement> field_elements(bool microseconds);
/// Those of one field, in a record of this shape; none where it has no sense.
[[nodiscard]] std::vector<const FieldElement*> elements_of(FieldId field, const Shape& shape,
                                                           bool microseconds);
/// What is sent where the user does not choose.
[[nodiscard]] std::vector<FieldRef> default_fields(RecordKind kind);

}  // namespace netprobe::ipfix
