// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.h"

namespace netprobe {

/// The parts of a target's URL, decoded.
struct ExportUrl {
  std::string scheme;
  std::string user;
  std::string host;  ///< IPv6 without brackets
  std::uint16_t port = 0;
  std::string path;
  std::vector<std::pair<std::string, std::string>> parameters;  ///< in their order
};

inline constexpr std::size_t kMaxExportUrl = 32U * 1024U;

/// Takes "scheme:", "scheme:///path" and "scheme://user@host:port/path", each with
/// "?name=value&…". Errors are one sentence.
[[nodiscard]] Result<ExportUrl> parse_export_url(std::string_view text);

}  // namespace netprobe
