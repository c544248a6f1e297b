// SPDX-License-Identifier: Apache-2.0
#include "outbox/post_verdict.h"

#include <string_view>

#include "base/utf8.h"

namespace netprobe {
std::string words_of(const PostReply& reply) {
  constexpr std::size_t kMost = 300;
  std::string out;
  for (const char c : std::string_view(reply.body).substr(0, kMost))
    out += static_cast<unsigned char>(c) < 0x20 || c == 0x7f ? ' ' : c;
  while (out.ends_with(' ')) out.pop_back();
  return mended_utf8(out);
}

PostVerdict verdict_of(const PostReply& reply) {
  using enum PostVerdict::Fate;
  PostVerdict verdict;
  if (reply.failure != PostReply::Failure::kNone) {
    verdict.fate = kAgain;
    verdict.in_doubt = reply.failure != PostReply::Failure::kUnreachable;
    verdict.problem = reply.error;
    return verdict;
  }
  if (reply.status >= 200 && reply.status < 300) return verdict;
  verdict.problem = "it answers " + std::to_string(reply.status);
  if (const std::string says = words_of(reply); !says.empty()) verdict.problem += ": " + says;
  switch (reply.status) {
    case 413:
      verdict.fate = kTooLarge;
      return verdict;
    case 400:
    case 415:
    case 422:
      verdict.fate = kRefused;
      return verdict;
    default:
      verdict.fate = kAgain;
      verdict.in_doubt = reply.status >= 500;
      verdict.wait = reply.retry_after;
      return verdict;
  }
}

}  // namespace netprobe
