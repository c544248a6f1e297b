// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "base/result.h"

namespace netprobe::test {

/// Rows of `tshark -T fields`: one a packet, one text a field, where a field
/// that occurs several times has its values joined with ','. Preferences of
/// the user's own are not read. `options` are further tshark arguments.
using TsharkRows = std::vector<std::vector<std::string>>;
[[nodiscard]] Result<TsharkRows> tshark_fields(const std::string& capture,
                                               const std::vector<std::string>& fields,
                                               const std::vector<std::string>& options = {});
/// What `tshark -q ARGUMENTS` prints.
[[nodiscard]] Result<std::string> tshark_report(const std::string& capture,
                                                const std::vector<std::string>& arguments);

}  // namespace netprobe::test
