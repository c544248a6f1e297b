// SPDX-License-Identifier: Apache-2.0
// The agent in a busy cluster: an API server that tells of 1,000 pod changes a
// second, over TLS, to the real agent. The server is a made-up one: a real one
// with its database does not reach that on two cores.
#include <fmt/format.h>
#include <time.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <memory>
#include <thread>

#include "agent_lab.h"
#include "cpu_time.h"
#include "io/http_client.h"
#include "kube/client/decode.h"
#include "kube/client/object_parser.h"
#include "kube/client/testing/fake_api_server.h"
#include "kube_pod.h"
#include "report.h"
#include "support/certificates.h"
#include "support/netns.h"
#include "support/netns_thread.h"

namespace netprobe::bench {
namespace {

constexpr int kPods = 5'000;
constexpr int kRate = 1'000;  // changes a second
constexpr double kSeconds = 10;
constexpr int kRounds = 3;

void sleep_seconds(double seconds) {
  std::this_thread::sleep_for(std::chrono::duration<double>(seconds));
}

/// Pods that come, change and go. What a busy cluster tells of them: of four
/// changes one is a status that changes no name, one other labels, one an end,
/// and one a new pod with the address that it had.
class Pods {
 public:
  explicit Pods(kube::testing::FakeApiServer& server) : server_(server) {
    for (int i = 0; i < kPods; ++i) put(i, 0, "1");
  }
  void change() {
    const int place = (count_ / 4) % kPods;
    switch (count_ % 4) {
      case 0:
        put(place, 1, "1");
        break;
      case 1:
        put(place, 1, "2");
        break;
      case 2:
        server_.remove("pods", name(place));
        break;
      default:
        ++generation_;
        put(place, 0, "1");
    }
    ++count_;
  }
  /// A pod with an address that nobody had.
  std::string add() {
    const int number = kPods + ++added_;
    put(number, 0, "1");
    return ip(number);
  }
  [[nodiscard]] int count() const { return count_ + added_; }

 private:
  static std::string ip(int number) {
    return fmt::format("10.{}.{}.{}", 100 + number / 65'536, number / 256 % 256, number % 256);
  }
  [[nodiscard]] std::string name(int number) const {
    // The one that is there now has the generation of its last replacement.
    const int replaced = number < kPods ? (generation_ + kPods - 1 - number) / kPods : 0;
    return fmt::format("shop/frontend-7d4b9c6f5-{}-{}", number, replaced);
  }
  void put(int number, int change, const std::string& label) {
    const KubePodText text = kube_pod_text(number, ip(number), change, label);
    server_.put("pods", name(number), text.fields, text.metadata);
  }

  kube::testing::FakeApiServer& server_;
  int count_ = 0;
  int generation_ = 0;
  int added_ = 0;
};

/// What another encoding of objects could save at most: a line of a watch from
/// text to the record that is kept, with nothing around it.
void measure_decoding(std::vector<Row>& rows) {
  std::vector<std::string> lines;
  double bytes = 0;
  for (int i = 0; i < kPods; ++i) {
    const KubePodText text = kube_pod_text(i, fmt::format("10.1.{}.{}", i / 256, i % 256), 0, "1");
    lines.push_back(fmt::format(
        R"({{"type":"MODIFIED","object":{{"metadata":{{"name":"frontend-7d4b9c6f5-{}","namespace":"shop","uid":"uid-{}","resourceVersion":"{}"{}}}{}}}}})",
        i, i, i + 1, text.metadata, text.fields));
    bytes += static_cast<double>(lines.back().size());
    (void)kube::padded(lines.back());
  }
  kube::ObjectParser parser;
  kube::DecodeCounts counts;
  std::vector<double> whole;
  std::vector<double> parsing;
  std::size_t decoded = 0;
  for (int round = 0; round < 5; ++round) {
    double began = thread_seconds();
    for (const std::string& line : lines) (void)parser.parse(line);
    parsing.push_back((thread_seconds() - began) / kPods * 1e6);
    began = thread_seconds();
    for (const std::string& line : lines) {
      const auto event = parser.parse(line);
      kube::JsonElement object;
      if (event && (*event)["object"].get(object) == simdjson::SUCCESS &&
          kube::decode_object(kube::ResourceKind::kPod, object, counts))
        ++decoded;
    }
    whole.push_back((thread_seconds() - began) / kPods * 1e6);
  }
  if (decoded != 5 * lines.size()) return;
  const auto what = fmt::format("a pod's change, {:.0f} bytes of JSON", bytes / kPods);
  rows.push_back({what, "parsed", median(parsing), "us", "", "", true});
  rows.push_back({what, "parsed and decoded", median(whole), "us",
                  fmt::format("{:.1f} % of a core at 1,000/s", median(whole) / 10), "", true});
}

std::string get(const AgentLab& lab, const std::string& path) {
  std::string body;
  run_in(lab.watched, [&] {
    HttpClient client;
    auto reply = client.get("http://127.0.0.1:8081" + path);
    if (reply && reply->status == 200) body = std::move(reply->body);
  });
  return body;
}

bool eventually(double seconds, const auto& holds) {
  const SystemClock clock;
  const Nanos until = clock.monotonic() + static_cast<Nanos>(seconds * 1e9);
  while (!holds()) {
    if (clock.monotonic() > until) return false;
    sleep_seconds(0.005);
  }
  return true;
}

double changes_known(const RunningAgent& agent) {
  const auto page = agent.metrics();
  return page ? page->sum("netprobe_identity_changes_total") : std::nan("");
}

struct Round {
  double rate = 0;   ///< offered
  double share = 0;  ///< of a core, in percent
  double idle = 0;   ///< the same before
  double delay = 0;  ///< ms from the last change until all are known
};

/// `each_second` is called on the way.
Round run_round(const RunningAgent& agent, Pods& pods, const auto& each_second) {
  const SystemClock clock;
  Round round;
  const double known = changes_known(agent);
  sleep_seconds(1);
  double before = agent.cpu_seconds();
  sleep_seconds(3);
  round.idle = (agent.cpu_seconds() - before) / 3 * 100;

  const int from = pods.count();
  before = agent.cpu_seconds();
  const Nanos begin = clock.monotonic();
  const auto seconds = [&] { return static_cast<double>(clock.monotonic() - begin) / 1e9; };
  int second = 0;
  while (seconds() < kSeconds) {
    const int due = from + static_cast<int>(seconds() * kRate);
    while (pods.count() < due) pods.change();
    if (second < static_cast<int>(seconds())) {
      ++second;
      each_second();
    }
    std::this_thread::sleep_for(std::chrono::microseconds(500));
  }
  const double took = seconds();
  const int offered = pods.count() - from;
  round.rate = offered / took;
  const Nanos last = clock.monotonic();
  const bool all = eventually(10, [&] { return changes_known(agent) >= known + offered; });
  round.delay = all ? static_cast<double>(clock.monotonic() - last) / 1e6 : std::nan("");
  round.share = (agent.cpu_seconds() - before) / took * 100;
  return round;
}

std::vector<double> column(const std::vector<Round>& rounds, double Round::* which) {
  std::vector<double> values;
  for (const Round& round : rounds) values.push_back(round.*which);
  return values;
}

void add_rows(const std::string& variant, const std::vector<Round>& rounds, bool budget,
              std::vector<Row>& rows) {
  const double share = median(column(rounds, &Round::share));
  const double rate = median(column(rounds, &Round::rate));
  rows.push_back({variant, "offered", rate, "changes/s", "", "", true});
  rows.push_back({variant, "agent, all threads", share, "%", "of a core", budget ? "<= 10 %" : "",
                  share <= 10 && rate > kRate * 0.99});
  rows.push_back(
      {variant, "agent, before", median(column(rounds, &Round::idle)), "%", "of a core", "", true});
  rows.push_back({variant, "all known after the last one", median(column(rounds, &Round::delay)),
                  "ms", "with reading /metrics for it", "", true});
}

bool measure(const AgentLab& lab, std::vector<Row>& rows) {
  const test::Certificates certificates;
  std::unique_ptr<kube::testing::FakeApiServer> server;
  run_in(lab.watched, [&] {
    server = std::make_unique<kube::testing::FakeApiServer>(kube::testing::TlsFiles{
        .certificate = certificates.file("server"), .key = certificates.key("server")});
  });
  Pods pods(*server);
  const test::TempDir dir;
  test::write_file(dir.file("kubeconfig"),
                   fmt::format("current-context: d\ncontexts: [{{name: d, context: {{cluster: c, "
                               "user: u}}}}]\nclusters: [{{name: c, cluster: {{server: '{}', "
                               "certificate-authority: {}}}}}]\nusers: [{{name: u, user: {{token: "
                               "t}}}}]\n",
                               server->url(), certificates.file("ca")));
  const SystemClock clock;
  const auto agent =
      RunningAgent::start(lab, {"--kubeconfig=" + dir.file("kubeconfig"), "--node-name=node-1"});
  if (!agent) return false;
  const Nanos began = clock.monotonic();
  if (!eventually(20, [&] { return changes_known(*agent) >= kPods; })) return false;
  rows.push_back({fmt::format("{} pods", kPods), "known after the start",
                  static_cast<double>(clock.monotonic() - began) / 1e6, "ms", "", "", true});
  rows.push_back(
      {fmt::format("{} pods", kPods), "memory (RSS)", agent->resident_mib(), "MiB", "", "", true});

  std::vector<Round> alone;
  for (int i = 0; i < kRounds; ++i) alone.push_back(run_round(*agent, pods, [] {}));
  add_rows(fmt::format("{} changes/s, nobody reads", kRate), alone, true, rows);

  std::vector<Round> read;
  std::vector<double> delays;
  for (int i = 0; i < kRounds; ++i) {
    read.push_back(run_round(*agent, pods, [&] {
      const Nanos at = clock.monotonic();
      const std::string path = "/api/query/pod?ip=" + pods.add();
      if (eventually(5, [&] { return !get(lab, path).empty(); }))
        delays.push_back(static_cast<double>(clock.monotonic() - at) / 1e6);
    }));
  }
  const auto reading = fmt::format("{} changes/s, read every second", kRate);
  add_rows(reading, read, false, rows);
  if (delays.size() < kRounds) return false;
  std::ranges::sort(delays);
  rows.push_back({reading, "new pod known, median", median(delays), "ms",
                  fmt::format("{} times, longest {:.0f} ms", delays.size(), delays.back()), "",
                  true});
  rows.push_back({reading, "memory (RSS)", agent->resident_mib(), "MiB", "at the end", "", true});
  return true;
}

int run() {
  if (const auto obstacle = test::netns_obstacle(); !obstacle.empty()) {
    fmt::print(stderr, "{}\n", obstacle);
    return 1;
  }
  const auto lab = build_agent_lab();
  if (!lab) {
    fmt::print(stderr, "cannot build the lab\n");
    return 1;
  }
  std::vector<Row> rows;
  measure_decoding(rows);
  const bool done = measure(*lab, rows);
  report("The agent and a busy Kubernetes API", rows);
  if (!done) fmt::print(stderr, "a measurement failed; what is above is what there is\n");
  return done ? 0 : 1;
}

}  // namespace
}  // namespace netprobe::bench

int main() { return netprobe::bench::run(); }
