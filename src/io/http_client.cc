// SPDX-License-Identifier: Apache-2.0
#include "io/http_client.h"

#include <algorithm>
#include <cctype>

#include "io/curl_handles.h"

namespace netprobe {
namespace {

/// State of one transfer, as curl's callbacks see it.
struct Transfer {
  CURL* handle = nullptr;
  std::size_t max_body = 0;
  std::size_t max_line = 0;
  const std::function<bool(std::string_view)>* line = nullptr;
  const std::function<bool()>* pause = nullptr;
  const std::string* sent = nullptr;  ///< of a POST
  std::string content_type;           ///< of it
  const char* method = nullptr;       ///< where it is no GET or POST
  std::string token;                  ///< empty: none
  std::string body;                   ///< of a stream: the line that is not whole yet
  bool too_long = false;
  bool stopped = false;

  [[nodiscard]] bool streams() const {
    if (line == nullptr) return false;
    long status = 0;
    curl_easy_getinfo(handle, CURLINFO_RESPONSE_CODE, &status);
    return status == 200;
  }

  /// False where the transfer is to end.
  bool take_lines(std::string_view text) {
    if (!split_lines(text)) return false;
    stopped = !(*pause)();
    return !stopped;
  }

  bool split_lines(std::string_view text) {
    while (!text.empty()) {
      const auto end = text.find('\n');
      body += text.substr(0, end);
      if (body.size() > max_line) {
        too_long = true;
        return false;
      }
      if (end == std::string_view::npos) return true;
      text.remove_prefix(end + 1);
      if (body.ends_with('\r')) body.pop_back();
      if (!(*line)(body)) {
        stopped = true;
        return false;
      }
      body.clear();
    }
    return true;
  }
};

extern "C" std::size_t netprobe_curl_write(char* data, std::size_t size, std::size_t count,
                                           void* user) {
  auto& transfer = *static_cast<Transfer*>(user);
  const std::size_t bytes = size * count;
  if (transfer.streams()) return transfer.take_lines({data, bytes}) ? bytes : 0;
  if (transfer.body.size() + bytes > transfer.max_body) {
    transfer.too_long = true;
    return 0;
  }
  transfer.body.append(data, bytes);
  return bytes;
}

std::string media_type(const char* header) {
  std::string type(header == nullptr ? "" : header);
  type = type.substr(0, type.find(';'));
  while (type.ends_with(' ')) type.pop_back();
  std::ranges::transform(type, type.begin(), [](unsigned char c) { return std::tolower(c); });
  return type;
}

ErrorKind kind_of(CURLcode code) {
  switch (code) {
    case CURLE_COULDNT_CONNECT:
    case CURLE_COULDNT_RESOLVE_HOST:
      return ErrorKind::kNotFound;
    case CURLE_URL_MALFORMAT:
    case CURLE_UNSUPPORTED_PROTOCOL:
      return ErrorKind::kUsage;
    default:
      return ErrorKind::kFailed;
  }
}

}  // namespace

class HttpClient::Impl {
 public:
  explicit Impl(Options options) : options_(options) {
    init_curl();
    handle_.reset(curl_easy_init());
  }

  Result<HttpReply> run(const std::string& url, Transfer& transfer) {
    CURL* handle = handle_.get();
    if (handle == nullptr) return fail("libcurl could not start");
    char detail[CURL_ERROR_SIZE] = "";
    transfer.handle = handle;
    transfer.max_body = options_.max_body;
    transfer.max_line = options_.max_line;
    curl_easy_reset(handle);
    curl_easy_setopt(handle, CURLOPT_URL, url.c_str());
    curl_easy_setopt(handle, CURLOPT_PROTOCOLS_STR, "http,https");
    curl_easy_setopt(handle, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(handle, CURLOPT_ERRORBUFFER, detail);
    curl_easy_setopt(handle, CURLOPT_USERAGENT, "netprobe");
    curl_easy_setopt(handle, CURLOPT_CONNECTTIMEOUT_MS,
                     static_cast<long>(options_.connect_timeout / kMillisecond));
    if (transfer.line == nullptr) {
      curl_easy_setopt(handle, CURLOPT_TIMEOUT_MS,
                       static_cast<long>(options_.total_timeout / kMillisecond));
      curl_easy_setopt(handle, CURLOPT_ACCEPT_ENCODING, "");
    }
    CurlList headers;
    if (transfer.sent != nullptr) {
      append(headers, "Content-Type: " + transfer.content_type);
      curl_easy_setopt(handle, CURLOPT_POSTFIELDSIZE_LARGE,
                       static_cast<curl_off_t>(transfer.sent->size()));
      curl_easy_setopt(handle, CURLOPT_POSTFIELDS, transfer.sent->data());
    }
    if (transfer.method != nullptr)
      curl_easy_setopt(handle, CURLOPT_CUSTOMREQUEST, transfer.method);
    // A redirection is not followed, so the token goes nowhere else.
    if (!transfer.token.empty()) append(headers, "Authorization: Bearer " + transfer.token);
    if (headers) curl_easy_setopt(handle, CURLOPT_HTTPHEADER, headers.get());
    curl_easy_setopt(handle, CURLOPT_WRITEFUNCTION, netprobe_curl_write);
    curl_easy_setopt(handle, CURLOPT_WRITEDATA, &transfer);
    const CURLcode code = curl_easy_perform(handle);
    // The buffer goes with this call; the handle stays.
    curl_easy_setopt(handle, CURLOPT_ERRORBUFFER, nullptr);
    curl_easy_setopt(handle, CURLOPT_HTTPHEADER, nullptr);
    if (transfer.too_long) return fail(url + " answers with more than this client takes");
    if (code != CURLE_OK && !transfer.stopped) {
      const std::string why = detail[0] != '\0' ? detail : curl_easy_strerror(code);
      return fail(url + ": " + why, kind_of(code));
    }
    HttpReply reply;
    long status = 0;
    const char* type = nullptr;
    curl_easy_getinfo(handle, CURLINFO_RESPONSE_CODE, &status);
    curl_easy_getinfo(handle, CURLINFO_CONTENT_TYPE, &type);
    reply.status = static_cast<int>(status);
    reply.content_type = media_type(type);
    reply.body = std::move(transfer.body);
    return reply;
  }

 private:
  Options options_;
  CurlEasy handle_;
};

HttpClient::HttpClient(Options options) : impl_(std::make_unique<Impl>(options)) {}
HttpClient::HttpClient(HttpClient&&) noexcept = default;
HttpClient& HttpClient::operator=(HttpClient&&) noexcept = default;
HttpClient::~HttpClient() = default;

Result<HttpReply> HttpClient::get(const std::string& url) {
  Transfer transfer;
  return impl_->run(url, transfer);
}

Result<HttpReply> HttpClient::post(const std::string& url, const std::string& content_type,
                                   const std::string& body) {
  Transfer transfer;
  transfer.sent = &body;
  transfer.content_type = content_type;
  return impl_->run(url, transfer);
}

Result<HttpReply> HttpClient::send(const Change& change) {
  Transfer transfer;
  if (!change.body.empty()) {
    transfer.sent = &change.body;
    transfer.content_type = change.content_type;
  }
  transfer.method = change.method.c_str();
  transfer.token = change.token;
  return impl_->run(change.url, transfer);
}

Result<HttpReply> HttpClient::stream(const std::string& url,
                                     const std::function<bool(std::string_view)>& line,
                                     const std::function<bool()>& pause) {
  Transfer transfer;
  transfer.line = &line;
  transfer.pause = &pause;
  return impl_->run(url, transfer);
}

}  // namespace netprobe
