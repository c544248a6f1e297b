// SPDX-License-Identifier: Apache-2.0
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <poll.h>

#include <algorithm>

#include "base/freed.h"
#include "base/ip_address.h"
#include "export/syslog/channel.h"

namespace netprobe {
namespace {

using Context = std::unique_ptr<SSL_CTX, Freed<SSL_CTX_free>>;
using Session = std::unique_ptr<SSL, Freed<SSL_free>>;

/// What OpenSSL says of the last error.
std::string reason() {
  const unsigned long code = ::ERR_peek_last_error();
  ::ERR_clear_error();
  const char* text = ::ERR_reason_error_string(code);
  return text != nullptr ? text : "the connection broke";
}

std::unexpected<Error> bad_file(std::string_view parameter, const std::string& file) {
  return fail(std::string(parameter) + ": " + file + " cannot be used: " + reason(),
              ErrorKind::kUsage);
}

Result<Context> make_context(const ExportTarget& target) {
  Context context(::SSL_CTX_new(::TLS_client_method()));
  if (!context) return fail("there is no memory for TLS");
  ::SSL_CTX_set_min_proto_version(context.get(), TLS1_2_VERSION);
  ::SSL_CTX_set_mode(context.get(),
                     SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
  if (target.ca_file.empty()) {
    ::SSL_CTX_set_default_verify_paths(context.get());
  } else if (::SSL_CTX_load_verify_file(context.get(), target.ca_file.c_str()) != 1) {
    return bad_file("ca", target.ca_file);
  }
  if (!target.certificate_file.empty()) {
    if (::SSL_CTX_use_certificate_chain_file(context.get(), target.certificate_file.c_str()) != 1)
      return bad_file("certificate", target.certificate_file);
    if (::SSL_CTX_use_PrivateKey_file(context.get(), target.key_file.c_str(), SSL_FILETYPE_PEM) !=
            1 ||
        ::SSL_CTX_check_private_key(context.get()) != 1)
      return bad_file("key", target.key_file);
  }
  ::SSL_CTX_set_verify(context.get(), target.insecure ? SSL_VERIFY_NONE : SSL_VERIFY_PEER, nullptr);
  return context;
}

class TlsChannel final : public Channel {
 public:
  TlsChannel(UniqueFd fd, Context context)
      : socket_(std::move(fd)), context_(std::move(context)), session_(::SSL_new(context_.get())) {}
  ~TlsChannel() override {
    if (session_) ::SSL_shutdown(session_.get());
  }
  TlsChannel(const TlsChannel&) = delete;
  TlsChannel& operator=(const TlsChannel&) = delete;

  Status shake_hands(const ExportTarget& target, const Patience& patience) {
    if (!session_) return fail("there is no memory for TLS");
    SSL* session = session_.get();
    if (IpAddress::parse(target.host)) {
      ::X509_VERIFY_PARAM_set1_ip_asc(::SSL_get0_param(session), target.host.c_str());
    } else {
      ::SSL_set1_host(session, target.host.c_str());
      ::SSL_set_tlsext_host_name(session, target.host.c_str());
    }
    ::SSL_set_fd(session, socket_.fd());
    for (;;) {
      const int result = ::SSL_connect(session);
      if (result == 1) return {};
      const short events = events_after(result);
      if (events == 0) return refused();
      if (!patience.await(socket_.fd(), events)) return fail("its TLS does not answer");
    }
  }

  Result<std::size_t> write(std::string_view text, const Patience& patience) override {
    for (;;) {
      std::size_t count = 0;
      const int result = ::SSL_write_ex(session_.get(), text.data(), text.size(), &count);
      if (result == 1) return count;
      const short events = events_after(result);
      if (events == 0) return fail("the connection broke: " + reason());
      if (!patience.await(socket_.fd(), events)) return fail("it takes no more");
    }
  }
  bool is_open() override {
    char sink[256];
    for (;;) {
      std::size_t count = 0;
      const int result = ::SSL_read_ex(session_.get(), sink, sizeof sink, &count);
      if (result == 1) continue;
      const bool open = events_after(result) != 0;
      ::ERR_clear_error();
      return open;
    }
  }
  [[nodiscard]] std::uint64_t wire_bytes() const override {
    return ::BIO_number_written(::SSL_get_wbio(session_.get()));
  }
  [[nodiscard]] std::uint64_t acknowledged() const override { return socket_.acknowledged(); }
  [[nodiscard]] int fd() const override { return socket_.fd(); }

 private:
  /// What a call waits for; 0: it failed.
  [[nodiscard]] short events_after(int result) const {
    switch (::SSL_get_error(session_.get(), result)) {
      case SSL_ERROR_WANT_READ:
        return POLLIN;
      case SSL_ERROR_WANT_WRITE:
        return POLLOUT;
      default:
        return 0;
    }
  }
  Status refused() {
    const long verified = ::SSL_get_verify_result(session_.get());
    if (verified != X509_V_OK) {
      ::ERR_clear_error();
      return fail(std::string("its certificate is not accepted: ") +
                  ::X509_verify_cert_error_string(verified) +
                  "; say with ca= who signs it, or take any with insecure");
    }
    return fail("TLS failed: " + reason());
  }

  TcpSocket socket_;
  Context context_;
  Session session_;
};

}  // namespace

Status check_tls(const ExportTarget& target) {
  const auto context = make_context(target);
  if (!context) return std::unexpected(context.error());
  return {};
}

Result<std::unique_ptr<Channel>> connect_tls(const ExportTarget& target, HostLookup& lookup,
                                             const Patience& patience) {
  auto context = make_context(target);
  if (!context) return std::unexpected(context.error());
  auto fd = dial(lookup, target.host, target.port, false, patience);
  if (!fd) return std::unexpected(fd.error());
  auto channel = std::make_unique<TlsChannel>(std::move(*fd), std::move(*context));
  if (auto s = channel->shake_hands(target, patience); !s)
    return fail(target.host + " port " + std::to_string(target.port) + ": " + s.error().message);
  return channel;
}

}  // namespace netprobe
