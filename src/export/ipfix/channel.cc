// SPDX-License-Identifier: Apache-2.0
#include "export/ipfix/channel.h"

#include <linux/sockios.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <thread>
#include <utility>
#include <vector>

#include "base/freed.h"
#include "base/ip_address.h"
#include "io/dial.h"

namespace netprobe::ipfix {
namespace {

Nanos monotonic() { return SystemClock().monotonic(); }

std::string tls_reason() {
  const auto code = ::ERR_get_error();
  std::array<char, 256> text{};
  if (code != 0) ::ERR_error_string_n(code, text.data(), text.size());
  ::ERR_clear_error();
  const char* reason = code != 0 ? ::ERR_reason_error_string(code) : nullptr;
  return reason != nullptr ? reason : (code != 0 ? text.data() : "the other side ended it");
}

}  // namespace

/// Between memory buffers: what goes over the wire is counted, and sent as everything is.
struct Channel::Tls {
  std::unique_ptr<SSL_CTX, Freed<SSL_CTX_free>> context;
  std::unique_ptr<SSL, Freed<SSL_free>> session;
  BIO* in = nullptr;   ///< the session's
  BIO* out = nullptr;  ///< the session's

  Status make(const ChannelOptions& options) {
    context.reset(::SSL_CTX_new(::TLS_client_method()));
    if (!context) return fail("TLS: " + tls_reason());
    ::SSL_CTX_set_min_proto_version(context.get(), TLS1_2_VERSION);
    if (!options.insecure) {
      ::SSL_CTX_set_verify(context.get(), SSL_VERIFY_PEER, nullptr);
      const int loaded =
          options.ca_file.empty()
              ? ::SSL_CTX_set_default_verify_paths(context.get())
              : ::SSL_CTX_load_verify_locations(context.get(), options.ca_file.c_str(), nullptr);
      if (loaded != 1) return fail("ca: cannot read " + options.ca_file + ": " + tls_reason());
    }
    if (!options.certificate_file.empty()) {
      if (::SSL_CTX_use_certificate_chain_file(context.get(), options.certificate_file.c_str()) !=
          1)
        return fail("certificate: cannot read " + options.certificate_file + ": " + tls_reason());
      if (::SSL_CTX_use_PrivateKey_file(context.get(), options.key_file.c_str(),
                                        SSL_FILETYPE_PEM) != 1)
        return fail("key: cannot read " + options.key_file + ": " + tls_reason());
    }
    session.reset(::SSL_new(context.get()));
    in = ::BIO_new(::BIO_s_mem());
    out = ::BIO_new(::BIO_s_mem());
    ::SSL_set_bio(session.get(), in, out);
    ::SSL_set_connect_state(session.get());
    X509_VERIFY_PARAM* verify = ::SSL_get0_param(session.get());
    if (IpAddress::parse(options.host)) {
      ::X509_VERIFY_PARAM_set1_ip_asc(verify, options.host.c_str());
    } else {
      ::X509_VERIFY_PARAM_set1_host(verify, options.host.c_str(), options.host.size());
      // A macro of OpenSSL with a cast in the old style.
      ::SSL_ctrl(session.get(), SSL_CTRL_SET_TLSEXT_HOSTNAME, TLSEXT_NAMETYPE_host_name,
                 const_cast<char*>(options.host.c_str()));
    }
    return {};
  }
};

Channel::Channel(ChannelOptions options)
    : options_(std::move(options)), wake_(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) {
  const bool v6 = options_.host.find(':') != std::string::npos;
  where_ = (v6 ? "[" + options_.host + "]" : options_.host) + ":" + std::to_string(options_.port);
}

Channel::~Channel() { close(); }

void Channel::stop() {
  stopped_ = true;
  const std::uint64_t one = 1;
  (void)!::write(wake_.get(), &one, sizeof one);
}

void Channel::close() {
  if (fd_ && !options_.datagrams) {
    look_at_queue();
    // What is still in the queue is sent again on another connection: not here as well.
    const linger at_once{1, 0};
    if (unacknowledged_ > 0)
      (void)::setsockopt(fd_.get(), SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
  }
  tls_.reset();
  fd_.reset();
}

std::unexpected<Error> Channel::broken(const std::string& what) {
  close();
  return fail(where_ + ": " + what);
}

Status Channel::wait(short events, Nanos deadline) {
  for (;;) {
    if (stopped_) return fail("the exporter is stopped");
    const Nanos left = deadline - monotonic();
    if (left <= 0) return fail("no answer in time");
    std::array<pollfd, 2> fds{pollfd{fd_.get(), events, 0}, pollfd{wake_.get(), POLLIN, 0}};
    const auto milliseconds = static_cast<int>(std::min<Nanos>(left / kMillisecond + 1, 1000));
    if (::poll(fds.data(), fds.size(), milliseconds) > 0 && fds[0].revents != 0) return {};
  }
}

Status Channel::connect(Nanos deadline) {
  close();
  written_ = 0;
  unacknowledged_ = 0;
  static const SystemClock kClock;
  auto fd = dial(lookup_, options_.host, options_.port, options_.datagrams,
                 Patience(kClock, deadline, stopped_));
  if (!fd) return std::unexpected(fd.error());
  fd_ = std::move(*fd);
  sockaddr_storage peer{};
  socklen_t size = sizeof peer;
  (void)::getpeername(fd_.get(), reinterpret_cast<sockaddr*>(&peer), &size);
  is_v6_ = peer.ss_family == AF_INET6;
  if (options_.datagrams) return {};
  const int on = 1;
  (void)::setsockopt(fd_.get(), IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  (void)::setsockopt(fd_.get(), SOL_SOCKET, SO_KEEPALIVE, &on, sizeof on);
  return options_.tls ? handshake(deadline) : Status{};
}

Status Channel::handshake(Nanos deadline) {
  tls_ = std::make_unique<Tls>();
  if (Status s = tls_->make(options_); !s) return broken(s.error().message);
  for (;;) {
    ::ERR_clear_error();
    const int done = ::SSL_do_handshake(tls_->session.get());
    const int want = ::SSL_get_error(tls_->session.get(), done);
    const long verified = ::SSL_get_verify_result(tls_->session.get());
    const std::string reason = done == 1 || want == SSL_ERROR_WANT_READ ? "" : tls_reason();
    if (Status s = flush_tls(deadline); !s && reason.empty()) return s;
    if (done == 1) return {};
    if (want != SSL_ERROR_WANT_READ)
      return broken("TLS: " + (verified != X509_V_OK
                                   ? "its certificate is refused: " +
                                         std::string(::X509_verify_cert_error_string(verified))
                                   : reason));
    if (Status s = wait(POLLIN, deadline); !s) return broken("TLS: " + s.error().message);
    if (Status s = read_some(); !s) return s;
  }
}

Status Channel::read_some() {
  std::array<char, 4096> bytes{};
  for (;;) {
    const ssize_t got = ::recv(fd_.get(), bytes.data(), bytes.size(), MSG_DONTWAIT);
    if (got == 0) return broken("the collector closed the connection");
    if (got < 0 && (errno == EAGAIN || errno == EINTR)) return {};
    if (got < 0) return broken(fail_errno("the connection broke").error().message);
    if (tls_ == nullptr) continue;
    (void)::BIO_write(tls_->in, bytes.data(), static_cast<int>(got));
    if (!::SSL_is_init_finished(tls_->session.get())) continue;
    std::array<char, 1024> ignored{};
    ::ERR_clear_error();
    const int read = ::SSL_read(tls_->session.get(), ignored.data(), ignored.size());
    const int want = ::SSL_get_error(tls_->session.get(), read);
    if (read <= 0 && want != SSL_ERROR_WANT_READ && want != SSL_ERROR_WANT_WRITE)
      return broken("TLS: " + (want == SSL_ERROR_ZERO_RETURN ? "the collector closed the connection"
                                                             : tls_reason()));
  }
}

void Channel::look_at_queue() {
  int queued = 0;
  if (fd_ && ::ioctl(fd_.get(), SIOCOUTQ, &queued) == 0)
    unacknowledged_ = std::min(written_, static_cast<std::uint64_t>(std::max(queued, 0)));
}

Status Channel::write_stream(std::span<const std::uint8_t> bytes, Nanos deadline) {
  while (!bytes.empty()) {
    const ssize_t sent = ::send(fd_.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
    if (sent > 0) {
      written_ += static_cast<std::uint64_t>(sent);
      bytes = bytes.subspan(static_cast<std::size_t>(sent));
      continue;
    }
    if (sent < 0 && errno == EINTR) continue;
    if (sent < 0 && errno != EAGAIN)
      return broken(fail_errno("the connection broke").error().message);
    if (Status s = wait(POLLOUT, deadline); !s)
      return broken("it takes nothing: " + s.error().message);
  }
  return {};
}

Status Channel::flush_tls(Nanos deadline) {
  char* data = nullptr;
  const long size = ::BIO_get_mem_data(tls_->out, &data);
  if (size <= 0) return {};
  const std::vector<std::uint8_t> bytes(data, data + size);
  (void)BIO_reset(tls_->out);
  return write_stream(bytes, deadline);
}

Status Channel::write(std::span<const std::uint8_t> message, Nanos deadline) {
  if (options_.datagrams) {
    if (::send(fd_.get(), message.data(), message.size(), MSG_NOSIGNAL) < 0)
      return fail_errno(where_ + " takes no datagram");
    // On this host, and often in a network nearby, that nobody listens is known by now.
    int code = 0;
    socklen_t size = sizeof code;
    (void)::getsockopt(fd_.get(), SOL_SOCKET, SO_ERROR, &code, &size);
    if (code == ECONNREFUSED)
      return std::unexpected(Error{"nothing listens at UDP " + where_, ErrorKind::kFailed, code});
    return code == 0 ? Status{} : Status(fail_errno(where_ + " takes no datagram", code));
  }
  if (Status s = read_some(); !s) return s;
  if (tls_ == nullptr) return write_stream(message, deadline);
  ::ERR_clear_error();
  if (::SSL_write(tls_->session.get(), message.data(), static_cast<int>(message.size())) <= 0)
    return broken("TLS: " + tls_reason());
  return flush_tls(deadline);
}

bool Channel::await_acknowledged(Nanos deadline) {
  Nanos pause = 50 * kMicrosecond;
  while (fd_) {
    look_at_queue();
    if (unacknowledged_ == 0) return true;
    if (stopped_ || monotonic() >= deadline) break;
    // An end of the connection is seen at once; what was acknowledged has to be asked.
    if (!read_some()) return unacknowledged_ == 0;
    std::this_thread::sleep_for(std::chrono::nanoseconds(pause));
    pause = std::min(pause * 2, 5 * kMillisecond);
  }
  close();
  return unacknowledged_ == 0;
}

std::size_t Channel::path_mtu() const {
  int mtu = 0;
  socklen_t size = sizeof mtu;
  const int level = is_v6_ ? IPPROTO_IPV6 : IPPROTO_IP;
  if (::getsockopt(fd_.get(), level, is_v6_ ? IPV6_MTU : IP_MTU, &mtu, &size) != 0) return 0;
  const int headers = is_v6_ ? 48 : 28;
  return mtu > headers ? static_cast<std::size_t>(mtu - headers) : 0;
}

}  // namespace netprobe::ipfix
