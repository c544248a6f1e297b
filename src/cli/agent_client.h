// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <string>
#include <string_view>

#include "io/http_client.h"

namespace netprobe {

/// An agent's HTTP interface. Errors are sentences for the user: kNotFound
/// where no agent answers, kUsage where the agent refuses the request.
class AgentClient {
 public:
  /// `url` as the user gave it: "host:port" is taken for http.
  explicit AgentClient(std::string_view url, HttpClient::Options options = {});
  /// The body of a 200 answer. `path` begins with '/'.
  [[nodiscard]] Result<std::string> get(std::string_view path);
  /// The answer, whatever its status.
  [[nodiscard]] Result<HttpReply> fetch(std::string_view path);
  /// The answer to a POST of plain text.
  [[nodiscard]] Result<HttpReply> post_text(std::string_view path, const std::string& text);
  /// A change, with the agent's token: POST with a JSON body, or DELETE without. The body of
  /// a 200 answer.
  [[nodiscard]] Result<std::string> change(std::string_view method, std::string_view path,
                                           const std::string& token, const std::string& json = "");
  /// As HttpClient::stream().
  [[nodiscard]] Status stream(std::string_view path,
                              const std::function<bool(std::string_view)>& line,
                              const std::function<bool()>& pause);
  [[nodiscard]] const std::string& url() const { return url_; }

 private:
  [[nodiscard]] Error explain(const Error& error) const;
  std::string url_;
  HttpClient http_;
};

/// What an answer that is not 200 says: the detail of a problem document
/// (RFC 9457), or its status.
[[nodiscard]] Error problem_of(const HttpReply& reply, std::string_view url);

/// Exit code for an error: kUsage 2, everything else 1.
[[nodiscard]] int exit_code_of(const Error& error);

}  // namespace netprobe
