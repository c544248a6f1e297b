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

// Shells in shells; and what Linux lets an environment be is far more.
constexpr int kMostParents = 64;
constexpr std::streamsize kMostEnvironment = 1 << 20;

/// "203.0.113.9" of "203.0.113.9 51000 10.0.0.1 22"; empty where it is none.
std::string first_address(std::string text) {
  text = text.substr(0, text.find_first_of(" %"));
  return IpAddress::parse(text) ? text : "";
}

/// Whoever may read it: root, and the same user.
std::string ssh_address_of(pid_t pid) {
  std::ifstream in("/proc/" + std::to_string(pid) + "/environ");
  for (std::string each; std::getline(in, each, '\0') && in.tellg() < kMostEnvironment;)
    for (const std::string_view name : {"SSH_CONNECTION=", "SSH_CLIENT="})
      if (each.starts_with(name))
        if (auto found = first_address(each.substr(name.size())); !found.empty()) return found;
  return {};
}

/// 0: it is gone.
pid_t parent_of(pid_t pid) {
  std::ifstream in("/proc/" + std::to_string(pid) + "/stat");
  std::string text;
  std::getline(in, text);
  // "17 (a name) S 4 …": the name may hold anything.
  const auto end = text.rfind(") ");
  if (end == std::string::npos || end + 4 >= text.size()) return 0;
  return static_cast<pid_t>(std::strtol(text.c_str() + end + 4, nullptr, 10));
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
  for (const char* name : {"SSH_CONNECTION", "SSH_CLIENT"})
    if (auto found = first_address(variable(name)); !found.empty()) return found;
  // sudo leaves them out: who runs it has them still, or who runs that.
  pid_t pid = ::getppid();
  for (int i = 0; i < kMostParents && pid > 1; ++i, pid = parent_of(pid))
    if (auto found = ssh_address_of(pid); !found.empty()) return found;
  return {};
}

}  // namespace netprobe
