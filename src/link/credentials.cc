// SPDX-License-Identifier: Apache-2.0
#include "link/credentials.h"

#include <fmt/format.h>
#include <grpcpp/security/credentials.h>
#include <grpcpp/security/server_credentials.h>
#include <grpcpp/security/tls_certificate_provider.h>
#include <grpcpp/security/tls_certificate_verifier.h>
#include <grpcpp/security/tls_credentials_options.h>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <functional>
#include <utility>

#include "link/log_limit.h"

namespace netprobe {
namespace {

namespace tls = grpc::experimental;

/// Judges the certificate of the other side, once its key was proved by the
/// handshake. gRPC's own check says "certificate verify failed" and no more.
class Verifier final : public tls::ExternalCertificateVerifier {
 public:
  Verifier(LinkSecurity security, CertificateUse use, const Clock& clock)
      : security_(std::move(security)), use_(use), limit_(clock) {}

  bool Verify(tls::TlsCustomVerificationCheckRequest* request,
              std::function<void(grpc::Status)> /*callback*/, grpc::Status* result) override {
    const auto text = [](grpc::string_ref ref) { return std::string(ref.data(), ref.size()); };
    const bool of_client = use_ == CertificateUse::kClient;
    const auto checked = check_certificate(
        text(request->peer_cert()), text(request->peer_cert_full_chain()), security_.files.ca, use_,
        of_client ? std::string() : security_.peer_name,
        of_client ? fmt::format("the certificate of the client '{}'", printable(request))
                  : std::string("its certificate"));
    if (checked) {
      *result = grpc::Status::OK;
      return true;
    }
    if (of_client) complain(checked.error().message);
    *result = grpc::Status(grpc::StatusCode::UNAUTHENTICATED,
                           std::string(kCertificateMark) + checked.error().message);
    return true;
  }
  void Cancel(tls::TlsCustomVerificationCheckRequest* /*request*/) override {}

 private:
  static std::string printable(tls::TlsCustomVerificationCheckRequest* request) {
    const auto name = request->common_name();
    std::string text(name.data(), std::min<std::size_t>(name.size(), 100));
    for (char& c : text)
      if (static_cast<unsigned char>(c) < 0x20 || static_cast<unsigned char>(c) > 0x7e) c = '?';
    return text;
  }
  void complain(const std::string& why) {
    if (const auto more = limit_.allow())
      spdlog::warn("a connection was refused: {}{}", why,
                   *more == 0 ? "" : fmt::format(" ({} more since the last such line)", *more));
  }

  const LinkSecurity security_;
  const CertificateUse use_;
  LogLimit limit_;
};

class Insecure final : public LinkCredentials {
 public:
  explicit Insecure(LinkSecurity security) : security_(std::move(security)) {}
  std::shared_ptr<grpc::ChannelCredentials> client() const override {
    return grpc::InsecureChannelCredentials();
  }
  std::shared_ptr<grpc::ServerCredentials> server() const override {
    return grpc::InsecureServerCredentials();
  }
  const LinkSecurity& security() const override { return security_; }

 private:
  LinkSecurity security_;
};

class FromFiles final : public LinkCredentials {
 public:
  FromFiles(LinkSecurity security, const Clock& clock, Nanos reread)
      : security_(std::move(security)),
        files_(std::make_shared<tls::FileWatcherCertificateProvider>(
            security_.files.key, security_.files.certificate, security_.files.ca,
            static_cast<unsigned>(std::max<Nanos>(1, reread / kSecond)))),
        of_servers_(tls::ExternalCertificateVerifier::Create<Verifier>(
            security_, CertificateUse::kServer, clock)),
        of_clients_(tls::ExternalCertificateVerifier::Create<Verifier>(
            security_, CertificateUse::kClient, clock)) {}

  std::shared_ptr<grpc::ChannelCredentials> client() const override {
    tls::TlsChannelCredentialsOptions options;
    options.set_certificate_provider(files_);
    options.watch_root_certs();
    options.watch_identity_key_cert_pairs();
    options.set_certificate_verifier(of_servers_);
    options.set_verify_server_certs(false);  // the verifier does
    options.set_check_call_host(false);      // the verifier does
    return tls::TlsCredentials(options);
  }
  std::shared_ptr<grpc::ServerCredentials> server() const override {
    tls::TlsServerCredentialsOptions options(files_);
    options.watch_root_certs();
    options.watch_identity_key_cert_pairs();
    options.set_certificate_verifier(of_clients_);
    // The verifier does verify.
    options.set_cert_request_type(GRPC_SSL_REQUEST_AND_REQUIRE_CLIENT_CERTIFICATE_BUT_DONT_VERIFY);
    return tls::TlsServerCredentials(options);
  }
  const LinkSecurity& security() const override { return security_; }

 private:
  LinkSecurity security_;
  std::shared_ptr<tls::FileWatcherCertificateProvider> files_;
  std::shared_ptr<tls::CertificateVerifier> of_servers_;
  std::shared_ptr<tls::CertificateVerifier> of_clients_;
};

}  // namespace

Result<LinkCredentialsPtr> LinkCredentials::make(LinkSecurity security, const Clock& clock,
                                                 Nanos reread) {
  if (security.insecure) return std::make_shared<Insecure>(std::move(security));
  if (auto usable = check_files(security.files); !usable) return std::unexpected(usable.error());
  return std::make_shared<FromFiles>(std::move(security), clock, reread);
}

}  // namespace netprobe
