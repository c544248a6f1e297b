// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <expected>
#include <optional>
#include <string>
#include <vector>

#include "cluster/gather.h"
#include "cluster/pages.h"

namespace netprobe {

/// What is asked of a page, taken apart: what is this server's, and the rest as it
/// goes to the agents.
struct PageRequest {
  std::size_t limit = 0;
  bool has_limit = false;
  std::string cursor;
  std::string sort;    ///< of flows
  std::string q;       ///< of flows
  QueryParams params;  ///< all others
  std::string rest;    ///< these, and sort and q, encoded
};
/// The error: one sentence, for the user.
[[nodiscard]] std::expected<PageRequest, std::string> read_page_request(
    const QueryParams& params, const ClusterPagesOptions& options);

[[nodiscard]] std::string encode(const QueryParams& params);
[[nodiscard]] PageAnswer json_page(std::string body);
[[nodiscard]] PageAnswer bad_page(const std::string& detail);
/// What is wrong as the agents say it, or that there are none; nothing: there is a page.
[[nodiscard]] std::optional<PageAnswer> refusal_in(const std::vector<AgentPage>& pages,
                                                   const Roster& roster);

}  // namespace netprobe
