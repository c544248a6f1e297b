// SPDX-License-Identifier: Apache-2.0
#include "cli/block_token.h"

#include <pwd.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <fstream>

#include "base/ip_address.h"

namespace netprobe {
namespace {

std::string variable(const char* name) {
  const char* value = std::getenv(name);
  return value == nullptr ? "" : value;
}

/// "https", "host" of "https://host:port/".
struct Place {
  std::string scheme = "http";
  std::string host;
};
Place place_of(std::string url) {
  Place place;
  if (const auto end = url.find("://"); end != std::string::npos) {
    place.scheme = url.substr(0, end);
    url.erase(0, end + 3);
  }
  url = url.substr(0, url.find_first_of("/?#"));
  if (const auto user = url.rfind('@'); user != std::string::npos) url.erase(0, user + 1);
  place.host =
      url.starts_with('[') ? url.substr(1, url.find(']') - 1) : url.substr(0, url.find(':'));
  return place;
}

bool is_here(const Place& place) {
  if (place.host == "localhost") return true;
  const auto address = IpAddress::parse(place.host);
  return address && address->is_loopback();
}

Result<std::string> read(const std::string& path) {
  errno = 0;
  std::ifstream in(path);
  std::string token;
  if (!in || !(in >> token)) {
    const std::string why = errno != 0 ? std::strerror(errno) : "it is empty";
    return fail("the token " + path + " cannot be read (" + why + ")");
  }
  return token;
}

}  // namespace

Result<std::string> find_token(const std::string& file, const std::string& agent) {
  if (!file.empty()) return read(file);
  if (auto token = variable("NETPROBE_TOKEN"); !token.empty()) return token;
  std::string folder = variable("NETPROBE_DATA_DIR");
  if (folder.empty()) folder = "/var/lib/netprobe";
  if (!is_here(place_of(agent)))
    return fail(
        "a change needs the agent's token: give --token-file FILE or NETPROBE_TOKEN; the "
        "agent has it in response.token of its --data-dir");
  auto token = read(folder + "/response.token");
  if (token) return token;
  return fail(token.error().message +
              ": run this as root, or give --token-file FILE or NETPROBE_TOKEN");
}

bool keeps_token_secret(const std::string& agent) {
  const Place place = place_of(agent);
  return place.scheme == "https" || is_here(place);
}

std::string user_name() {
  if (auto behind = variable("SUDO_USER"); !behind.empty()) return behind;
  if (const passwd* user = ::getpwuid(::getuid()); user != nullptr) return user->pw_name;
  return "uid " + std::to_string(::getuid());
}

std::string ssh_address() {
  for (const char* name : {"SSH_CONNECTION", "SSH_CLIENT"}) {
    std::string text = variable(name);
    text = text.substr(0, text.find_first_of(" %"));
    if (IpAddress::parse(text)) return text;
  }
  return {};
}

}  // namespace netprobe
