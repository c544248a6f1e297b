// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <expected>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "query/query.h"

namespace netprobe {

/// One of the simple parameters of an API's list, or a flag of a command.
struct QueryParameter {
  std::string_view name;
  std::string_view value;
};

struct BadParameter {
  std::string name;
  std::string message;
  std::vector<std::string> allowed;  ///< in its place, where these are few
};

/// The parameters of FlowFilter and IdentityFilter (model/flow_filter.h), and
/// since, until, limit. '-' may stand for '_'.
[[nodiscard]] const std::vector<std::string_view>& query_parameters();
[[nodiscard]] bool is_query_parameter(std::string_view name);

/// The query that they are sugar for: canonical() writes it out. All hold; one
/// may be given several times, but for since, until and limit. A record knows
/// the interface of one point, the nearest; else it says what FlowFilter does.
/// `now`: wall, what relative times are before.
[[nodiscard]] std::expected<Query, BadParameter> query_of_parameters(
    std::span<const QueryParameter> parameters, RecordKind kind, Nanos now);

}  // namespace netprobe
