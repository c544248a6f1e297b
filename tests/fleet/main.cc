// SPDX-License-Identifier: Apache-2.0
// Made-up agents, many in one process, for whoever measures or tests the cluster's
// server. Each listens on a port of 127.0.0.1 with mutual TLS; what they do is told by
// HTTP on a port that standard output says:
//   /addresses                 where they listen, with commas between
//   /rate?told=N&kept=M        records a second that each tells to live streams, and that
//                              each keeps for queries; 0: none
//   /mark?agent=I&port=P       makes one flow of agent I to that port
//   /stop?from=I&step=S        kills agents I, I+S, I+2S …; /start begins them again
//   /delay?from=I&step=S&ms=N  their answers to queries take so long
//   /counts                    made, told to live streams; CPU seconds of the process
//   /listeners                 agents that somebody streams from
//   /kept                      a line a node: flows that began there and are kept, and
//                              of them those that the next node keeps as well
#include <fmt/format.h>
#include <signal.h>

#include <algorithm>
#include <atomic>
#include <charconv>
#include <chrono>
#include <map>
#include <random>
#include <thread>

#include "base/own_process.h"
#include "fleet/simulated_agent.h"
#include "io/http_server.h"

namespace netprobe::test {
namespace {

constexpr std::size_t kThreads = 2;
// An agent makes what it owes ten times a second, each in a slice of its own.
constexpr std::size_t kSlices = 10;
constexpr auto kSlice = std::chrono::milliseconds(10);
// Below those that connections take on their own: an agent that is killed finds its port
// again, and who looks for it does not meet himself there.
constexpr std::uint16_t kFirstPort = 12'000;
constexpr std::uint16_t kPorts = 18'000;

class Fleet {
 public:
  Fleet(std::size_t count, const LinkCredentialsPtr& credentials) : scheduler_(kThreads) {
    for (std::size_t i = 0; i < count; ++i)
      agents_.push_back(std::make_unique<SimulatedAgent>(
          SimulatedAgent::Options{.number = i, .nodes = count}, credentials, scheduler_));
  }
  ~Fleet() {
    ended_ = true;
    if (thread_.joinable()) thread_.join();
    agents_.clear();
    scheduler_.stop();
  }
  Fleet(const Fleet&) = delete;
  Fleet& operator=(const Fleet&) = delete;

  Status start() {
    std::uint16_t port = kFirstPort + std::random_device{}() % kPorts;
    for (const auto& agent : agents_) {
      Status started = fail("no port is free");
      for (unsigned i = 0; i < kPorts && !started; ++i) {
        port = port + 1 < kFirstPort + kPorts ? port + 1 : kFirstPort;
        agent->set_port(port);
        started = agent->start();
        if (!started && started.error().kind != ErrorKind::kBusy) return started;
      }
      if (!started) return started;
    }
    thread_ = std::thread([this] { run(); });
    return {};
  }
  void set_rate(std::size_t told, std::size_t kept) {
    told_ = told;
    kept_ = kept;
  }
  Status for_each(std::size_t from, std::size_t step,
                  const std::function<Status(SimulatedAgent&)>& what) {
    for (std::size_t i = from; i < agents_.size(); i += step == 0 ? agents_.size() : step)
      if (auto done = what(*agents_[i]); !done) return done;
    return {};
  }
  [[nodiscard]] std::string addresses() const {
    std::string out;
    for (const auto& agent : agents_)
      out += fmt::format("{}127.0.0.1:{}", out.empty() ? "" : ",", agent->port());
    return out;
  }
  [[nodiscard]] std::string kept() const {
    std::string out;
    for (std::size_t i = 0; i < agents_.size(); ++i) {
      const std::string& node = agents_[i]->node();
      out += fmt::format("{} {} {}\n", node, agents_[i]->kept_of(node), next(i).kept_of(node));
    }
    return out;
  }
  [[nodiscard]] std::string listeners() const {
    return std::to_string(
        std::ranges::count_if(agents_, [](const auto& agent) { return agent->has_listener(); }));
  }
  [[nodiscard]] std::string counts() const {
    std::uint64_t made = 0;
    std::uint64_t told = 0;
    for (const auto& agent : agents_) {
      made += agent->made();
      told += agent->told();
    }
    return fmt::format("made {}\ntold {}\ncpu {:.3f}\n", made, told, cpu_seconds());
  }

 private:
  [[nodiscard]] SimulatedAgent& next(std::size_t agent) const {
    return *agents_[(agent + 1) % agents_.size()];
  }
  void run() {
    auto turn = std::chrono::steady_clock::now();
    for (std::size_t slice = 0; !ended_; slice = (slice + 1) % kSlices) {
      for (std::size_t i = slice; i < agents_.size(); i += kSlices) {
        if (const std::size_t flows = told_ / kSlices; flows > 0) agents_[i]->tell(flows);
        if (const std::size_t flows = kept_ / kSlices; flows > 0) agents_[i]->keep(flows, next(i));
      }
      turn += kSlice;
      std::this_thread::sleep_until(turn);
    }
  }

  ThreadScheduler scheduler_;
  std::vector<std::unique_ptr<SimulatedAgent>> agents_;
  std::atomic<std::size_t> told_{0};
  std::atomic<std::size_t> kept_{0};
  std::atomic<bool> ended_{false};
  std::thread thread_;
};

/// The named parameters as numbers.
std::map<std::string, std::size_t> numbers_of(const HttpRequest& request) {
  std::map<std::string, std::size_t> numbers;
  for (const auto& [name, value] : request.query)
    std::from_chars(value.data(), value.data() + value.size(), numbers[name]);
  return numbers;
}

HttpResponse answer_of(const Status& status) {
  HttpResponse response;
  response.status = status ? 200 : 500;
  response.body = status ? "done\n" : status.error().message + "\n";
  return response;
}

void add_text(HttpServer& http, const std::string& path, std::function<std::string()> text) {
  http.route(path, [text = std::move(text)](const HttpRequest&, const HttpReply& reply) {
    HttpResponse response;
    response.body = text();
    reply(std::move(response));
  });
}

void add_routes(HttpServer& http, Fleet& fleet) {
  add_text(http, "/addresses", [&] { return fleet.addresses(); });
  add_text(http, "/counts", [&] { return fleet.counts(); });
  add_text(http, "/listeners", [&] { return fleet.listeners(); });
  add_text(http, "/kept", [&] { return fleet.kept(); });
  http.route("/rate", [&](const HttpRequest& request, const HttpReply& reply) {
    auto of = numbers_of(request);
    fleet.set_rate(of["told"], of["kept"]);
    reply(answer_of({}));
  });
  http.route("/mark", [&](const HttpRequest& request, const HttpReply& reply) {
    auto of = numbers_of(request);
    reply(answer_of(fleet.for_each(of["agent"], 0, [&](SimulatedAgent& agent) {
      agent.make_marked(static_cast<std::uint16_t>(of["port"]));
      return Status{};
    })));
  });
  http.route("/stop", [&](const HttpRequest& request, const HttpReply& reply) {
    auto of = numbers_of(request);
    reply(answer_of(fleet.for_each(of["from"], of["step"], [](SimulatedAgent& agent) {
      agent.stop();
      return Status{};
    })));
  });
  http.route("/start", [&](const HttpRequest& request, const HttpReply& reply) {
    auto of = numbers_of(request);
    reply(answer_of(fleet.for_each(of["from"], of["step"],
                                   [](SimulatedAgent& agent) { return agent.start(); })));
  });
  http.route("/delay", [&](const HttpRequest& request, const HttpReply& reply) {
    auto of = numbers_of(request);
    reply(answer_of(fleet.for_each(of["from"], of["step"], [&](SimulatedAgent& agent) {
      agent.delay_answers(static_cast<Nanos>(of["ms"]) * kMillisecond);
      return Status{};
    })));
  });
}

int fail_with(const std::string& message) {
  fmt::print(stderr, "fleet: {}\n", message);
  return 1;
}

/// agent_fleet COUNT DIRECTORY, which has agent.crt, agent.key and ca.crt. Ends by SIGTERM.
int run(int argc, char** argv) {
  if (argc != 3) return fail_with("usage: agent_fleet COUNT DIRECTORY");
  const std::string directory = argv[2];
  const SystemClock clock;
  auto credentials = LinkCredentials::make({.files = {.certificate = directory + "/agent.crt",
                                                      .key = directory + "/agent.key",
                                                      .ca = directory + "/ca.crt"},
                                            .peer_name = "netprobe-server"},
                                           clock);
  if (!credentials) return fail_with(credentials.error().message);
  sigset_t signals;
  ::sigemptyset(&signals);
  ::sigaddset(&signals, SIGTERM);
  ::sigaddset(&signals, SIGINT);
  ::pthread_sigmask(SIG_BLOCK, &signals, nullptr);
  Fleet fleet(std::strtoul(argv[1], nullptr, 10), *credentials);
  if (auto started = fleet.start(); !started) return fail_with(started.error().message);
  HttpServerOptions options;
  options.address = "127.0.0.1";
  auto http = HttpServer::make(options);
  if (!http) return fail_with(http.error().message);
  add_routes(**http, fleet);
  if (auto started = (*http)->start(); !started) return fail_with(started.error().message);
  fmt::print("listening on {}\n", (*http)->port());
  (void)std::fflush(stdout);
  int signal = 0;
  ::sigwait(&signals, &signal);
  (*http)->stop();
  return 0;
}

}  // namespace
}  // namespace netprobe::test

int main(int argc, char** argv) { return netprobe::test::run(argc, argv); }
