// SPDX-License-Identifier: Apache-2.0
#include "kube/client/server_config.h"

#include <fcntl.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <ctime>
#include <memory>

#include "base/duration.h"
#include "base/unique_fd.h"

namespace netprobe::kube {
namespace {

struct SslDeleter {
  void operator()(BIO* bio) const { BIO_free(bio); }
  void operator()(X509* certificate) const { X509_free(certificate); }
  void operator()(EVP_PKEY* key) const { EVP_PKEY_free(key); }
};

std::unique_ptr<BIO, SslDeleter> memory_of(const std::string& text) {
  return std::unique_ptr<BIO, SslDeleter>(
      BIO_new_mem_buf(text.data(), static_cast<int>(text.size())));
}

/// A key with a pass phrase must not make the agent ask its terminal for it.
int no_pass_phrase(char*, int, int, void*) { return -1; }

constexpr std::string_view kAlphabet =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

}  // namespace

Result<std::string> read_text_file(const std::string& path, const std::string& what,
                                   std::size_t most) {
  const std::string named = what + " " + path;
  // O_NONBLOCK: a FIFO in its place must not hold the thread.
  const UniqueFd file(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
  if (!file) {
    if (errno == ENOENT) return fail(named + " does not exist", ErrorKind::kNotFound);
    return fail_errno(named + " cannot be opened");
  }
  struct stat about{};
  if (::fstat(file.get(), &about) != 0 || !S_ISREG(about.st_mode))
    return fail(named + " is not a regular file");
  std::string text;
  std::array<char, 4096> buffer{};
  for (;;) {
    const auto got = ::read(file.get(), buffer.data(), buffer.size());
    if (got < 0) return fail_errno(named + " cannot be read");
    if (got == 0) return text;
    text.append(buffer.data(), static_cast<std::size_t>(got));
    if (text.size() > most)
      return fail(named + " is longer than the " + std::to_string(most) + " bytes that it may be");
  }
}

Result<std::string> clean_token(std::string text, const std::string& what) {
  constexpr std::string_view kSpace = " \t\r\n";
  const auto begin = text.find_first_not_of(kSpace);
  if (begin == std::string::npos) return fail(what + " is empty");
  text = text.substr(begin, text.find_last_not_of(kSpace) + 1 - begin);
  if (std::ranges::any_of(text, [](unsigned char c) { return c <= ' ' || c == 0x7f; }))
    return fail(what + " has a space or a control character inside, which no token has");
  return text;
}

Status check_client_certificate(const std::string& certificate, const std::string& key,
                                const std::string& whose, Nanos now) {
  const std::string named = "client certificate of " + whose;
  const auto bio = memory_of(certificate);
  const std::unique_ptr<X509, SslDeleter> read(
      PEM_read_bio_X509(bio.get(), nullptr, no_pass_phrase, nullptr));
  const auto key_bio = memory_of(key);
  const std::unique_ptr<EVP_PKEY, SslDeleter> key_read(
      PEM_read_bio_PrivateKey(key_bio.get(), nullptr, no_pass_phrase, nullptr));
  // libcurl reads this thread's errors as well.
  ERR_clear_error();
  if (!read) return fail(named + " is no certificate in PEM form");
  if (!key_read) return fail(named + ": its key is no private key in PEM form without pass phrase");
  if (X509_check_private_key(read.get(), key_read.get()) != 1) {
    ERR_clear_error();
    return fail(named + " does not belong to its key");
  }
  std::tm end{};
  if (ASN1_TIME_to_tm(X509_get0_notAfter(read.get()), &end) != 1) {
    ERR_clear_error();
    return fail(named + " does not say how long it is valid");
  }
  const Nanos expires = static_cast<Nanos>(timegm(&end)) * kSecond;
  if (timegm(&end) < now / kSecond)
    return fail(named + " expired at " + format_rfc3339(expires).substr(0, 19) + "Z; renew it");
  return {};
}

std::optional<std::string> decode_base64(std::string_view text) {
  static const auto kValues = [] {
    std::array<int, 256> values{};
    values.fill(-1);
    for (std::size_t i = 0; i < kAlphabet.size(); ++i)
      values[static_cast<unsigned char>(kAlphabet[i])] = static_cast<int>(i);
    return values;
  }();
  std::string out;
  unsigned bits = 0;
  int held = 0;
  std::size_t digits = 0;
  std::size_t padding = 0;
  for (const char c : text) {
    if (c == '\n' || c == '\r' || c == ' ' || c == '\t') continue;
    if (c == '=') {
      ++padding;
      continue;
    }
    const int value = kValues[static_cast<unsigned char>(c)];
    if (value < 0 || padding != 0) return std::nullopt;
    ++digits;
    bits = (bits << 6U | static_cast<unsigned>(value)) & 0xffffffU;
    held += 6;
    if (held >= 8) {
      held -= 8;
      out += static_cast<char>(bits >> static_cast<unsigned>(held) & 0xffU);
    }
  }
  if (padding > 2 || (digits + padding) % 4 != 0) return std::nullopt;
  return out;
}

std::string encode_base64(std::string_view bytes) {
  std::string out;
  for (std::size_t i = 0; i < bytes.size(); i += 3) {
    unsigned bits = 0;
    const std::size_t count = std::min<std::size_t>(3, bytes.size() - i);
    for (std::size_t j = 0; j < 3; ++j)
      bits = bits << 8U | (j < count ? static_cast<unsigned char>(bytes[i + j]) : 0U);
    for (std::size_t j = 0; j < 4; ++j)
      out += j <= count ? kAlphabet[bits >> (18U - 6U * static_cast<unsigned>(j)) & 63U] : '=';
  }
  return out;
}

}  // namespace netprobe::kube
