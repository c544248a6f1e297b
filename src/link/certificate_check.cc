// SPDX-License-Identifier: Apache-2.0
#include "link/certificate_check.h"

#include <fmt/format.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <openssl/x509_vfy.h>
#include <openssl/x509v3.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <ctime>
#include <fstream>
#include <iterator>
#include <memory>
#include <vector>

#include "base/freed.h"

namespace netprobe {
namespace {

void free_stack(STACK_OF(X509) * stack) { sk_X509_free(stack); }
using Certificate = std::unique_ptr<X509, Freed<X509_free>>;
using Key = std::unique_ptr<EVP_PKEY, Freed<EVP_PKEY_free>>;
using Bio = std::unique_ptr<BIO, Freed<BIO_free>>;
using Store = std::unique_ptr<X509_STORE, Freed<X509_STORE_free>>;
using StoreContext = std::unique_ptr<X509_STORE_CTX, Freed<X509_STORE_CTX_free>>;
using Names = std::unique_ptr<GENERAL_NAMES, Freed<GENERAL_NAMES_free>>;
using Stack = std::unique_ptr<STACK_OF(X509), Freed<free_stack>>;

constexpr std::size_t kMaxCertificates = 64;
constexpr std::size_t kMaxFile = 1U << 20U;  // bytes

Bio memory(std::string_view text) {
  return Bio(BIO_new_mem_buf(text.data(), static_cast<int>(std::min(text.size(), kMaxFile))));
}

std::vector<Certificate> read_certificates(std::string_view pem) {
  std::vector<Certificate> result;
  const Bio bio = memory(pem);
  while (result.size() < kMaxCertificates) {
    Certificate one(PEM_read_bio_X509(bio.get(), nullptr, nullptr, nullptr));
    if (!one) break;
    result.push_back(std::move(one));
  }
  ERR_clear_error();  // the end of the text is an error to it
  return result;
}

Result<std::string> read_file(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  if (!file) return fail_errno(fmt::format("cannot read {}", path));
  std::string text{std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
  if (text.size() > kMaxFile)
    return fail(fmt::format("{} is larger than any certificate", path), ErrorKind::kUsage);
  return text;
}

std::string time_text(const ASN1_TIME* time) {
  tm parts{};
  if (ASN1_TIME_to_tm(time, &parts) != 1) return "an unknown time";
  char text[32];
  (void)std::strftime(text, sizeof(text), "%Y-%m-%dT%H:%M:%SZ", &parts);
  return text;
}

std::string common_name(const X509_NAME* name) {
  char text[128] = "";
  (void)X509_NAME_get_text_by_NID(const_cast<X509_NAME*>(name), NID_commonName, text, sizeof(text));
  std::string result(text);
  for (char& c : result)
    if (static_cast<unsigned char>(c) < 0x20 || c == '\x7f') c = '?';
  return result;
}

/// The DNS names that a certificate is for.
std::string names_of(X509* certificate) {
  const Names names(static_cast<GENERAL_NAMES*>(
      X509_get_ext_d2i(certificate, NID_subject_alt_name, nullptr, nullptr)));
  std::string text;
  for (int i = 0; names && i < sk_GENERAL_NAME_num(names.get()) && text.size() < 200; ++i) {
    const GENERAL_NAME* name = sk_GENERAL_NAME_value(names.get(), i);
    if (name->type != GEN_DNS) continue;
    const auto* data = reinterpret_cast<const char*>(ASN1_STRING_get0_data(name->d.dNSName));
    std::string one(data, static_cast<std::size_t>(ASN1_STRING_length(name->d.dNSName)));
    for (char& c : one)
      if (static_cast<unsigned char>(c) < 0x20 || static_cast<unsigned char>(c) > 0x7e) c = '?';
    text += (text.empty() ? "" : ", ") + one;
  }
  return text.empty() ? "no name" : text;
}

std::string reason(X509_STORE_CTX* context, X509* leaf, const std::string& ca_file,
                   CertificateUse use, const std::string& name, std::string_view who) {
  X509* at = X509_STORE_CTX_get_current_cert(context);
  if (at == nullptr) at = leaf;
  const int error = X509_STORE_CTX_get_error(context);
  switch (error) {
    case X509_V_ERR_CERT_HAS_EXPIRED:
      return fmt::format("{} expired at {}", who, time_text(X509_get0_notAfter(at)));
    case X509_V_ERR_CERT_NOT_YET_VALID:
      return fmt::format("{} is not valid before {}", who, time_text(X509_get0_notBefore(at)));
    case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT:
    case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY:
    case X509_V_ERR_UNABLE_TO_VERIFY_LEAF_SIGNATURE:
    case X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT:
    case X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN:
    case X509_V_ERR_CERT_SIGNATURE_FAILURE:
      return fmt::format("{} is signed by '{}', which is no authority of {}", who,
                         common_name(X509_get_issuer_name(at)), ca_file);
    case X509_V_ERR_HOSTNAME_MISMATCH:
      return fmt::format("{} is for {}, not for {}", who, names_of(leaf), name);
    case X509_V_ERR_INVALID_PURPOSE:
      return fmt::format("{} is not made for a {}", who,
                         use == CertificateUse::kServer ? "server" : "client");
    default:
      return fmt::format("{} is not good: {}", who, X509_verify_cert_error_string(error));
  }
}

Result<Store> authorities(const std::string& ca_file) {
  const auto text = read_file(ca_file);
  if (!text) return std::unexpected(text.error());
  const auto certificates = read_certificates(*text);
  if (certificates.empty())
    return fail(fmt::format("{} has no certificate in PEM", ca_file), ErrorKind::kUsage);
  Store store(X509_STORE_new());
  for (const Certificate& one : certificates) X509_STORE_add_cert(store.get(), one.get());
  return store;
}

}  // namespace

Status check_certificate(std::string_view leaf, std::string_view chain, const std::string& ca_file,
                         CertificateUse use, const std::string& name, std::string_view who) {
  auto first = read_certificates(leaf);
  const auto others = read_certificates(chain);
  if (first.empty()) return fail(fmt::format("{} is missing", who));
  const auto store = authorities(ca_file);
  if (!store) return std::unexpected(store.error());
  const Stack untrusted(sk_X509_new_null());
  for (std::size_t i = 1; i < first.size(); ++i) sk_X509_push(untrusted.get(), first[i].get());
  for (const Certificate& one : others) sk_X509_push(untrusted.get(), one.get());
  const StoreContext context(X509_STORE_CTX_new());
  if (!context ||
      X509_STORE_CTX_init(context.get(), store->get(), first.front().get(), untrusted.get()) != 1)
    return fail(fmt::format("{} cannot be looked at", who));
  X509_STORE_CTX_set_purpose(context.get(), use == CertificateUse::kServer
                                                ? X509_PURPOSE_SSL_SERVER
                                                : X509_PURPOSE_SSL_CLIENT);
  if (!name.empty()) {
    X509_VERIFY_PARAM* parameters = X509_STORE_CTX_get0_param(context.get());
    X509_VERIFY_PARAM_set_hostflags(parameters, X509_CHECK_FLAG_NEVER_CHECK_SUBJECT);
    if (X509_VERIFY_PARAM_set1_host(parameters, name.data(), name.size()) != 1)
      return fail(fmt::format("{} cannot be held against the name {}", who, name));
  }
  if (X509_verify_cert(context.get()) == 1) return {};
  Error error{reason(context.get(), first.front().get(), ca_file, use, name, who),
              ErrorKind::kNoPermission};
  ERR_clear_error();
  return std::unexpected(std::move(error));
}

Status check_files(const LinkFiles& files) {
  const auto certificate = read_file(files.certificate);
  if (!certificate) return std::unexpected(certificate.error());
  const auto key_text = read_file(files.key);
  if (!key_text) return std::unexpected(key_text.error());
  const auto certificates = read_certificates(*certificate);
  if (certificates.empty())
    return fail(fmt::format("{} has no certificate in PEM", files.certificate), ErrorKind::kUsage);
  // No question for a password at a terminal.
  const auto no_password = [](char*, int, int, void*) { return 0; };
  const Key key(PEM_read_bio_PrivateKey(memory(*key_text).get(), nullptr, no_password, nullptr));
  ERR_clear_error();
  if (!key)
    return fail(fmt::format("{} has no private key in PEM without a password", files.key),
                ErrorKind::kUsage);
  if (X509_check_private_key(certificates.front().get(), key.get()) != 1) {
    ERR_clear_error();
    return fail(fmt::format("the key in {} is not that of the certificate in {}", files.key,
                            files.certificate),
                ErrorKind::kUsage);
  }
  if (const auto store = authorities(files.ca); !store) return std::unexpected(store.error());
  return {};
}

std::string own_problem(const LinkFiles& files, CertificateUse use) {
  if (auto usable = check_files(files); !usable) return usable.error().message;
  const auto certificate = read_file(files.certificate);
  if (!certificate) return certificate.error().message;
  const auto checked = check_certificate(*certificate, {}, files.ca, use, {},
                                         fmt::format("our certificate in {}", files.certificate));
  return checked ? std::string() : checked.error().message;
}

}  // namespace netprobe
