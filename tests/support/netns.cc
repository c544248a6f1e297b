// SPDX-License-Identifier: Apache-2.0
#include "support/netns.h"

#include <signal.h>
#include <unistd.h>

#include <atomic>
#include <charconv>
#include <filesystem>
#include <system_error>

namespace netprobe::test {
namespace {

constexpr std::string_view kFolder = "/run/netns/";
constexpr std::string_view kPrefix = "np-t-";

std::vector<std::string> with_prefix(std::vector<std::string> prefix,
                                     std::vector<std::string> rest) {
  for (auto& word : rest) prefix.push_back(std::move(word));
  return prefix;
}

Status status_of(const Result<std::string>& result) {
  if (!result) return std::unexpected(result.error());
  return {};
}

/// The process in "np-t-<pid>-<n>"; 0 for any other name.
pid_t owner_of(std::string_view name) {
  if (!name.starts_with(kPrefix)) return 0;
  pid_t pid = 0;
  name.remove_prefix(kPrefix.size());
  const auto [end, error] = std::from_chars(name.data(), name.data() + name.size(), pid);
  return error == std::errc{} && end != name.data() + name.size() && *end == '-' ? pid : 0;
}

/// Removes what crashed tests left: namespaces whose process is gone. A number
/// that was given to another process meanwhile only delays that.
void remove_stale() {
  std::error_code error;
  for (const auto& entry : std::filesystem::directory_iterator(kFolder, error)) {
    const std::string name = entry.path().filename();
    const pid_t pid = owner_of(name);
    if (pid > 0 && ::kill(pid, 0) != 0 && errno == ESRCH)
      (void)run({"ip", "netns", "delete", name});
  }
}

}  // namespace

std::string netns_obstacle() {
  if (::geteuid() != 0) return "needs root to make network namespaces";
  for (const auto* program : {"ip", "nsenter", "sysctl"})
    if (!have_program(program)) return std::string("needs the program ") + program;
  return {};
}

Result<NetNamespace> NetNamespace::create() {
  static std::atomic<int> count{0};
  if (count == 0) remove_stale();
  NetNamespace made(std::string(kPrefix) + std::to_string(::getpid()) + "-" +
                    std::to_string(++count));
  if (auto added = test::run_ok({"ip", "netns", "add", made.name_}); !added) {
    made.name_.clear();
    return std::unexpected(added.error());
  }
  const auto quiet = made.run(
      {"sysctl", "-qw", "net.ipv6.conf.all.disable_ipv6=0", "net.ipv6.conf.default.accept_dad=0",
       "net.ipv6.conf.default.router_solicitations=0", "net.ipv4.ping_group_range=0 2147483647"});
  if (!quiet) return std::unexpected(quiet.error());
  if (const auto up = made.set_up("lo"); !up) return std::unexpected(up.error());
  return made;
}

NetNamespace::NetNamespace(NetNamespace&& other) noexcept : name_(std::move(other.name_)) {
  other.name_.clear();
}

NetNamespace& NetNamespace::operator=(NetNamespace&& other) noexcept {
  if (this == &other) return *this;
  remove();
  name_ = std::move(other.name_);
  other.name_.clear();
  return *this;
}

NetNamespace::~NetNamespace() { remove(); }

void NetNamespace::remove() noexcept {
  if (!name_.empty()) (void)test::run({"ip", "netns", "delete", name_});
  name_.clear();
}

std::string NetNamespace::path() const { return std::string(kFolder) + name_; }

Status NetNamespace::ip(std::vector<std::string> arguments) const {
  return status_of(run_ok(with_prefix({"ip", "-n", name_}, std::move(arguments))));
}

Status NetNamespace::add_address(const std::string& device, const std::string& address) const {
  std::vector<std::string> arguments{"address", "add", address, "dev", device};
  if (address.find(':') != std::string::npos) arguments.emplace_back("nodad");
  return ip(std::move(arguments));
}

Status NetNamespace::set_up(const std::string& device) const {
  return ip({"link", "set", device, "up"});
}

std::vector<std::string> NetNamespace::inside(std::vector<std::string> command) const {
  return with_prefix({"nsenter", "--net=" + path(), "--"}, std::move(command));
}

Result<Process> NetNamespace::start(std::vector<std::string> command,
                                    const ProcessOptions& options) const {
  return Process::start(inside(std::move(command)), options);
}

Result<std::string> NetNamespace::run(std::vector<std::string> command, Nanos timeout) const {
  return run_ok(inside(std::move(command)), timeout);
}

Result<unsigned> NetNamespace::ifindex(const std::string& device) const {
  const auto text = run_ok({"ip", "-n", name_, "-o", "link", "show", "dev", device});
  if (!text) return std::unexpected(text.error());
  unsigned index = 0;
  if (std::from_chars(text->data(), text->data() + text->size(), index).ec != std::errc{})
    return fail("cannot read the index of " + device + " in: " + *text);
  return index;
}

Status add_veth(const NetNamespace& left, const std::string& left_device, const NetNamespace& right,
                const std::string& right_device) {
  auto made = left.ip({"link", "add", left_device, "type", "veth", "peer", "name", right_device,
                       "netns", right.name()});
  if (made) made = left.set_up(left_device);
  if (made) made = right.set_up(right_device);
  return made;
}

Result<TwoHosts> TwoHosts::make() {
  auto here = NetNamespace::create();
  if (!here) return std::unexpected(here.error());
  auto there = NetNamespace::create();
  if (!there) return std::unexpected(there.error());
  Status done = add_veth(*here, "x0", *there, "x0");
  for (const char* address : {"10.8.0.1/24", "fd08::1/64"})
    if (done) done = here->add_address("x0", address);
  for (const char* address : {"10.8.0.2/24", "10.8.0.3/24", "fd08::2/64", "fd08::3/64"})
    if (done) done = there->add_address("x0", address);
  if (!done) return std::unexpected(done.error());
  return TwoHosts{std::move(*here), std::move(*there)};
}

}  // namespace netprobe::test
