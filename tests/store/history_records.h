// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "model/history.h"

namespace netprobe::test {

/// Noon of a day, so that some hours of records are of one day.
inline constexpr Micros kRecordsStart = 1'790'164'800'000'000;

/// A batch "node/lane/number" of made-up records, the same for the same arguments:
/// pods of three namespaces, IPv4 and IPv6, texts with quotes, zero bytes and no
/// UTF-8 in them, numbers up to the largest. They begin at `begin`, `step` apart.
struct BatchShape {
  std::string lane = "1";
  std::uint64_t number = 1;
  std::size_t flows = 100;
  std::size_t drops = 0;
  std::size_t connections = 0;
  std::size_t alerts = 0;
  Micros begin = kRecordsStart;
  Micros step = 1'000;
};
[[nodiscard]] std::shared_ptr<const HistoryBatch> make_batch(const BatchShape& shape);

}  // namespace netprobe::test
