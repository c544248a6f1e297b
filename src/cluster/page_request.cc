// SPDX-License-Identifier: Apache-2.0
#include "cluster/page_request.h"

#include <algorithm>
#include <charconv>

#include "base/json_writer.h"

namespace netprobe {
namespace {

PageAnswer problem_page(int status, std::string_view title, const std::string& detail) {
  PageAnswer answer{.status = status, .content_type = "application/problem+json"};
  JsonObject json(answer.body);
  json.text("title", title);
  json.number("status", static_cast<std::uint64_t>(status));
  json.text("detail", detail);
  json.close();
  return answer;
}

}  // namespace

std::string encode(const QueryParams& params) {
  std::string text;
  for (const auto& [name, value] : params)
    text += (text.empty() ? "" : "&") + percent_encode(name) + "=" + percent_encode(value);
  return text;
}

std::expected<PageRequest, std::string> read_page_request(const QueryParams& params,
                                                          const ClusterPagesOptions& options) {
  PageRequest request{.limit = options.default_limit};
  QueryParams rest;
  for (const QueryParam& each : params) {
    if (each.name == "cursor") {
      request.cursor = each.value;
    } else if (each.name == "limit") {
      const char* const last = each.value.data() + each.value.size();
      const auto read = std::from_chars(each.value.data(), last, request.limit);
      if (read.ec != std::errc{} || read.ptr != last || request.limit < 1 ||
          request.limit > options.most_rows)
        return std::unexpected("'" + each.value +
                               "' is not a value for limit: it takes a number from 1 to " +
                               std::to_string(options.most_rows));
      request.has_limit = true;
    } else {
      rest.push_back(each);
      if (each.name == "sort")
        request.sort = each.value;
      else if (each.name == "q")
        request.q = each.value;
      else
        request.params.push_back(each);
    }
  }
  request.rest = encode(rest);
  return request;
}

PageAnswer json_page(std::string body) {
  return {.status = 200, .content_type = "application/json", .body = std::move(body)};
}

PageAnswer bad_page(const std::string& detail) { return problem_page(400, "Bad Request", detail); }

std::optional<PageAnswer> refusal_in(const std::vector<AgentPage>& pages, const Roster& roster) {
  bool any = false;
  for (const AgentPage& page : pages) {
    if (!page.problem.empty()) continue;
    if (page.answer.status == 400) return page.answer;
    any = true;
  }
  if (any) return std::nullopt;
  QuerySources sources{.asked = roster.expected()};
  for (const AgentPage& page : pages)
    sources.missing.push_back({page.from.state->node, page.from.state->address, page.problem});
  sources.missing.insert(sources.missing.end(), roster.missing.begin(), roster.missing.end());
  return problem_page(
      503, "Service Unavailable",
      sources.asked == 0 ? "this server has found no agents yet" : missing_sentence(sources));
}

}  // namespace netprobe
