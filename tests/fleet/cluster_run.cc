// SPDX-License-Identifier: Apache-2.0
#include "fleet/cluster_run.h"

#include <fmt/format.h>
#include <unistd.h>

#include <boost/json/parse.hpp>
#include <charconv>
#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <thread>

#include "base/clock.h"
#include "io/certificate_maker.h"
#include "io/http_client.h"
#include "io/url.h"
#include "support/loopback.h"

namespace netprobe::test {
namespace {

constexpr Nanos kPatience = 120 * kSecond;
constexpr Nanos kDay = 86'400 * kSecond;

std::filesystem::path built(const std::string& program) {
  // The root of this build, where it was configured. Not NETPROBE_BIN: that build has no
  // fleet, and the server is to have the same sanitizers.
  auto root = std::filesystem::canonical("/proc/self/exe").parent_path();
  while (root.has_relative_path() && !std::filesystem::exists(root / "CMakeCache.txt"))
    root = root.parent_path();
  return root / program;
}

/// An authority, and a certificate of either side, that it signed.
Status make_certificates(const std::string& directory) {
  const Nanos now = SystemClock().wall();
  const auto maker = CertificateMaker::make("fleet", now - kDay, now + kDay);
  if (!maker) return std::unexpected(maker.error());
  const auto write = [&](const std::string& name, const PemPair& pair) -> Status {
    if (auto s = write_new_file(directory + "/" + name + ".crt", pair.certificate, false); !s)
      return s;
    return write_new_file(directory + "/" + name + ".key", pair.key, true);
  };
  if (auto s = write("ca", maker->own()); !s) return s;
  for (const std::string name : {"agent", "server"}) {
    const auto pair = maker->issue({.common_name = "netprobe-" + name,
                                    .names = {"netprobe-" + name},
                                    .from = now - kDay,
                                    .until = now + kDay});
    if (!pair) return std::unexpected(pair.error());
    if (auto s = write(name, *pair); !s) return s;
  }
  return {};
}

/// The number behind `before`, where the process says it.
Result<int> told_number(const Process& process, const std::string& before) {
  if (auto told = process.wait_for_output(before, kPatience); !told)
    return std::unexpected(told.error());
  for (int i = 0; i < 100; ++i) {
    for (const std::string& text : {process.out(), process.err()}) {
      const auto at = text.find(before);
      if (at == std::string::npos || text.find('\n', at) == std::string::npos) continue;
      int number = 0;
      std::from_chars(text.data() + at + before.size(), text.data() + text.size(), number);
      if (number > 0) return number;
    }
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
  }
  return fail("no number came after '" + before + "'");
}

Result<std::string> get(const std::string& url) {
  HttpClient client({.total_timeout = kPatience});
  auto reply = client.get(url);
  if (!reply) return std::unexpected(reply.error());
  if (reply->status != 200) return fail(fmt::format("{}: {} {}", url, reply->status, reply->body));
  return std::move(reply->body);
}

Result<boost::json::value> parsed(const std::string& text) {
  boost::system::error_code error;
  auto value = boost::json::parse(text, error);
  if (error) return fail("no JSON: " + text.substr(0, 200));
  return value;
}

}  // namespace

Result<ClusterRun> ClusterRun::start(std::size_t agents,
                                     const std::vector<std::string>& server_flags) {
  ClusterRun run;
  run.dir_ = std::make_unique<TempDir>();
  const std::string& directory = run.dir_->path();
  if (auto made = make_certificates(directory); !made) return std::unexpected(made.error());
  auto fleet =
      Process::start({built("tests/fleet/agent_fleet"), std::to_string(agents), directory});
  if (!fleet) return std::unexpected(fleet.error());
  run.fleet_.emplace(std::move(*fleet));
  const auto control = told_number(*run.fleet_, "listening on ");
  if (!control) return std::unexpected(control.error());
  run.fleet_port_ = *control;
  const auto addresses = run.fleet("/addresses");
  if (!addresses) return std::unexpected(addresses.error());
  std::vector<std::string> command{built("src/server/netprobe-server"),
                                   "--agents=" + *addresses,
                                   "--listen-address=127.0.0.1",
                                   "--metrics-port=" + std::to_string(free_loopback_port()),
                                   "--enable-kubernetes=false",
                                   "--log-format=text",
                                   "--grpc-certificate=" + directory + "/server.crt",
                                   "--grpc-key=" + directory + "/server.key",
                                   "--grpc-ca=" + directory + "/ca.crt"};
  command.insert(command.end(), server_flags.begin(), server_flags.end());
  auto server = Process::start(std::move(command));
  if (!server) return std::unexpected(server.error());
  run.server_.emplace(std::move(*server));
  const auto port = told_number(*run.server_, "http://localhost:");
  if (!port) return std::unexpected(port.error());
  run.server_port_ = *port;
  return run;
}

Result<boost::json::value> ClusterRun::ask(const std::string& path) const {
  const auto text = get(url(path));
  if (!text) return std::unexpected(text.error());
  return parsed(*text);
}

Result<boost::json::value> ClusterRun::query(const std::string& text) const {
  HttpClient client({.total_timeout = kPatience});
  const auto reply = client.get(url("/api/query?q=" + percent_encode(text)));
  if (!reply) return std::unexpected(reply.error());
  return parsed(reply->body);
}

Result<std::string> ClusterRun::fleet(const std::string& path) const {
  return get(fmt::format("http://127.0.0.1:{}{}", fleet_port_, path));
}

Status ClusterRun::wait_for_agents(std::size_t count) const {
  const SystemClock clock;
  std::uint64_t ready = 0;
  for (const Nanos end = clock.monotonic() + kPatience; clock.monotonic() < end;) {
    const auto page = ask("/api/agents");
    if (!page) return std::unexpected(page.error());
    ready = page->at("ready").to_number<std::uint64_t>();
    if (ready == count) return {};
    std::this_thread::sleep_for(std::chrono::milliseconds(100));
  }
  return fail(fmt::format("{} agents are ready, and not {}", ready, count));
}

ClusterRun::Counts ClusterRun::counts() const {
  Counts counts;
  const auto text = fleet("/counts");
  std::istringstream lines(text ? *text : "");
  for (std::string name; lines >> name;) {
    if (name == "made") lines >> counts.made;
    if (name == "told") lines >> counts.told;
    if (name == "cpu") lines >> counts.cpu;
  }
  return counts;
}

std::map<std::string, ClusterRun::Kept> ClusterRun::kept() const {
  std::map<std::string, Kept> result;
  const auto text = fleet("/kept");
  std::istringstream lines(text ? *text : "");
  Kept kept;
  for (std::string node; lines >> node >> kept.all >> kept.between;) result[node] = kept;
  return result;
}

std::string ClusterRun::url(const std::string& path) const {
  return fmt::format("http://127.0.0.1:{}{}", server_port_, path);
}

double ClusterRun::server_cpu() const {
  std::ifstream file(fmt::format("/proc/{}/stat", server_->pid()));
  std::string text;
  std::getline(file, text);
  // Behind the name, which may hold anything: state, then 10 fields, utime, stime.
  std::istringstream fields(text.substr(std::min(text.size(), text.rfind(')') + 1)));
  std::string skipped;
  for (int i = 0; i < 11; ++i) fields >> skipped;
  double user = 0;
  double system = 0;
  fields >> user >> system;
  return (user + system) / static_cast<double>(::sysconf(_SC_CLK_TCK));
}

double ClusterRun::server_mib() const {
  std::ifstream file(fmt::format("/proc/{}/statm", server_->pid()));
  double all = 0;
  double resident = 0;
  file >> all >> resident;
  return resident * static_cast<double>(::sysconf(_SC_PAGESIZE)) / 1048576;
}

}  // namespace netprobe::test
