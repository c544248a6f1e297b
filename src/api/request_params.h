// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <expected>
#include <string_view>

#include "api/query.h"
#include "io/http_message.h"

namespace netprobe {

/// The parameters of a request: those of its URL, and for a POST those of its body,
/// which is a query as text (`q`) or an object of parameters. Problem details where
/// the body is neither (415), or not what it says it is (400).
[[nodiscard]] std::expected<QueryParams, HttpResponse> params_of(const HttpRequest& request);

/// Parameters from an object of them: {"q": "flows", "limit": 10}. A list is a
/// parameter that is given more than once; null is one that is not given.
[[nodiscard]] QueryResult<QueryParams> parse_json_params(std::string_view body);

}  // namespace netprobe
