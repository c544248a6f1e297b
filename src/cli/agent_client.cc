// SPDX-License-Identifier: Apache-2.0
#include "cli/agent_client.h"

#include <simdjson.h>

#include "cli/output.h"

namespace netprobe {

AgentClient::AgentClient(std::string_view url, HttpClient::Options options)
    : url_(url), http_(options) {
  if (!url_.contains("://")) url_.insert(0, "http://");
  while (url_.ends_with('/')) url_.pop_back();
}

Error AgentClient::explain(const Error& error) const {
  if (error.kind == ErrorKind::kNotFound) {
    return {"no agent answers at " + url_ +
                ": start one with 'sudo netprobe-agent', or name another with --agent",
            ErrorKind::kNotFound};
  }
  if (error.kind == ErrorKind::kUsage)
    return {"'" + url_ + "' is not a URL for --agent: use one such as http://localhost:8081",
            ErrorKind::kUsage};
  return {"the agent does not answer as expected: " + error.message};
}

Result<HttpReply> AgentClient::fetch(std::string_view path) {
  auto reply = http_.get(url_ + std::string(path));
  if (!reply) return std::unexpected(explain(reply.error()));
  return reply;
}

Result<HttpReply> AgentClient::post_text(std::string_view path, const std::string& text) {
  auto reply = http_.post(url_ + std::string(path), "text/plain; charset=utf-8", text);
  if (!reply) return std::unexpected(explain(reply.error()));
  return reply;
}

Result<std::string> AgentClient::get(std::string_view path) {
  auto reply = fetch(path);
  if (!reply) return std::unexpected(reply.error());
  if (reply->status != 200) return std::unexpected(problem_of(*reply, url_ + std::string(path)));
  return std::move(reply->body);
}

Result<std::string> AgentClient::change(std::string_view method, std::string_view path,
                                        const std::string& token, const std::string& json) {
  const std::string url = url_ + std::string(path);
  auto reply = http_.send({.method = std::string(method),
                           .url = url,
                           .token = token,
                           .content_type = "application/json",
                           .body = json});
  if (!reply) return std::unexpected(explain(reply.error()));
  if (reply->status != 200) return std::unexpected(problem_of(*reply, url));
  return std::move(reply->body);
}

Status AgentClient::stream(std::string_view path, const std::function<bool(std::string_view)>& line,
                           const std::function<bool()>& pause) {
  const std::string url = url_ + std::string(path);
  const auto reply = http_.stream(url, line, pause);
  if (!reply) return std::unexpected(explain(reply.error()));
  if (reply->status != 200) return std::unexpected(problem_of(*reply, url));
  return {};
}

Error problem_of(const HttpReply& reply, std::string_view url) {
  const auto kind = reply.status == 400 ? ErrorKind::kUsage : ErrorKind::kFailed;
  if (reply.content_type.ends_with("json")) {
    simdjson::dom::parser parser;
    std::string_view detail;
    if (parser.parse(reply.body)["detail"].get(detail) == simdjson::SUCCESS && !detail.empty())
      return {std::string(detail), kind};
  }
  return {std::string(url) + " answers with status " + std::to_string(reply.status), kind};
}

int exit_code_of(const Error& error) {
  return error.kind == ErrorKind::kUsage ? kExitUsage : kExitFailed;
}

}  // namespace netprobe
