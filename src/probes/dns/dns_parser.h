// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>

#include "model/dns.h"

namespace netprobe {

/// Answers of one message that are kept.
inline constexpr std::size_t kMostDnsAnswers = 64;

/// A message of another purpose than questions: NOTIFY, UPDATE … (RFC 1035 4.1.1, RFC 1996,
/// RFC 2136). It has other sections, and is read no further.
[[nodiscard]] bool has_other_opcode(std::span<const std::uint8_t> captured);

/// Reads a DNS message (RFC 1035 4) of UDP. `captured` is its beginning, `length` what it has
/// on the wire. Times and addresses of its ends are left to the caller.
///
/// Nothing: it is no question or answer with one name, or is malformed up to the question's
/// end. Answers are read until one is not all there, or is no record. Work is bounded by
/// `captured`: pointers of compressed names lead backwards only, and a name ends at 255
/// bytes.
[[nodiscard]] std::optional<DnsMessage> parse_dns(std::span<const std::uint8_t> captured,
                                                  std::size_t length);

}  // namespace netprobe
