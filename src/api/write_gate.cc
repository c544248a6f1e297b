// SPDX-License-Identifier: Apache-2.0
#include "api/write_gate.h"

#include <spdlog/spdlog.h>

#include <algorithm>

#include "io/http_problem.h"

namespace netprobe {
namespace {

/// The token of an Authorization header; empty where it has none.
std::string_view token_of(std::string_view header) {
  constexpr std::string_view kScheme = "bearer";
  if (header.size() <= kScheme.size() ||
      !equals_ignoring_case(header.substr(0, kScheme.size()), kScheme) ||
      header[kScheme.size()] != ' ')
    return {};
  header.remove_prefix(kScheme.size());
  while (header.starts_with(' ')) header.remove_prefix(1);
  while (header.ends_with(' ')) header.remove_suffix(1);
  return header;
}

HttpResponse unauthorized(std::string_view detail) {
  HttpResponse answer = problem(401, detail);
  answer.headers.push_back({"WWW-Authenticate", "Bearer realm=\"netprobe\""});
  return answer;
}

}  // namespace

bool equals_in_constant_time(std::string_view a, std::string_view b) {
  if (a.size() != b.size()) return false;  // how long a token is is no secret
  unsigned difference = 0;
  for (std::size_t i = 0; i < a.size(); ++i)
    difference |= static_cast<unsigned char>(a[i]) ^ static_cast<unsigned char>(b[i]);
  // Read anew, so that the loop cannot be ended where it is not zero any more.
  volatile unsigned result = difference;
  return result == 0;
}

bool WriteGate::take_wrong() {
  const Nanos now = clock_.monotonic();
  const double gained = static_cast<double>(now - last_) / kSecond * kWrongAMinute / 60;
  patience_ = std::min<double>(kWrongAMinute, patience_ + (last_ == 0 ? 0 : gained));
  last_ = now;
  if (patience_ < 1) return false;
  patience_ -= 1;
  return true;
}

std::optional<HttpResponse> WriteGate::check(const HttpRequest& request) {
  // Before the token is looked at: where it came in the clear somebody may have read it.
  if (!access_.remote && !request.peer.is_loopback()) {
    return problem(403,
                   "changes are taken from this machine alone, since plain HTTP shows the token to "
                   "everybody on the way: come through 'ssh -L' or 'kubectl port-forward', or "
                   "start the agent with --response-remote=true");
  }
  if (access_.token.empty()) return problem(503, "no changes are taken: " + access_.why_none);
  const std::string_view given = token_of(request.header("authorization"));
  if (given.empty()) {
    return unauthorized(
        "a change needs the agent's token: 'Authorization: Bearer TOKEN', which the file of "
        "--response-token-file has (default: response.token in --data-dir)");
  }
  // The right one always passes: who guesses keeps nobody else out.
  if (equals_in_constant_time(given, access_.token)) return std::nullopt;
  if (!take_wrong()) {
    HttpResponse answer = problem(429, "too many wrong tokens were given: wait a minute");
    answer.headers.push_back({"Retry-After", "60"});
    return answer;
  }
  spdlog::warn("a change was refused: {} gave a wrong token", request.peer.to_string());
  return unauthorized("this is not the agent's token: --response-token-file names the file of it");
}

}  // namespace netprobe
