// SPDX-License-Identifier: Apache-2.0
#include "store/clickhouse/http.h"

#include <curl/curl.h>

#include <algorithm>
#include <charconv>
#include <cstring>

#include "io/curl_handles.h"
#include "io/url.h"

namespace netprobe {
namespace {

constexpr int kPollMillis = 50;  // how soon a cancelled request is noticed
constexpr std::size_t kMostErrorBody = 64U << 10U;

struct Transfer {
  const ClickHouseRequest* request = nullptr;
  ClickHouseReply reply;
  std::size_t piece = 0;   ///< of the body, the next one
  std::size_t offset = 0;  ///< in it
  bool too_long = false;
  CURL* handle = nullptr;
};

extern "C" std::size_t netprobe_clickhouse_write(char* data, std::size_t size, std::size_t count,
                                                 void* user) {
  auto& transfer = *static_cast<Transfer*>(user);
  const std::size_t bytes = size * count;
  long status = 0;
  curl_easy_getinfo(transfer.handle, CURLINFO_RESPONSE_CODE, &status);
  auto& body = transfer.reply.body;
  const std::size_t most = status == 200 ? transfer.request->most : kMostErrorBody;
  if (body.size() + bytes > most) {
    transfer.too_long = true;
    return 0;
  }
  body.append(data, bytes);
  return bytes;
}

extern "C" std::size_t netprobe_clickhouse_read(char* data, std::size_t size, std::size_t count,
                                                void* user) {
  auto& transfer = *static_cast<Transfer*>(user);
  const auto& pieces = transfer.request->body;
  std::size_t room = size * count;
  std::size_t copied = 0;
  while (room > 0 && transfer.piece < pieces.size()) {
    const auto rest = pieces[transfer.piece].substr(transfer.offset);
    const std::size_t now = std::min(room, rest.size());
    std::memcpy(data + copied, rest.data(), now);
    copied += now;
    room -= now;
    transfer.offset += now;
    if (now == rest.size()) {
      ++transfer.piece;
      transfer.offset = 0;
    }
  }
  return copied;
}

bool never_left(CURLcode code) {
  switch (code) {
    case CURLE_COULDNT_CONNECT:
    case CURLE_COULDNT_RESOLVE_HOST:
    case CURLE_COULDNT_RESOLVE_PROXY:
    case CURLE_SSL_CONNECT_ERROR:
    case CURLE_PEER_FAILED_VERIFICATION:
    case CURLE_SSL_CACERT_BADFILE:
    case CURLE_SSL_ISSUER_ERROR:
      return true;
    default:
      return false;
  }
}

}  // namespace

int clickhouse_error_code(std::string_view text) {
  constexpr std::string_view kCode = "Code: ";
  const auto at = text.find(kCode);
  int code = 0;
  if (at == std::string_view::npos) return code;
  const auto digits = text.substr(at + kCode.size());
  std::from_chars(digits.data(), digits.data() + digits.size(), code);
  return code;
}

std::string clickhouse_error_text(std::string_view text) {
  constexpr std::size_t kMost = 300;
  constexpr std::string_view kDisplay = "DB::Exception: ";
  if (const auto at = text.find(kDisplay); at != std::string_view::npos)
    text.remove_prefix(at + kDisplay.size());
  if (const auto end = text.find(", e.what()"); end != std::string_view::npos)
    text = text.substr(0, end);
  text = text.substr(0, text.find('\n'));
  // Bytes of any kind may be in it; it goes to logs and answers.
  std::string out;
  for (const char c : text.substr(0, kMost))
    out += static_cast<unsigned char>(c) < 0x20 || static_cast<unsigned char>(c) >= 0x7f ? '?' : c;
  return out;
}

class ClickHouseHttp::Impl {
 public:
  explicit Impl(const ClickHouseOptions& options) : options_(options) {
    init_curl();
    easy_.reset(curl_easy_init());
    multi_.reset(curl_multi_init());
    if (!easy_ || !multi_) std::abort();  // out of memory
  }

  ClickHouseReply ask(const ClickHouseRequest& request) {
    Transfer transfer{.request = &request, .handle = easy_.get()};
    auto& reply = transfer.reply;
    // Anew each time: a password in a file may be another one by now.
    auto target = clickhouse_target(options_);
    if (!target) {
      reply.failure = ClickHouseReply::Failure::kUnreachable;
      reply.error = target.error().message;
      return reply;
    }
    set_up(transfer, *target);
    curl_multi_add_handle(multi_.get(), easy_.get());
    const auto code = run(request);
    curl_multi_remove_handle(multi_.get(), easy_.get());
    curl_easy_setopt(easy_.get(), CURLOPT_ERRORBUFFER, nullptr);
    judge(transfer, code, target->base);
    return std::move(reply);
  }

 private:
  static std::string url_of(const ClickHouseRequest& request, const ClickHouseTarget& target) {
    std::string url = target.base;
    char before = '?';
    const auto add = [&](std::string_view name, std::string_view value) {
      url += before;
      url += name;
      url += '=';
      url += percent_encode(value);
      before = '&';
    };
    for (const auto& [name, value] : request.params) add(name, value);
    if (!request.body.empty()) add("query", request.sql);
    return url;
  }

  void set_up(Transfer& transfer, const ClickHouseTarget& target) {
    const ClickHouseRequest& request = *transfer.request;
    CURL* handle = easy_.get();
    curl_easy_reset(handle);
    detail_[0] = '\0';
    curl_easy_setopt(handle, CURLOPT_URL, url_of(request, target).c_str());
    curl_easy_setopt(handle, CURLOPT_PROTOCOLS_STR, "http,https");
    curl_easy_setopt(handle, CURLOPT_HTTP_VERSION, CURL_HTTP_VERSION_1_1);
    curl_easy_setopt(handle, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(handle, CURLOPT_QUICK_EXIT, 1L);
    curl_easy_setopt(handle, CURLOPT_ERRORBUFFER, detail_);
    curl_easy_setopt(handle, CURLOPT_USERAGENT, "netprobe");
    curl_easy_setopt(handle, CURLOPT_TCP_NODELAY, 1L);
    curl_easy_setopt(handle, CURLOPT_CONNECTTIMEOUT_MS,
                     static_cast<long>(options_.connect_timeout / kMillisecond));
    curl_easy_setopt(handle, CURLOPT_TIMEOUT_MS, static_cast<long>(request.timeout / kMillisecond));
    curl_easy_setopt(handle, CURLOPT_FRESH_CONNECT, request.once ? 1L : 0L);
    curl_easy_setopt(handle, CURLOPT_FORBID_REUSE, request.once ? 1L : 0L);
    curl_easy_setopt(handle, CURLOPT_HTTPAUTH, CURLAUTH_BASIC);
    curl_easy_setopt(handle, CURLOPT_USERNAME, target.user.c_str());
    curl_easy_setopt(handle, CURLOPT_PASSWORD, target.password.c_str());
    if (!options_.ca_file.empty())
      curl_easy_setopt(handle, CURLOPT_CAINFO, options_.ca_file.c_str());
    curl_easy_setopt(handle, CURLOPT_SSL_VERIFYPEER, options_.insecure ? 0L : 1L);
    curl_easy_setopt(handle, CURLOPT_SSL_VERIFYHOST, options_.insecure ? 0L : 2L);
    // A server that waits for "100 Continue" would cost a round trip each time.
    headers_.reset();
    append(headers_, "Expect:");
    curl_easy_setopt(handle, CURLOPT_POST, 1L);
    if (request.body.empty()) {
      append(headers_, "Content-Type: text/plain");
      curl_easy_setopt(handle, CURLOPT_POSTFIELDSIZE_LARGE,
                       static_cast<curl_off_t>(request.sql.size()));
      curl_easy_setopt(handle, CURLOPT_POSTFIELDS, request.sql.data());
    } else {
      append(headers_, "Content-Type: application/octet-stream");
      append(headers_, "Content-Encoding: gzip");
      curl_off_t size = 0;
      for (const auto piece : request.body) size += static_cast<curl_off_t>(piece.size());
      curl_easy_setopt(handle, CURLOPT_POSTFIELDSIZE_LARGE, size);
      curl_easy_setopt(handle, CURLOPT_READFUNCTION, netprobe_clickhouse_read);
      curl_easy_setopt(handle, CURLOPT_READDATA, &transfer);
    }
    curl_easy_setopt(handle, CURLOPT_HTTPHEADER, headers_.get());
    curl_easy_setopt(handle, CURLOPT_WRITEFUNCTION, netprobe_clickhouse_write);
    curl_easy_setopt(handle, CURLOPT_WRITEDATA, &transfer);
  }

  /// CURLE_ABORTED_BY_CALLBACK: cancelled.
  CURLcode run(const ClickHouseRequest& request) {
    for (;;) {
      int running = 0;
      curl_multi_perform(multi_.get(), &running);
      int left = 0;
      while (const CURLMsg* message = curl_multi_info_read(multi_.get(), &left))
        if (message->msg == CURLMSG_DONE) return message->data.result;
      if (request.cancelled && request.cancelled()) return CURLE_ABORTED_BY_CALLBACK;
      curl_multi_poll(multi_.get(), nullptr, 0, kPollMillis, nullptr);
    }
  }

  void judge(Transfer& transfer, CURLcode code, const std::string& where) {
    using enum ClickHouseReply::Failure;
    auto& reply = transfer.reply;
    long status = 0;
    curl_easy_getinfo(easy_.get(), CURLINFO_RESPONSE_CODE, &status);
    reply.status = static_cast<int>(status);
    if (transfer.too_long && status == 200) {
      reply.failure = kTooLong;
      reply.error = where + " answers with more than this agent takes";
    } else if (code == CURLE_ABORTED_BY_CALLBACK) {
      reply.failure = kCancelled;
      reply.error = "cancelled";
    } else if (code != CURLE_OK && !transfer.too_long) {
      reply.failure = never_left(code) ? kUnreachable : kBroken;
      reply.error = where + ": " + (detail_[0] != '\0' ? detail_ : curl_easy_strerror(code));
    } else if (status != 200) {
      reply.code = clickhouse_error_code(reply.body);
      reply.error =
          where + " answers " + std::to_string(status) + ": " + clickhouse_error_text(reply.body);
    }
  }

  const ClickHouseOptions& options_;
  CurlEasy easy_;
  CurlMulti multi_;
  CurlList headers_;
  char detail_[CURL_ERROR_SIZE] = "";
};

ClickHouseHttp::ClickHouseHttp(const ClickHouseOptions& options)
    : impl_(std::make_unique<Impl>(options)) {}
ClickHouseHttp::~ClickHouseHttp() = default;
ClickHouseReply ClickHouseHttp::ask(const ClickHouseRequest& request) {
  return impl_->ask(request);
}

}  // namespace netprobe
