// SPDX-License-Identifier: Apache-2.0
#include "kube/client/transport.h"

#include <curl/curl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include <algorithm>
#include <cstdlib>
#include <map>
#include <memory>
#include <vector>

#include "io/curl_handles.h"

namespace netprobe::kube {
namespace {

/// Of an answer that tells why not.
constexpr std::size_t kMostErrorBody = 64U << 10U;
/// What each connection may hold back before it is taken: curl's default.
constexpr long kBufferBytes = 16L << 10U;

/// One request on its way.
struct Transfer {
  Request request;
  Outcome outcome;
  CurlEasy handle;
  CurlList headers;
  CurlList connect_to;
  char detail[CURL_ERROR_SIZE] = "";
  Nanos keepalive = 0;
  bool* called = nullptr;  ///< set when a callback was
  bool refused = false;
};

extern "C" std::size_t netprobe_kube_write(char* data, std::size_t size, std::size_t count,
                                           void* user) {
  auto& transfer = *static_cast<Transfer*>(user);
  const std::size_t bytes = size * count;
  transfer.outcome.bytes += bytes;
  *transfer.called = true;
  if (transfer.outcome.status == 200) {
    if (transfer.request.on_data({data, bytes})) return bytes;
    transfer.refused = true;
    return 0;
  }
  auto& body = transfer.outcome.body;
  body.append(data, std::min(bytes, kMostErrorBody - std::min(body.size(), kMostErrorBody)));
  // An endless error page is not waited for.
  if (transfer.outcome.bytes <= kMostErrorBody) return bytes;
  transfer.refused = true;
  return 0;
}

extern "C" std::size_t netprobe_kube_header(char* data, std::size_t size, std::size_t count,
                                            void* user) {
  auto& transfer = *static_cast<Transfer*>(user);
  const std::string_view line(data, size * count);
  if (!line.starts_with('\r') && !line.starts_with('\n')) return line.size();
  long status = 0;
  curl_easy_getinfo(transfer.handle.get(), CURLINFO_RESPONSE_CODE, &status);
  // Interim answers have heads of their own.
  if (status < 200 || transfer.outcome.status != 0) return line.size();
  transfer.outcome.status = static_cast<int>(status);
  *transfer.called = true;
  if (transfer.request.on_begin) transfer.request.on_begin(transfer.outcome.status);
  return line.size();
}

/// libcurl sets when probes begin and how far apart they are, not how many are
/// enough; and data that nobody acknowledges is no reason to wait longer.
extern "C" int netprobe_kube_socket(void* user, curl_socket_t socket, curlsocktype) {
  const auto keepalive = *static_cast<const Nanos*>(user);
  const int probes = 3;
  const int user_timeout = static_cast<int>(3 * keepalive / kMillisecond);
  (void)::setsockopt(socket, IPPROTO_TCP, TCP_KEEPCNT, &probes, sizeof(probes));
  (void)::setsockopt(socket, IPPROTO_TCP, TCP_USER_TIMEOUT, &user_timeout, sizeof(user_timeout));
  return CURL_SOCKOPT_OK;
}

Outcome::Failure failure_of(CURLcode code) {
  switch (code) {
    case CURLE_OK:
      return Outcome::Failure::kNone;
    case CURLE_COULDNT_CONNECT:
    case CURLE_COULDNT_RESOLVE_HOST:
    case CURLE_COULDNT_RESOLVE_PROXY:
      return Outcome::Failure::kUnreachable;
    case CURLE_SSL_CONNECT_ERROR:
    case CURLE_PEER_FAILED_VERIFICATION:
    case CURLE_SSL_CERTPROBLEM:
    case CURLE_SSL_CACERT_BADFILE:
    case CURLE_SSL_ISSUER_ERROR:
      return Outcome::Failure::kTls;
    default:
      return Outcome::Failure::kBroken;
  }
}

/// "https://host:port/x" in its parts; brackets stay around IPv6.
struct UrlParts {
  std::string scheme;
  std::string host;
  std::string port;  ///< empty: the scheme's
  std::string path;
};
UrlParts split(const std::string& url) {
  UrlParts parts;
  const auto scheme = url.find("://");
  parts.scheme = url.substr(0, scheme);
  const auto begin = scheme + 3;
  const auto slash = std::min(url.find('/', begin), url.size());
  const std::string authority = url.substr(begin, slash - begin);
  parts.path = url.substr(slash);
  const auto colon = authority.rfind(':');
  const bool has_port = colon != std::string::npos && !authority.substr(colon).contains(']');
  parts.host = authority.substr(0, has_port ? colon : std::string::npos);
  if (has_port) parts.port = authority.substr(colon + 1);
  return parts;
}

void set_blob(CURL* handle, CURLoption option, const std::string& text) {
  // Not copied: whoever has the handle has the text.
  curl_blob blob{const_cast<char*>(text.data()), text.size(), CURL_BLOB_COPY};
  curl_easy_setopt(handle, option, &blob);
}

}  // namespace

class Transport::Impl {
 public:
  explicit Impl(Options options) : options_(std::move(options)) {
    init_curl();
    multi_.reset(curl_multi_init());
    if (!multi_) std::abort();  // out of memory
    curl_multi_setopt(multi_.get(), CURLMOPT_PIPELINING, CURLPIPE_MULTIPLEX);
  }

  ~Impl() { cancel_all(); }

  void set_server(ServerConfig config, Credentials credentials) {
    config_ = std::move(config);
    credentials_ = std::move(credentials);
  }

  Id start(Request request) {
    auto transfer = std::make_unique<Transfer>();
    transfer->request = std::move(request);
    transfer->handle.reset(curl_easy_init());
    if (!transfer->handle) std::abort();  // out of memory
    transfer->called = &called_;
    set_up(*transfer);
    curl_multi_add_handle(multi_.get(), transfer->handle.get());
    const Id id = ++last_id_;
    transfers_.emplace(id, std::move(transfer));
    return id;
  }

  void cancel(Id id) {
    const auto found = transfers_.find(id);
    if (found == transfers_.end()) return;
    curl_multi_remove_handle(multi_.get(), found->second->handle.get());
    transfers_.erase(found);
  }

  void cancel_all() {
    while (!transfers_.empty()) cancel(transfers_.begin()->first);
  }

  bool run() {
    called_ = false;
    int running = 0;
    curl_multi_perform(multi_.get(), &running);
    int left = 0;
    while (const CURLMsg* message = curl_multi_info_read(multi_.get(), &left))
      if (message->msg == CURLMSG_DONE) finish(message->easy_handle, message->data.result);
    return called_;
  }

  void wait(Nanos timeout, std::span<const int> descriptors) {
    std::vector<curl_waitfd> extra;
    extra.reserve(descriptors.size());
    for (const int fd : descriptors) extra.push_back({fd, CURL_WAIT_POLLIN, 0});
    curl_multi_poll(multi_.get(), extra.data(), static_cast<unsigned>(extra.size()),
                    static_cast<int>(std::max<Nanos>(timeout / kMillisecond, 0)), nullptr);
  }

  void wake() { curl_multi_wakeup(multi_.get()); }

 private:
  void set_up(Transfer& transfer) {
    CURL* handle = transfer.handle.get();
    transfer.keepalive = options_.keepalive;
    curl_easy_setopt(handle, CURLOPT_PROTOCOLS_STR, "http,https");
    curl_easy_setopt(handle, CURLOPT_NOSIGNAL, 1L);
    // A name server that does not answer must not hold stop().
    curl_easy_setopt(handle, CURLOPT_QUICK_EXIT, 1L);
    curl_easy_setopt(handle, CURLOPT_ERRORBUFFER, transfer.detail);
    curl_easy_setopt(handle, CURLOPT_USERAGENT, options_.user_agent.c_str());
    curl_easy_setopt(handle, CURLOPT_BUFFERSIZE, kBufferBytes);
    curl_easy_setopt(handle, CURLOPT_HTTP_VERSION,
                     options_.http2 ? CURL_HTTP_VERSION_2TLS : CURL_HTTP_VERSION_1_1);
    if (options_.http2) curl_easy_setopt(handle, CURLOPT_PIPEWAIT, 1L);
    curl_easy_setopt(handle, CURLOPT_CONNECTTIMEOUT_MS,
                     static_cast<long>(options_.connect_timeout / kMillisecond));
    const long probe = static_cast<long>(std::max(options_.keepalive, 2 * kSecond) / kSecond);
    curl_easy_setopt(handle, CURLOPT_TCP_KEEPALIVE, 1L);
    curl_easy_setopt(handle, CURLOPT_TCP_KEEPIDLE, probe);
    curl_easy_setopt(handle, CURLOPT_TCP_KEEPINTVL, std::max(probe / 2, 1L));
    curl_easy_setopt(handle, CURLOPT_SOCKOPTFUNCTION, netprobe_kube_socket);
    curl_easy_setopt(handle, CURLOPT_SOCKOPTDATA, &transfer.keepalive);
    const auto& request = transfer.request;
    if (request.total_timeout != 0)
      curl_easy_setopt(handle, CURLOPT_TIMEOUT_MS,
                       static_cast<long>(request.total_timeout / kMillisecond));
    if (request.silence != 0) {
      curl_easy_setopt(handle, CURLOPT_LOW_SPEED_LIMIT, 1L);
      curl_easy_setopt(handle, CURLOPT_LOW_SPEED_TIME,
                       static_cast<long>(std::max(request.silence, kSecond) / kSecond));
    }
    if (request.compressed) curl_easy_setopt(handle, CURLOPT_ACCEPT_ENCODING, "gzip");
    curl_easy_setopt(handle, CURLOPT_WRITEFUNCTION, netprobe_kube_write);
    curl_easy_setopt(handle, CURLOPT_WRITEDATA, &transfer);
    curl_easy_setopt(handle, CURLOPT_HEADERFUNCTION, netprobe_kube_header);
    curl_easy_setopt(handle, CURLOPT_HEADERDATA, &transfer);
    // What a proxy says to CONNECT is not the server's answer.
    curl_easy_setopt(handle, CURLOPT_SUPPRESS_CONNECT_HEADERS, 1L);
    set_up_server(transfer);
    set_up_user(transfer);
  }

  void set_up_server(Transfer& transfer) const {
    CURL* handle = transfer.handle.get();
    append(transfer.headers, "Accept: " + transfer.request.accept);
    if (config_.tls_server_name.empty() || !config_.url.starts_with("https://")) {
      curl_easy_setopt(handle, CURLOPT_URL, (config_.url + transfer.request.path).c_str());
    } else {
      // libcurl takes the TLS name from the URL, so the URL gets it, and the
      // connection still goes to where the server is.
      const UrlParts parts = split(config_.url);
      const std::string port = parts.port.empty() ? "443" : parts.port;
      const std::string& name = config_.tls_server_name;
      curl_easy_setopt(
          handle, CURLOPT_URL,
          ("https://" + name + ":" + port + parts.path + transfer.request.path).c_str());
      append(transfer.connect_to, name + ":" + port + ":" + parts.host + ":" + port);
      curl_easy_setopt(handle, CURLOPT_CONNECT_TO, transfer.connect_to.get());
      append(transfer.headers,
             "Host: " + parts.host + (parts.port.empty() ? "" : ":" + parts.port));
    }
    if (!config_.proxy.empty()) curl_easy_setopt(handle, CURLOPT_PROXY, config_.proxy.c_str());
    if (!config_.ca.empty()) set_blob(handle, CURLOPT_CAINFO_BLOB, config_.ca);
    curl_easy_setopt(handle, CURLOPT_SSL_VERIFYPEER, config_.insecure ? 0L : 1L);
    curl_easy_setopt(handle, CURLOPT_SSL_VERIFYHOST, config_.insecure ? 0L : 2L);
  }

  void set_up_user(Transfer& transfer) const {
    CURL* handle = transfer.handle.get();
    if (!credentials_.token.empty()) {
      append(transfer.headers, "Authorization: Bearer " + credentials_.token);
    } else if (!credentials_.username.empty()) {
      curl_easy_setopt(handle, CURLOPT_HTTPAUTH, CURLAUTH_BASIC);
      curl_easy_setopt(handle, CURLOPT_USERNAME, credentials_.username.c_str());
      curl_easy_setopt(handle, CURLOPT_PASSWORD, credentials_.password.c_str());
    }
    if (!config_.impersonate.empty())
      append(transfer.headers, "Impersonate-User: " + config_.impersonate);
    if (!credentials_.certificate.empty()) {
      set_blob(handle, CURLOPT_SSLCERT_BLOB, credentials_.certificate);
      set_blob(handle, CURLOPT_SSLKEY_BLOB, credentials_.key);
    }
    curl_easy_setopt(handle, CURLOPT_HTTPHEADER, transfer.headers.get());
  }

  void finish(CURL* handle, CURLcode code) {
    auto found = transfers_.begin();
    while (found != transfers_.end() && found->second->handle.get() != handle) ++found;
    if (found == transfers_.end()) return;
    const auto transfer = std::move(found->second);
    transfers_.erase(found);
    called_ = true;
    Outcome& outcome = transfer->outcome;
    long status = 0;
    curl_easy_getinfo(handle, CURLINFO_RESPONSE_CODE, &status);
    outcome.status = static_cast<int>(status);
    curl_off_t retry_after = 0;
    curl_easy_getinfo(handle, CURLINFO_RETRY_AFTER, &retry_after);
    // Bounded before it is multiplied: the number is the server's.
    outcome.retry_after = std::clamp<curl_off_t>(retry_after, 0, 86'400) * kSecond;
    outcome.failure = transfer->refused ? Outcome::Failure::kRefusedByUs : failure_of(code);
    // An error page that was too long to read is still an answer.
    if (transfer->refused && outcome.status != 200) outcome.failure = Outcome::Failure::kNone;
    if (outcome.failure != Outcome::Failure::kNone && !transfer->refused) {
      outcome.error = config_.url + ": ";
      outcome.error += transfer->detail[0] != '\0' ? transfer->detail : curl_easy_strerror(code);
    }
    curl_multi_remove_handle(multi_.get(), handle);
    transfer->request.on_done(outcome);
  }

  Options options_;
  ServerConfig config_;
  Credentials credentials_;
  CurlMulti multi_;
  std::map<Id, std::unique_ptr<Transfer>> transfers_;
  Id last_id_ = 0;
  bool called_ = false;
};

Transport::Transport(Options options) : impl_(std::make_unique<Impl>(std::move(options))) {}
Transport::~Transport() = default;
void Transport::set_server(ServerConfig config, Credentials credentials) {
  impl_->set_server(std::move(config), std::move(credentials));
}
Transport::Id Transport::start(Request request) { return impl_->start(std::move(request)); }
void Transport::cancel(Id id) { impl_->cancel(id); }
void Transport::cancel_all() { impl_->cancel_all(); }
bool Transport::run() { return impl_->run(); }
void Transport::wait(Nanos timeout, std::span<const int> descriptors) {
  impl_->wait(timeout, descriptors);
}
void Transport::wake() { impl_->wake(); }

}  // namespace netprobe::kube
