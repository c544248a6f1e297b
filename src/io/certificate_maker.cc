// SPDX-License-Identifier: Apache-2.0
#include "io/certificate_maker.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <openssl/bn.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rand.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>
#include <unistd.h>

#include <array>
#include <utility>

#include "base/freed.h"
#include "base/ip_address.h"
#include "base/unique_fd.h"

namespace netprobe {
namespace {

using Certificate = std::unique_ptr<X509, Freed<X509_free>>;
using Key = std::unique_ptr<EVP_PKEY, Freed<EVP_PKEY_free>>;
using Bio = std::unique_ptr<BIO, Freed<BIO_free>>;
using Extension = std::unique_ptr<X509_EXTENSION, Freed<X509_EXTENSION_free>>;

constexpr long kVersion3 = 2;

std::unexpected<Error> openssl_error(std::string_view what) {
  char text[160] = "no reason is known";
  if (const unsigned long code = ERR_get_error(); code != 0)
    ERR_error_string_n(code, text, sizeof(text));
  ERR_clear_error();
  return fail(fmt::format("cannot make {}: {}", what, text));
}

std::string text_of(BIO* bio) {
  char* data = nullptr;
  const long size = BIO_get_mem_data(bio, &data);
  return {data, static_cast<std::size_t>(size)};
}

PemPair pem_of(X509* certificate, EVP_PKEY* key) {
  const Bio first(BIO_new(BIO_s_mem()));
  const Bio second(BIO_new(BIO_s_mem()));
  PEM_write_bio_X509(first.get(), certificate);
  PEM_write_bio_PrivateKey(second.get(), key, nullptr, nullptr, 0, nullptr, nullptr);
  return {text_of(first.get()), text_of(second.get())};
}

bool add_extension(X509* to, X509* issuer, int id, const std::string& value) {
  X509V3_CTX context;
  X509V3_set_ctx_nodb(&context);
  X509V3_set_ctx(&context, issuer, to, nullptr, nullptr, 0);
  const Extension extension(X509V3_EXT_conf_nid(nullptr, &context, id, value.c_str()));
  return extension && X509_add_ext(to, extension.get(), -1) == 1;
}

/// Everything but what it is for, and the signature.
Certificate blank(const std::string& common_name, EVP_PKEY* key, Nanos from, Nanos until) {
  Certificate certificate(X509_new());
  X509_set_version(certificate.get(), kVersion3);
  std::array<unsigned char, 16> serial{};
  RAND_bytes(serial.data(), static_cast<int>(serial.size()));
  serial[0] &= 0x7f;  // a positive number
  BIGNUM* number = BN_bin2bn(serial.data(), static_cast<int>(serial.size()), nullptr);
  BN_to_ASN1_INTEGER(number, X509_get_serialNumber(certificate.get()));
  BN_free(number);
  ASN1_TIME_set(X509_getm_notBefore(certificate.get()), from / kSecond);
  ASN1_TIME_set(X509_getm_notAfter(certificate.get()), until / kSecond);
  X509_NAME_add_entry_by_txt(X509_get_subject_name(certificate.get()), "CN", MBSTRING_UTF8,
                             reinterpret_cast<const unsigned char*>(common_name.c_str()), -1, -1,
                             0);
  X509_set_pubkey(certificate.get(), key);
  return certificate;
}

std::string alternative_names(const std::vector<std::string>& names) {
  std::string text;
  for (const std::string& name : names)
    text += fmt::format("{}{}:{}", text.empty() ? "" : ",", IpAddress::parse(name) ? "IP" : "DNS",
                        name);
  return text;
}

/// What stands in one must not add another: names go into OpenSSL's own syntax.
bool is_name(const std::string& name) {
  return !name.empty() && name.size() <= 253 &&
         name.find_first_not_of(
             "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-.:*"
             "_") == std::string::npos &&
         (name.find(':') == std::string::npos || IpAddress::parse(name));
}

}  // namespace

class CertificateMaker::Impl {
 public:
  Certificate certificate;
  Key key;
  PemPair pem;
};

CertificateMaker::CertificateMaker(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
CertificateMaker::~CertificateMaker() = default;
CertificateMaker::CertificateMaker(CertificateMaker&&) noexcept = default;
CertificateMaker& CertificateMaker::operator=(CertificateMaker&&) noexcept = default;

const PemPair& CertificateMaker::own() const { return impl_->pem; }

Result<CertificateMaker> CertificateMaker::make(const std::string& common_name, Nanos from,
                                                Nanos until) {
  auto impl = std::make_unique<Impl>();
  impl->key.reset(EVP_EC_gen("P-256"));
  if (!impl->key) return openssl_error("a key");
  impl->certificate = blank(common_name, impl->key.get(), from, until);
  X509* const certificate = impl->certificate.get();
  X509_set_issuer_name(certificate, X509_get_subject_name(certificate));
  if (!add_extension(certificate, certificate, NID_basic_constraints,
                     "critical,CA:TRUE,pathlen:0") ||
      !add_extension(certificate, certificate, NID_key_usage, "critical,keyCertSign,cRLSign") ||
      !add_extension(certificate, certificate, NID_subject_key_identifier, "hash") ||
      X509_sign(certificate, impl->key.get(), EVP_sha256()) == 0)
    return openssl_error("an authority");
  impl->pem = pem_of(certificate, impl->key.get());
  return CertificateMaker(std::move(impl));
}

Result<PemPair> CertificateMaker::issue(const CertificateWish& wish) const {
  for (const std::string& name : wish.names)
    if (!is_name(name))
      return fail(fmt::format("'{}' is neither a DNS name nor an address", name),
                  ErrorKind::kUsage);
  const Key key(EVP_EC_gen("P-256"));
  if (!key) return openssl_error("a key");
  const Certificate made = blank(wish.common_name, key.get(), wish.from, wish.until);
  X509* const certificate = made.get();
  X509* const issuer = impl_->certificate.get();
  X509_set_issuer_name(certificate, X509_get_subject_name(issuer));
  std::string uses;
  if (wish.for_server) uses += "serverAuth";
  if (wish.for_client) uses += uses.empty() ? "clientAuth" : ",clientAuth";
  if (!add_extension(certificate, issuer, NID_basic_constraints, "critical,CA:FALSE") ||
      !add_extension(certificate, issuer, NID_key_usage, "critical,digitalSignature") ||
      !add_extension(certificate, issuer, NID_ext_key_usage, uses) ||
      !add_extension(certificate, issuer, NID_authority_key_identifier, "keyid") ||
      (!wish.names.empty() &&
       !add_extension(certificate, issuer, NID_subject_alt_name, alternative_names(wish.names))) ||
      X509_sign(certificate, impl_->key.get(), EVP_sha256()) == 0)
    return openssl_error(fmt::format("the certificate of {}", wish.common_name));
  return pem_of(certificate, key.get());
}

Status write_new_file(const std::string& path, const std::string& text, bool secret) {
  const UniqueFd file(::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW,
                             secret ? 0600 : 0644));
  if (!file) return fail_errno(fmt::format("cannot make {}", path));
  for (std::size_t done = 0; done < text.size();) {
    const ssize_t written = ::write(file.get(), text.data() + done, text.size() - done);
    if (written < 0 && errno == EINTR) continue;
    if (written <= 0) return fail_errno(fmt::format("cannot write {}", path));
    done += static_cast<std::size_t>(written);
  }
  return {};
}

}  // namespace netprobe
