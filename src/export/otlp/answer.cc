// SPDX-License-Identifier: Apache-2.0
#include "export/otlp/answer.h"

#include <algorithm>
#include <array>
#include <charconv>

#include "base/protobuf.h"
#include "base/utf8.h"

namespace netprobe {
namespace {

using Fate = OtlpAnswer::Fate;

constexpr Nanos kMostRetry = 86'400 * kSecond;

// https://grpc.io/docs/guides/status-codes
constexpr int kOk = 0;
constexpr int kCancelled = 1;
constexpr int kUnknown = 2;
constexpr int kDeadlineExceeded = 4;
constexpr int kPermissionDenied = 7;
constexpr int kResourceExhausted = 8;
constexpr int kAborted = 10;
constexpr int kOutOfRange = 11;
constexpr int kUnimplemented = 12;
constexpr int kInternal = 13;
constexpr int kUnavailable = 14;
constexpr int kDataLoss = 15;
constexpr int kUnauthenticated = 16;
constexpr std::array<std::string_view, 17> kCodes{
    "OK",        "CANCELLED",      "UNKNOWN",           "INVALID_ARGUMENT",   "DEADLINE_EXCEEDED",
    "NOT_FOUND", "ALREADY_EXISTS", "PERMISSION_DENIED", "RESOURCE_EXHAUSTED", "FAILED_PRECONDITION",
    "ABORTED",   "OUT_OF_RANGE",   "UNIMPLEMENTED",     "INTERNAL",           "UNAVAILABLE",
    "DATA_LOSS", "UNAUTHENTICATED"};

/// Somebody else's words as part of a sentence: one line, at most 300 bytes.
std::string quoted(std::string_view text) {
  constexpr std::size_t kMost = 300;
  std::string out;
  for (std::size_t i = 0; i < text.size() && out.size() < kMost;) {
    const std::size_t size = utf8_length(text, i);
    const auto c = static_cast<unsigned char>(text[i]);
    if (size == 0 || c < 0x20 || c == 0x7f)
      out += ' ';
    else
      out += text.substr(i, size);
    i += std::max<std::size_t>(size, 1);
  }
  while (out.ends_with(' ')) out.pop_back();
  return out;
}

std::string with_words(std::string sentence, std::string_view words) {
  const std::string said = quoted(words);
  if (!said.empty()) sentence += ": " + said;
  return sentence;
}

OtlpAnswer of_failure(const PostReply& reply) {
  return {.fate = Fate::kAgain, .problem = reply.error};
}

/// Export…ServiceResponse{partial_success: 1}, whose fields are the same in logs and
/// metrics: rejected 1, error_message 2.
void read_response(std::string_view body, std::uint64_t items, OtlpAnswer& answer) {
  ProtoReader response(body);
  std::int64_t rejected = 0;
  std::string message;
  bool broken = false;
  while (response.next()) {
    if (response.field() != 1 || !response.has_bytes()) continue;
    ProtoReader partial(response.bytes());
    while (partial.next()) {
      if (partial.field() == 1) rejected = static_cast<std::int64_t>(partial.number());
      if (partial.field() == 2) message = partial.bytes();
    }
    broken = broken || partial.broken();
  }
  if (broken || response.broken()) {
    answer.problem = "its answer is no message of OTLP, so what it rejected is not known";
    return;
  }
  answer.rejected =
      std::min(items, static_cast<std::uint64_t>(std::max<std::int64_t>(rejected, 0)));
  if (answer.rejected > 0)
    answer.problem = with_words(
        "it rejected " + std::to_string(answer.rejected) + " of " + std::to_string(items), message);
  else if (!message.empty())
    answer.problem = with_words("it took all and warns", message);
}

Nanos read_duration_message(std::string_view text) {
  ProtoReader duration(text);
  std::int64_t seconds = 0;
  std::int64_t nanos = 0;
  while (duration.next()) {
    if (duration.field() == 1) seconds = static_cast<std::int64_t>(duration.number());
    if (duration.field() == 2) nanos = static_cast<std::int64_t>(duration.number());
  }
  seconds = std::clamp<std::int64_t>(seconds, 0, kMostRetry / kSecond);
  nanos = std::clamp<std::int64_t>(nanos, 0, kSecond - 1);
  return seconds * kSecond + nanos;
}

std::string percent_decoded(std::string_view text) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    unsigned byte = 0;
    const bool coded = text[i] == '%' && i + 2 < text.size() &&
                       std::from_chars(text.data() + i + 1, text.data() + i + 3, byte, 16).ptr ==
                           text.data() + i + 3;
    if (coded) i += 2;
    out += coded ? static_cast<char>(byte) : text[i];
  }
  return out;
}

/// What a status of HTTP stands for where a call of gRPC met something else than a
/// server of gRPC.
int code_of_http(int status) {
  switch (status) {
    case 400:
      return kInternal;
    case 401:
      return kUnauthenticated;
    case 403:
      return kPermissionDenied;
    case 404:
      return kUnimplemented;
    case 429:
    case 502:
    case 503:
    case 504:
      return kUnavailable;
    default:
      return kUnknown;
  }
}

bool is_retried(int code) {
  return code == kCancelled || code == kDeadlineExceeded || code == kAborted ||
         code == kOutOfRange || code == kUnavailable || code == kDataLoss;
}

std::string_view media_type(const PostReply& reply) {
  const auto type = reply.header("content-type");
  return type.substr(0, std::min(type.find(';'), type.size()));
}

/// The message of a unary call: a flag, a length and as many bytes.
std::string_view grpc_message(std::string_view body) {
  constexpr std::size_t kPrefix = 5;
  if (body.size() < kPrefix || body[0] != 0) return {};
  std::size_t size = 0;
  for (std::size_t i = 1; i < kPrefix; ++i) size = size << 8U | static_cast<unsigned char>(body[i]);
  return body.substr(kPrefix, size);
}

}  // namespace

std::string decode_base64(std::string_view text) {
  std::string out;
  std::uint32_t bits = 0;
  unsigned have = 0;
  for (const char c : text) {
    unsigned value = 0;
    if (c >= 'A' && c <= 'Z')
      value = static_cast<unsigned>(c - 'A');
    else if (c >= 'a' && c <= 'z')
      value = static_cast<unsigned>(c - 'a') + 26;
    else if (c >= '0' && c <= '9')
      value = static_cast<unsigned>(c - '0') + 52;
    else if (c == '+' || c == '-')
      value = 62;
    else if (c == '/' || c == '_')
      value = 63;
    else
      break;
    bits = (bits << 6U | value) & 0xffffU;
    have += 6;
    if (have < 8) continue;
    have -= 8;
    out += static_cast<char>(bits >> have & 0xffU);
  }
  return out;
}

RpcStatus read_rpc_status(std::string_view message) {
  constexpr std::string_view kRetryInfo = "google.rpc.RetryInfo";
  RpcStatus status;
  ProtoReader reader(message);
  while (reader.next()) {
    if (reader.field() == 1) status.code = static_cast<int>(reader.number());
    if (reader.field() == 2) status.message = reader.bytes();
    if (reader.field() != 3 || !reader.has_bytes()) continue;
    ProtoReader any(reader.bytes());
    std::string_view type;
    std::string_view value;
    while (any.next()) {
      if (any.field() == 1) type = any.bytes();
      if (any.field() == 2) value = any.bytes();
    }
    if (any.broken() || !type.ends_with(kRetryInfo)) continue;
    status.has_retry = true;
    ProtoReader info(value);
    while (info.next())
      if (info.field() == 1) status.retry = read_duration_message(info.bytes());
  }
  return reader.broken() ? RpcStatus{} : status;
}

OtlpAnswer read_otlp_http(const PostReply& reply, std::uint64_t items) {
  if (reply.failure != PostReply::Failure::kNone) return of_failure(reply);
  OtlpAnswer answer;
  const auto type = media_type(reply);
  if (reply.status >= 200 && reply.status < 300) {
    if (type == "application/x-protobuf") {
      read_response(reply.body, items, answer);
    } else if (!reply.body.empty() && type != "application/json") {
      // A web server that answers to everything: what it "took" is nowhere.
      answer.fate = Fate::kAgain;
      answer.problem =
          with_words("what answers there is no receiver of OTLP, but says", reply.body);
    }
    return answer;
  }
  const auto says =
      type == "application/x-protobuf" ? read_rpc_status(reply.body).message : reply.body;
  answer.problem = with_words("it answers " + std::to_string(reply.status), says);
  switch (reply.status) {
    case 429:
    case 502:
    case 503:
    case 504:
      answer.fate = Fate::kAgain;
      answer.wait = reply.retry_after;
      break;
    case 413:
      answer.fate = Fate::kTooLarge;
      break;
    default:
      answer.fate = Fate::kRejected;
  }
  return answer;
}

OtlpAnswer read_otlp_grpc(const PostReply& reply, std::uint64_t items) {
  if (reply.failure != PostReply::Failure::kNone) return of_failure(reply);
  OtlpAnswer answer;
  const auto code_text = reply.header("grpc-status");
  int code = kUnknown;
  const auto read = std::from_chars(code_text.data(), code_text.data() + code_text.size(), code);
  const bool has_code = !code_text.empty() && read.ec == std::errc();
  if (!has_code) {
    code = reply.status == 200 ? kUnavailable : code_of_http(reply.status);
    answer.problem = "what answers there is no server of gRPC: HTTP status " +
                     std::to_string(reply.status) + " without a grpc-status";
  } else if (code == kOk) {
    read_response(grpc_message(reply.body), items, answer);
    return answer;
  } else {
    const bool known = code > 0 && code < static_cast<int>(kCodes.size());
    answer.problem =
        with_words("it answers " + (known ? std::string(kCodes.at(static_cast<std::size_t>(code)))
                                          : "with gRPC status " + std::to_string(code)),
                   percent_decoded(reply.header("grpc-message")));
  }
  const RpcStatus details = read_rpc_status(decode_base64(reply.header("grpc-status-details-bin")));
  answer.wait = details.retry;
  if (is_retried(code) || (code == kResourceExhausted && details.has_retry))
    answer.fate = Fate::kAgain;
  else if (code == kResourceExhausted)
    answer.fate = Fate::kTooLarge;  // without a RetryInfo it is no matter of time
  else
    answer.fate = Fate::kRejected;
  return answer;
}

}  // namespace netprobe
