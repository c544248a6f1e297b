// SPDX-License-Identifier: Apache-2.0
#include "export/webhook/signature.h"

#include <openssl/evp.h>
#include <openssl/hmac.h>

#include <array>
#include <cctype>
#include <fstream>

namespace netprobe {
namespace {

constexpr std::size_t kMostSecret = 4096;
constexpr std::string_view kPrefix = "whsec_";

std::string base64(const unsigned char* data, std::size_t size) {
  std::string out(4 * ((size + 2) / 3) + 1, '\0');
  const int length =
      EVP_EncodeBlock(reinterpret_cast<unsigned char*>(out.data()), data, static_cast<int>(size));
  out.resize(static_cast<std::size_t>(length));
  return out;
}

/// Empty: it is no base64.
std::string from_base64(std::string_view text) {
  std::string out(text.size() / 4 * 3 + 3, '\0');
  const int length = EVP_DecodeBlock(reinterpret_cast<unsigned char*>(out.data()),
                                     reinterpret_cast<const unsigned char*>(text.data()),
                                     static_cast<int>(text.size()));
  if (length < 0 || text.size() % 4 != 0) return {};
  // What '=' stands for is decoded as zeros.
  std::size_t padding = 0;
  while (padding < 2 && padding < text.size() && text[text.size() - 1 - padding] == '=') ++padding;
  out.resize(static_cast<std::size_t>(length) - padding);
  return out;
}

bool is_blank(char c) { return std::isspace(static_cast<unsigned char>(c)) != 0; }

}  // namespace

Result<std::string> read_secret(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  if (!file) return fail_errno("secret='" + path + "' cannot be read");
  std::string text(kMostSecret + 1, '\0');
  file.read(text.data(), static_cast<std::streamsize>(text.size()));
  text.resize(static_cast<std::size_t>(file.gcount()));
  if (text.size() > kMostSecret)
    return fail("secret='" + path + "' has more than 4096 bytes: it is no secret");
  while (!text.empty() && is_blank(text.back())) text.pop_back();
  while (!text.empty() && is_blank(text.front())) text.erase(0, 1);
  if (text.starts_with(kPrefix)) {
    text = from_base64(std::string_view(text).substr(kPrefix.size()));
    if (text.empty()) return fail("secret='" + path + "': what follows whsec_ is no base64");
  }
  if (text.empty()) return fail("secret='" + path + "' is empty");
  return text;
}

std::vector<std::string> webhook_headers(std::string_view id, Nanos now, std::string_view secret,
                                         std::string_view body) {
  const std::string time = std::to_string(now / kSecond);
  std::vector<std::string> headers{"webhook-id: " + std::string(id), "webhook-timestamp: " + time};
  if (secret.empty()) return headers;
  std::string message(id);
  message += '.';
  message += time;
  message += '.';
  message += body;
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
  unsigned int size = 0;
  HMAC(EVP_sha256(), secret.data(), static_cast<int>(secret.size()),
       reinterpret_cast<const unsigned char*>(message.data()), message.size(), digest.data(),
       &size);
  headers.push_back("webhook-signature: v1," + base64(digest.data(), size));
  return headers;
}

}  // namespace netprobe
