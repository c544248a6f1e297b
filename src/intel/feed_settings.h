// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "base/result.h"
#include "intel/feed_parser.h"
#include "model/finding.h"

namespace netprobe::intel {

/// One feed, as its user describes it.
struct FeedSettings {
  std::string name;      ///< letters, digits, '.', '-', '_'; what alerts call it
  std::string location;  ///< a path, or a URL of http or https
  FeedSyntax syntax;
  Nanos every = 3600 * kSecond;
  Severity severity = Severity::kHigh;            ///< of calling what it lists
  double confidence = 0.8;                        ///< 0 to 1, of entries that say none
  std::uint64_t max_bytes = 256UL * 1024 * 1024;  ///< of its text
  std::uint64_t max_entries = 10'000'000;
  bool may_be_empty = false;  ///< else a list without entries is not taken
  std::string headers;        ///< a file of headers for its server (io/header_file.h)
  std::string ca_file;        ///< empty: the system's authorities
  /// Parameters that were left in the URL, as they are none of ours: for the log.
  std::string passed_on;

  [[nodiscard]] bool is_url() const;
};

/// "NAME=LOCATION?format=csv&column=ip&every=1h&severity=high&confidence=80". Of a URL those
/// parameters that are not ours stay with it; write a letter of its own "format" as %6F to
/// keep it. Errors name the option and what it takes.
[[nodiscard]] Result<FeedSettings> parse_feed_settings(std::string_view text);

}  // namespace netprobe::intel
