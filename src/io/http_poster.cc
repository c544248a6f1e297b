// SPDX-License-Identifier: Apache-2.0
#include "io/http_poster.h"

#include <algorithm>
#include <atomic>
#include <cctype>
#include <cstdlib>

#include "io/curl_handles.h"

namespace netprobe {
namespace {

constexpr int kPollMillis = 1000;  // stop() wakes it sooner
constexpr std::size_t kMostHeaders = 100;
constexpr std::size_t kMostHeader = 16U << 10U;  // bytes of one; a status of gRPC may be in it
constexpr Nanos kMostRetryAfter = 86'400 * kSecond;

struct Transfer {
  PostReply reply;
  std::size_t most_body = 0;
};

extern "C" std::size_t netprobe_post_body(char* data, std::size_t size, std::size_t count,
                                          void* user) {
  auto& transfer = *static_cast<Transfer*>(user);
  const std::size_t bytes = size * count;
  auto& body = transfer.reply.body;
  body.append(data, std::min(bytes, transfer.most_body - body.size()));
  return bytes;
}

std::string_view trimmed(std::string_view text) {
  while (!text.empty() && std::isspace(static_cast<unsigned char>(text.front())) != 0)
    text.remove_prefix(1);
  while (!text.empty() && std::isspace(static_cast<unsigned char>(text.back())) != 0)
    text.remove_suffix(1);
  return text;
}

extern "C" std::size_t netprobe_post_header(char* data, std::size_t size, std::size_t count,
                                            void* user) {
  auto& transfer = *static_cast<Transfer*>(user);
  const std::size_t bytes = size * count;
  const std::string_view line(data, bytes);
  auto& headers = transfer.reply.headers;
  if (line.starts_with("HTTP/")) headers.clear();  // of "100 Continue", of an attempt before
  const auto colon = line.find(':');
  if (colon == std::string_view::npos || colon == 0) return bytes;
  if (headers.size() >= kMostHeaders || bytes > kMostHeader) return bytes;
  std::string name(line.substr(0, colon));
  std::ranges::transform(name, name.begin(), [](unsigned char c) { return std::tolower(c); });
  headers.emplace_back(std::move(name), trimmed(line.substr(colon + 1)));
  return bytes;
}

bool never_left(CURLcode code) {
  switch (code) {
    case CURLE_COULDNT_CONNECT:
    case CURLE_COULDNT_RESOLVE_HOST:
    case CURLE_COULDNT_RESOLVE_PROXY:
    case CURLE_SSL_CONNECT_ERROR:
    case CURLE_SSL_CERTPROBLEM:
    case CURLE_PEER_FAILED_VERIFICATION:
    case CURLE_SSL_CACERT_BADFILE:
    case CURLE_SSL_ISSUER_ERROR:
      return true;
    default:
      return false;
  }
}

/// libcurl before 8.0 fails the second request on a connection of HTTP/2 that began by
/// prior knowledge ("Error in the HTTP2 framing layer"): each gets its own.
bool breaks_prior_knowledge() {
  constexpr unsigned kMended = 0x080000;
  return curl_version_info(CURLVERSION_NOW)->version_num < kMended;
}

}  // namespace

std::string_view PostReply::header(std::string_view name) const {
  const auto found = std::ranges::find(headers, name, &std::pair<std::string, std::string>::first);
  return found == headers.end() ? std::string_view() : std::string_view(found->second);
}

class HttpPoster::Impl {
 public:
  explicit Impl(HttpPosterOptions options) : options_(std::move(options)) {
    init_curl();
    easy_.reset(curl_easy_init());
    multi_.reset(curl_multi_init());
    if (!easy_ || !multi_) std::abort();  // out of memory
  }

  PostReply post(const std::string& url, const std::vector<std::string>& headers,
                 std::string_view body) {
    Transfer transfer{.reply = {}, .most_body = options_.most_body};
    set_up(transfer, url, headers, body);
    curl_multi_add_handle(multi_.get(), easy_.get());
    const CURLcode code = run();
    judge(transfer.reply, code, url);
    curl_multi_remove_handle(multi_.get(), easy_.get());
    curl_easy_setopt(easy_.get(), CURLOPT_ERRORBUFFER, nullptr);
    return std::move(transfer.reply);
  }

  void stop() {
    stopped_ = true;
    curl_multi_wakeup(multi_.get());
  }

 private:
  void set_up(Transfer& transfer, const std::string& url, const std::vector<std::string>& headers,
              std::string_view body) {
    CURL* handle = easy_.get();
    curl_easy_reset(handle);
    detail_[0] = '\0';
    curl_easy_setopt(handle, CURLOPT_URL, url.c_str());
    curl_easy_setopt(handle, CURLOPT_PROTOCOLS_STR, "http,https");
    curl_easy_setopt(handle, CURLOPT_HTTP_VERSION, version_of(url));
    curl_easy_setopt(handle, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(handle, CURLOPT_QUICK_EXIT, 1L);
    curl_easy_setopt(handle, CURLOPT_ERRORBUFFER, detail_);
    curl_easy_setopt(handle, CURLOPT_USERAGENT, "netprobe-agent");
    curl_easy_setopt(handle, CURLOPT_TCP_NODELAY, 1L);
    curl_easy_setopt(handle, CURLOPT_UPLOAD_BUFFERSIZE, 256L * 1024);
    curl_easy_setopt(handle, CURLOPT_TIMEOUT_MS,
                     static_cast<long>(options_.timeout / kMillisecond));
    const bool once =
        options_.once || (options_.http2 && !url.starts_with("https:") && breaks_prior_knowledge());
    curl_easy_setopt(handle, CURLOPT_FRESH_CONNECT, once ? 1L : 0L);
    curl_easy_setopt(handle, CURLOPT_FORBID_REUSE, once ? 1L : 0L);
    set_tls(handle);
    headers_.reset();
    // A server that waits for "100 Continue" would cost a round trip each time.
    append(headers_, "Expect:");
    for (const std::string& header : headers) append(headers_, header);
    curl_easy_setopt(handle, CURLOPT_HTTPHEADER, headers_.get());
    curl_easy_setopt(handle, CURLOPT_POST, 1L);
    curl_easy_setopt(handle, CURLOPT_POSTFIELDSIZE_LARGE, static_cast<curl_off_t>(body.size()));
    curl_easy_setopt(handle, CURLOPT_POSTFIELDS, body.data());
    curl_easy_setopt(handle, CURLOPT_WRITEFUNCTION, netprobe_post_body);
    curl_easy_setopt(handle, CURLOPT_WRITEDATA, &transfer);
    curl_easy_setopt(handle, CURLOPT_HEADERFUNCTION, netprobe_post_header);
    curl_easy_setopt(handle, CURLOPT_HEADERDATA, &transfer);
  }

  [[nodiscard]] long version_of(const std::string& url) const {
    if (!options_.http2) return CURL_HTTP_VERSION_1_1;
    return url.starts_with("https:") ? CURL_HTTP_VERSION_2TLS : CURL_HTTP_VERSION_2_PRIOR_KNOWLEDGE;
  }

  void set_tls(CURL* handle) {
    const auto set = [&](CURLoption option, const std::string& path) {
      if (!path.empty()) curl_easy_setopt(handle, option, path.c_str());
    };
    set(CURLOPT_CAINFO, options_.ca_file);
    set(CURLOPT_SSLCERT, options_.certificate_file);
    set(CURLOPT_SSLKEY, options_.key_file);
    curl_easy_setopt(handle, CURLOPT_SSL_VERIFYPEER, options_.insecure ? 0L : 1L);
    curl_easy_setopt(handle, CURLOPT_SSL_VERIFYHOST, options_.insecure ? 0L : 2L);
  }

  CURLcode run() {
    for (;;) {
      if (stopped_) return CURLE_ABORTED_BY_CALLBACK;
      int running = 0;
      curl_multi_perform(multi_.get(), &running);
      int left = 0;
      while (const CURLMsg* message = curl_multi_info_read(multi_.get(), &left))
        if (message->msg == CURLMSG_DONE) return message->data.result;
      curl_multi_poll(multi_.get(), nullptr, 0, kPollMillis, nullptr);
    }
  }

  void judge(PostReply& reply, CURLcode code, const std::string& url) {
    using enum PostReply::Failure;
    long status = 0;
    long version = 0;
    curl_off_t wait = 0;
    curl_off_t sent = 0;
    curl_easy_getinfo(easy_.get(), CURLINFO_RESPONSE_CODE, &status);
    curl_easy_getinfo(easy_.get(), CURLINFO_HTTP_VERSION, &version);
    curl_easy_getinfo(easy_.get(), CURLINFO_RETRY_AFTER, &wait);
    curl_easy_getinfo(easy_.get(), CURLINFO_SIZE_UPLOAD_T, &sent);
    reply.status = static_cast<int>(status);
    reply.bytes = sent > 0 ? static_cast<std::uint64_t>(sent) : 0;
    // Beyond a day it is a mistake of the server's clock or ours.
    reply.retry_after = std::clamp<Nanos>(wait, 0, kMostRetryAfter / kSecond) * kSecond;
    if (code == CURLE_ABORTED_BY_CALLBACK) {
      reply.failure = kStopped;
      reply.error = "stopped";
    } else if (code != CURLE_OK) {
      reply.failure = never_left(code) ? kUnreachable : kBroken;
      reply.error = url + ": " + (detail_[0] != '\0' ? detail_ : curl_easy_strerror(code));
    } else if (options_.http2 && version != CURL_HTTP_VERSION_2) {
      reply.failure = kBroken;
      reply.error = url + " does not speak HTTP/2, which gRPC needs";
    }
  }

  HttpPosterOptions options_;
  CurlEasy easy_;
  CurlMulti multi_;
  CurlList headers_;
  std::atomic<bool> stopped_ = false;
  char detail_[CURL_ERROR_SIZE] = "";
};

HttpPoster::HttpPoster(HttpPosterOptions options)
    : impl_(std::make_unique<Impl>(std::move(options))) {}
HttpPoster::~HttpPoster() = default;
PostReply HttpPoster::post(const std::string& url, const std::vector<std::string>& headers,
                           std::string_view body) {
  return impl_->post(url, headers, body);
}
void HttpPoster::stop() { impl_->stop(); }

}  // namespace netprobe
