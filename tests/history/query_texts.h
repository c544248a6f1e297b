// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string_view>
#include <vector>

namespace netprobe::test {

/// Queries as people write them: every operator, stage and way to name a thing.
[[nodiscard]] const std::vector<std::string_view>& query_texts();

}  // namespace netprobe::test
