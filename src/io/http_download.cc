// SPDX-License-Identifier: Apache-2.0
#include "io/http_download.h"

#include <algorithm>
#include <atomic>
#include <cstdlib>

#include "io/curl_handles.h"
#include "io/http_message.h"

namespace netprobe {
namespace {

constexpr long kSlowest = 100;             // bytes a second
constexpr std::size_t kMostHeader = 1024;  // of those that are kept; longer ones are not
constexpr Nanos kMostRetryAfter = 86'400 * kSecond;
constexpr int kPollMillis = 1000;  // stop() wakes it sooner

struct Transfer {
  CURL* handle = nullptr;
  const std::function<bool(const DownloadReply&)>* begin = nullptr;
  const HttpDownload::Piece* piece = nullptr;
  std::uint64_t max_bytes = 0;
  std::uint64_t bytes = 0;
  DownloadReply reply;
  bool began = false;
  bool too_large = false;
  bool refused = false;  ///< by whom the pieces are for

  /// Once the last answer's header is whole.
  bool start() {
    if (began) return true;
    began = true;
    long status = 0;
    curl_easy_getinfo(handle, CURLINFO_RESPONSE_CODE, &status);
    reply.status = static_cast<int>(status);
    refused = reply.status == 200 && !(*begin)(reply);
    return !refused;
  }
};

extern "C" std::size_t netprobe_download_body(char* data, std::size_t size, std::size_t count,
                                              void* user) {
  auto& transfer = *static_cast<Transfer*>(user);
  const std::size_t bytes = size * count;
  if (!transfer.start()) return 0;
  transfer.bytes += bytes;
  if (transfer.bytes > transfer.max_bytes) {
    transfer.too_large = true;
    return 0;
  }
  if (transfer.reply.status != 200) return bytes;
  transfer.refused = !(*transfer.piece)({data, bytes});
  return transfer.refused ? 0 : bytes;
}

extern "C" std::size_t netprobe_download_header(char* data, std::size_t size, std::size_t count,
                                                void* user) {
  auto& transfer = *static_cast<Transfer*>(user);
  const std::size_t bytes = size * count;
  std::string_view line(data, bytes);
  while (!line.empty() && (line.back() == '\n' || line.back() == '\r' || line.back() == ' '))
    line.remove_suffix(1);
  if (line.starts_with("HTTP/")) transfer.reply.version = {};  // of a redirect before
  const auto colon = line.find(':');
  if (colon == std::string_view::npos || line.size() > kMostHeader) return bytes;
  std::string_view value = line.substr(colon + 1);
  value.remove_prefix(std::min(value.find_first_not_of(" \t"), value.size()));
  const std::string_view name = line.substr(0, colon);
  if (equals_ignoring_case(name, "etag")) transfer.reply.version.etag = value;
  if (equals_ignoring_case(name, "last-modified")) transfer.reply.version.last_modified = value;
  return bytes;
}

}  // namespace

class HttpDownload::Impl {
 public:
  Impl() {
    init_curl();
    easy_.reset(curl_easy_init());
    multi_.reset(curl_multi_init());
    if (!easy_ || !multi_) std::abort();  // out of memory
  }

  Result<DownloadReply> get(const std::string& url, const DocumentVersion& known,
                            const HttpDownloadOptions& options,
                            const std::function<bool(const DownloadReply&)>& begin,
                            const Piece& piece) {
    Transfer transfer{.handle = easy_.get(),
                      .begin = &begin,
                      .piece = &piece,
                      .max_bytes = options.max_bytes,
                      .reply = {}};
    set_up(transfer, url, known, options);
    curl_multi_add_handle(multi_.get(), easy_.get());
    const CURLcode code = run();
    auto reply = judge(transfer, code, options);
    curl_multi_remove_handle(multi_.get(), easy_.get());
    curl_easy_setopt(easy_.get(), CURLOPT_ERRORBUFFER, nullptr);
    return reply;
  }
  void stop() {
    stopped_ = true;
    curl_multi_wakeup(multi_.get());
  }

 private:
  void set_up(Transfer& transfer, const std::string& url, const DocumentVersion& known,
              const HttpDownloadOptions& options) {
    CURL* handle = easy_.get();
    curl_easy_reset(handle);
    detail_[0] = '\0';
    curl_easy_setopt(handle, CURLOPT_URL, url.c_str());
    curl_easy_setopt(handle, CURLOPT_PROTOCOLS_STR, "http,https");
    // What was fetched safely is not to come from somewhere unsafe in the end.
    curl_easy_setopt(handle, CURLOPT_REDIR_PROTOCOLS_STR,
                     url.starts_with("https:") ? "https" : "http,https");
    // Headers are secrets of one server; libcurl would send them on to the next.
    const bool follows = options.headers.empty() && options.max_redirects > 0;
    curl_easy_setopt(handle, CURLOPT_FOLLOWLOCATION, follows ? 1L : 0L);
    curl_easy_setopt(handle, CURLOPT_MAXREDIRS, options.max_redirects);
    curl_easy_setopt(handle, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(handle, CURLOPT_QUICK_EXIT, 1L);
    curl_easy_setopt(handle, CURLOPT_ERRORBUFFER, detail_);
    curl_easy_setopt(handle, CURLOPT_USERAGENT, "netprobe");
    curl_easy_setopt(handle, CURLOPT_ACCEPT_ENCODING, "");
    curl_easy_setopt(handle, CURLOPT_CONNECTTIMEOUT_MS,
                     static_cast<long>(options.connect_timeout / kMillisecond));
    curl_easy_setopt(handle, CURLOPT_TIMEOUT_MS,
                     static_cast<long>(options.total_timeout / kMillisecond));
    curl_easy_setopt(handle, CURLOPT_LOW_SPEED_LIMIT, kSlowest);
    curl_easy_setopt(handle, CURLOPT_LOW_SPEED_TIME,
                     static_cast<long>(options.stalled_timeout / kSecond));
    if (!options.ca_file.empty()) curl_easy_setopt(handle, CURLOPT_CAINFO, options.ca_file.c_str());
    headers_.reset();
    for (const std::string& header : options.headers) append(headers_, header);
    if (!known.etag.empty()) append(headers_, "If-None-Match: " + known.etag);
    if (!known.last_modified.empty()) append(headers_, "If-Modified-Since: " + known.last_modified);
    curl_easy_setopt(handle, CURLOPT_HTTPHEADER, headers_.get());
    curl_easy_setopt(handle, CURLOPT_WRITEFUNCTION, netprobe_download_body);
    curl_easy_setopt(handle, CURLOPT_WRITEDATA, &transfer);
    curl_easy_setopt(handle, CURLOPT_HEADERFUNCTION, netprobe_download_header);
    curl_easy_setopt(handle, CURLOPT_HEADERDATA, &transfer);
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

  Result<DownloadReply> judge(Transfer& transfer, CURLcode code,
                              const HttpDownloadOptions& options) {
    if (transfer.too_large)
      return fail("it is larger than " + std::to_string(options.max_bytes) + " bytes");
    if (transfer.refused) return fail("it was not taken");
    if (code == CURLE_ABORTED_BY_CALLBACK) return fail("stopped");
    if (code != CURLE_OK) {
      const bool nobody = code == CURLE_COULDNT_CONNECT || code == CURLE_COULDNT_RESOLVE_HOST;
      return fail(detail_[0] != '\0' ? detail_ : curl_easy_strerror(code),
                  nobody ? ErrorKind::kNotFound : ErrorKind::kFailed);
    }
    // A body without a byte in it.
    if (!transfer.start()) return fail("it was not taken");
    curl_off_t wait = 0;
    curl_easy_getinfo(easy_.get(), CURLINFO_RETRY_AFTER, &wait);
    transfer.reply.retry_after = std::clamp<Nanos>(wait, 0, kMostRetryAfter / kSecond) * kSecond;
    return transfer.reply;
  }

  CurlEasy easy_;
  CurlMulti multi_;
  CurlList headers_;
  std::atomic<bool> stopped_ = false;
  char detail_[CURL_ERROR_SIZE] = "";
};

HttpDownload::HttpDownload() : impl_(std::make_unique<Impl>()) {}
HttpDownload::~HttpDownload() = default;
Result<DownloadReply> HttpDownload::get(const std::string& url, const DocumentVersion& known,
                                        const HttpDownloadOptions& options,
                                        const std::function<bool(const DownloadReply&)>& begin,
                                        const Piece& piece) {
  return impl_->get(url, known, options, begin, piece);
}
void HttpDownload::stop() { impl_->stop(); }

}  // namespace netprobe
