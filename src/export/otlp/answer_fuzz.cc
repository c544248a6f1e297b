// SPDX-License-Identifier: Apache-2.0
// Answers of receivers: whatever they say, a batch is settled in full, and the sentence
// of what went wrong is one line of UTF-8. The input: a digit for gRPC (even) or HTTP, a
// line with its grpc-status or HTTP status, one with grpc-status-details-bin, the body.
#include <algorithm>
#include <cstdlib>
#include <string>
#include <string_view>

#include "base/utf8.h"
#include "export/otlp/answer.h"

namespace {

std::string_view take_line(std::string_view& text) {
  const auto end = std::min(text.find('\n'), text.size());
  const auto line = text.substr(0, end);
  text.remove_prefix(std::min(end + 1, text.size()));
  return line;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const unsigned char* data, std::size_t size) {
  using namespace netprobe;
  std::string_view text(reinterpret_cast<const char*>(data), size);
  if (text.empty()) return 0;
  const bool grpc = text.front() % 2 == 0;
  text.remove_prefix(1);
  const auto status = take_line(text);
  const auto details = take_line(text);
  PostReply reply;
  reply.status = grpc ? 200 : std::atoi(std::string(status).c_str());
  reply.headers = {{"grpc-status", std::string(status)},
                   {"grpc-message", std::string(details)},
                   {"grpc-status-details-bin", std::string(details)},
                   {"content-type", "application/x-protobuf"}};
  reply.body = text;
  constexpr std::uint64_t kItems = 100;
  const OtlpAnswer answer = grpc ? read_otlp_grpc(reply, kItems) : read_otlp_http(reply, kItems);
  if (answer.rejected > kItems || answer.wait < 0 || !is_utf8(answer.problem) ||
      answer.problem.find('\n') != std::string::npos || answer.problem.size() > 1000)
    std::abort();
  return 0;
}
