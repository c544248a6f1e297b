// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "io/http_poster.h"
#include "outbox/export_target.h"

namespace netprobe {

/// A receiver that is spoken to over HTTP, of a target that says so.
struct HttpTarget {
  HttpPosterOptions options;
  std::string origin;        ///< "https://host:port"
  std::string headers_file;  ///< of the parameter `headers`, read anew for each request
};

/// Checks the files that the target names. Errors are usage errors.
[[nodiscard]] Result<HttpTarget> http_target(const ExportTarget& target, bool tls, bool http2);

/// "a=b,c=d" of a parameter; null: none. Errors are usage errors that name it.
[[nodiscard]] Result<std::vector<std::pair<std::string, std::string>>> read_pairs(
    std::string_view parameter, const std::string* value);
/// The parameter `every`; a minute where it is not given.
[[nodiscard]] Result<Nanos> push_interval(const ExportTarget& target);

}  // namespace netprobe
