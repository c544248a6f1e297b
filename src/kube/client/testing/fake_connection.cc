// SPDX-License-Identifier: Apache-2.0
#include "kube/client/testing/fake_connection.h"

#include <sys/socket.h>

#include <array>
#include <cstdio>
#include <cstdlib>

namespace netprobe::kube::testing {

TlsServer::TlsServer(const TlsFiles& files) : context_(SSL_CTX_new(TLS_server_method())) {
  if (context_ == nullptr ||
      SSL_CTX_use_certificate_chain_file(context_, files.certificate.c_str()) != 1 ||
      SSL_CTX_use_PrivateKey_file(context_, files.key.c_str(), SSL_FILETYPE_PEM) != 1)
    std::abort();
  if (files.client_ca.empty()) return;
  if (SSL_CTX_load_verify_locations(context_, files.client_ca.c_str(), nullptr) != 1) std::abort();
  SSL_CTX_set_verify(context_, SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, nullptr);
}

TlsServer::~TlsServer() { SSL_CTX_free(context_); }

FakeConnection::FakeConnection(UniqueFd socket, std::shared_ptr<TlsServer> tls)
    : socket_(std::move(socket)), tls_(std::move(tls)) {
  if (!tls_) return;
  ssl_ = SSL_new(tls_->get());
  if (ssl_ == nullptr) std::abort();
  SSL_set_fd(ssl_, socket_.get());
}

FakeConnection::~FakeConnection() {
  if (ssl_ != nullptr) SSL_free(ssl_);
}

bool FakeConnection::handshake() { return ssl_ == nullptr || SSL_accept(ssl_) == 1; }

std::string FakeConnection::read_head() {
  for (;;) {
    if (const auto end = rest_.find("\r\n\r\n"); end != std::string::npos) {
      std::string head = rest_.substr(0, end + 4);
      rest_.erase(0, end + 4);
      return head;
    }
    std::array<char, 4096> buffer{};
    const auto got = ssl_ != nullptr
                         ? SSL_read(ssl_, buffer.data(), static_cast<int>(buffer.size()))
                         : static_cast<int>(::recv(socket_.get(), buffer.data(), buffer.size(), 0));
    if (got <= 0) return {};
    rest_.append(buffer.data(), static_cast<std::size_t>(got));
  }
}

bool FakeConnection::write(std::string_view text) {
  while (!text.empty()) {
    const auto put =
        ssl_ != nullptr
            ? SSL_write(ssl_, text.data(), static_cast<int>(text.size()))
            : static_cast<int>(::send(socket_.get(), text.data(), text.size(), MSG_NOSIGNAL));
    if (put <= 0) return false;
    text.remove_prefix(static_cast<std::size_t>(put));
  }
  return true;
}

bool FakeConnection::write_chunk(std::string_view text) {
  char size[24];
  std::snprintf(size, sizeof(size), "%zx\r\n", text.size());
  return write(std::string(size) + std::string(text) + "\r\n");
}

bool FakeConnection::ended() const {
  char byte = 0;
  return ::recv(socket_.get(), &byte, 1, MSG_PEEK | MSG_DONTWAIT) == 0;
}

void FakeConnection::shut() const { ::shutdown(socket_.get(), SHUT_RDWR); }

}  // namespace netprobe::kube::testing
