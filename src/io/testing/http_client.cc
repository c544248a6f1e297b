// SPDX-License-Identifier: Apache-2.0
#include "io/testing/http_client.h"

#include <arpa/inet.h>
#include <sys/socket.h>
#include <sys/time.h>

#include <algorithm>
#include <cctype>

namespace netprobe::testing {
namespace {

constexpr int kPatience = 20;  // seconds; only a failing test waits so long

std::size_t take_body(char* data, std::size_t size, std::size_t count, void* to) {
  static_cast<std::string*>(to)->append(data, size * count);
  return size * count;
}

std::size_t take_header(char* data, std::size_t size, std::size_t count, void* to) {
  const std::string_view line(data, size * count);
  if (const auto colon = line.find(':'); colon != std::string_view::npos) {
    std::string name(line.substr(0, colon));
    std::ranges::transform(name, name.begin(),
                           [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
    auto value = line.substr(colon + 1);
    value.remove_prefix(std::min(value.find_first_not_of(' '), value.size()));
    while (!value.empty() && (value.back() == '\r' || value.back() == '\n')) value.remove_suffix(1);
    (*static_cast<std::map<std::string, std::string>*>(to))[name] = std::string(value);
  }
  return size * count;
}

}  // namespace

HttpClient::HttpClient(std::uint16_t port)
    : curl_(curl_easy_init(), curl_easy_cleanup),
      base_("http://127.0.0.1:" + std::to_string(port)) {}

Answer HttpClient::get(const std::string& path, const std::vector<std::string>& headers) {
  return request("GET", path, headers);
}

Answer HttpClient::request(const std::string& method, const std::string& path,
                           const std::vector<std::string>& headers, const std::string& body) {
  Answer answer;
  CURL* curl = curl_.get();
  curl_slist* list = nullptr;
  for (const auto& header : headers) list = curl_slist_append(list, header.c_str());
  curl_easy_reset(curl);  // options go, connections stay
  curl_easy_setopt(curl, CURLOPT_URL, (base_ + path).c_str());
  curl_easy_setopt(curl, CURLOPT_PATH_AS_IS, 1L);
  curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
  curl_easy_setopt(curl, CURLOPT_PROXY, "");
  curl_easy_setopt(curl, CURLOPT_TIMEOUT, static_cast<long>(kPatience));
  curl_easy_setopt(curl, CURLOPT_HTTPHEADER, list);
  curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, take_body);
  curl_easy_setopt(curl, CURLOPT_WRITEDATA, &answer.body);
  curl_easy_setopt(curl, CURLOPT_HEADERFUNCTION, take_header);
  curl_easy_setopt(curl, CURLOPT_HEADERDATA, &answer.headers);
  if (compression_) curl_easy_setopt(curl, CURLOPT_ACCEPT_ENCODING, "gzip");
  if (method == "HEAD") {
    curl_easy_setopt(curl, CURLOPT_NOBODY, 1L);
  } else if (method != "GET") {
    curl_easy_setopt(curl, CURLOPT_CUSTOMREQUEST, method.c_str());
    curl_easy_setopt(curl, CURLOPT_POSTFIELDSIZE, static_cast<long>(body.size()));
    curl_easy_setopt(curl, CURLOPT_POSTFIELDS, body.c_str());
  }
  if (curl_easy_perform(curl) == CURLE_OK) {
    curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &answer.status);
    curl_easy_getinfo(curl, CURLINFO_NUM_CONNECTS, &answer.new_connections);
  }
  curl_slist_free_all(list);
  return answer;
}

RawConnection::RawConnection(std::uint16_t port, int receive_buffer)
    : fd_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
  if (receive_buffer > 0)
    setsockopt(fd_.get(), SOL_SOCKET, SO_RCVBUF, &receive_buffer, sizeof(receive_buffer));
  const timeval patience{.tv_sec = kPatience, .tv_usec = 0};
  setsockopt(fd_.get(), SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  if (::connect(fd_.get(), reinterpret_cast<const sockaddr*>(&address), sizeof(address)) != 0)
    fd_.reset();
}

void RawConnection::send(std::string_view text) const {
  while (!text.empty()) {
    const auto sent = ::send(fd_.get(), text.data(), text.size(), MSG_NOSIGNAL);
    if (sent <= 0) return;
    text.remove_prefix(static_cast<std::size_t>(sent));
  }
}

bool RawConnection::read_more() {
  char buffer[4096];
  const auto size = ::recv(fd_.get(), buffer, sizeof(buffer), 0);
  if (size <= 0) return false;
  seen_.append(buffer, static_cast<std::size_t>(size));
  return true;
}

bool RawConnection::read_until(std::string_view text) {
  std::size_t from = 0;
  while (seen_.find(text, from) == std::string::npos) {
    from = seen_.size() < text.size() ? 0 : seen_.size() - text.size();
    if (!read_more()) return false;
  }
  return true;
}

}  // namespace netprobe::testing
