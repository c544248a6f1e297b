// SPDX-License-Identifier: Apache-2.0
// How well the learnt model tells attacks from honest traffic that tools and scripts really
// made: both at once, each attack from an address that is its label; captured, replayed
// through the flow program and the flow table, and every flow scored.
#include <fcntl.h>
#include <gtest/gtest.h>
#include <sched.h>

#include <cstdio>
#include <fstream>
#include <map>
#include <optional>
#include <string>
#include <thread>

#include "agent.h"
#include "analysis/history/history_feed.h"
#include "base/unique_fd.h"
#include "cluster.h"
#include "detect/anomaly/anomaly_detector.h"
#include "flow/flow_table.h"
#include "io/byte_source.h"
#include "io/link_header.h"
#include "io/pcap_reader.h"
#include "probes/flow/flow_replayer.h"
#include "support/temp_dir.h"

namespace netprobe::test {
namespace {

constexpr int kSeconds = 75;
constexpr int kLearning = 30;  ///< seconds of honest traffic before the attacks
constexpr double kThreshold = AnomalyOptions{}.threshold;

class Names final : public PointNames {
 public:
  [[nodiscard]] std::string_view interface_name(std::uint32_t) const override { return "eth0"; }
  [[nodiscard]] Role interface_role(std::uint32_t) const override { return Role::kHost; }
  [[nodiscard]] bool is_local(const IpAddress&) const override { return false; }
};

/// Flows of one label.
struct Label {
  std::uint64_t judged = 0;
  std::uint64_t odd = 0;
};

const std::map<std::string, std::string>& labels() {
  static const std::map<std::string, std::string> kAll{
      {"10.77.2.201", "theft"},    {"10.77.2.202", "shell"},      {"10.77.2.203", "scan"},
      {"10.77.2.204", "guessing"}, {"10.77.2.205", "call-backs"}, {"10.77.2.206", "hoard"}};
  return kAll;
}

std::string label_of(const FlowRecord& record) {
  for (const IpAddress& end : {record.tuple.src, record.tuple.dst})
    if (const auto found = labels().find(end.to_string()); found != labels().end())
      return found->second;
  return "honest";
}

/// Every flow that ended and was judged, by its label.
class Scores {
 public:
  Scores()
      : feed_({.node = "capture"},
              {.judge = [](Flow&) {},
               .interface_name = [](std::uint32_t) { return std::string_view("eth0"); }},
              clock_, [this](const HistoryBatchPtr& batch) { take(*batch); }) {
    table_.watch_growth(&feed_, GrowthListener::kDetection);
  }
  ~Scores() { table_.watch_growth(nullptr, GrowthListener::kDetection); }
  Scores(const Scores&) = delete;
  Scores& operator=(const Scores&) = delete;

  void replay(const std::string& file) {
    UniqueFd fd(::open(file.c_str(), O_RDONLY | O_CLOEXEC));
    ASSERT_TRUE(fd);
    FdSource source(std::move(fd));
    auto reader = PcapReader::open(source);
    ASSERT_TRUE(reader) << reader.error().message;
    auto replayer = FlowReplayer::make({});
    ASSERT_TRUE(replayer) << replayer.error().message;
    LinkHeaderReader links;
    CapturedPacket packet;
    Nanos next = 0;
    for (;;) {
      const auto read = reader->next(packet);
      ASSERT_TRUE(read) << read.error().message;
      if (*read != CaptureRead::kPacket) break;
      for (next = next == 0 ? packet.time + kSecond : next; packet.time >= next; next += kSecond) {
        replayer->drain(table_);
        close_second(next);
      }
      LinkFrame frame;
      ASSERT_TRUE(links.read(packet.link_type, packet.data, packet.wire_length, frame));
      ASSERT_TRUE(replayer->packet(frame.data, frame.wire_length, packet.time, packet.interface,
                                   frame.bare_ip));
    }
    replayer->drain(table_);
    // Until what is idle has ended.
    for (int i = 0; i < 600; ++i) close_second(next += kSecond);
  }
  [[nodiscard]] const std::map<std::string, Label>& by_label() const { return by_label_; }

 private:
  void close_second(Nanos now) {
    clock_.set(now);
    table_.tick(now);
    feed_.begin_cut(now);
    table_.take_growth(GrowthListener::kDetection);
    feed_.end_cut();
    feed_.hand_over(true);
    detector_.tick(to_micros(now), [](Finding&&) {});
  }
  void take(const HistoryBatch& batch) {
    for (const FlowRecord& record : batch.flows) {
      detector_.on_flow(record);
      if (!record.ended) continue;
      Label& label = by_label_[label_of(record)];
      ++label.judged;
      if (detector_.last_score() >= kThreshold) ++label.odd;
    }
  }

  ManualClock clock_;
  Names names_;
  FlowTable table_{{.max_flows = 100'000, .wall_offset = 0}, names_};
  AnomalyDetector detector_{{.seed = 7}};
  HistoryFeed feed_;
  std::map<std::string, Label> by_label_;
};

TEST(Labelled, PrecisionAndRecallOfTheLearntModel) {
  if (const auto why = end_to_end_obstacle(); !why.empty()) GTEST_SKIP() << why;
  for (const char* program : {"python3", "dumpcap"})
    if (!have_program(program)) GTEST_SKIP() << "needs the program " << program;
  auto made = NodeAndPod::make();
  ASSERT_TRUE(made) << made.error().message;
  const auto add = [](const NetNamespace& ns, const std::string& address) {
    ASSERT_TRUE(ns.ip({"address", "add", address + "/32", "dev", "lo"}));
  };
  for (int i = 1; i <= 40; ++i) add(made->node, "10.77.1." + std::to_string(i));
  for (int i = 1; i <= 30; ++i) add(made->node, "10.77.3." + std::to_string(i));
  for (int i = 1; i <= 10; ++i) add(made->pod, "10.77.2." + std::to_string(i));
  for (const auto& [address, label] : labels()) add(made->pod, address);
  for (const char* net : {"10.77.1.0/24", "10.77.3.0/24", "10.77.4.0/24"})
    ASSERT_TRUE(made->pod.ip({"route", "add", net, "via", "10.77.0.1"}));
  ASSERT_TRUE(made->node.ip({"route", "add", "10.77.2.0/24", "via", "10.77.0.2"}));
  ASSERT_TRUE(made->node.ip({"route", "add", "blackhole", "10.77.4.9"}));

  const std::string folder = NETPROBE_NETNS_SOURCES;
  const TempDir temp;
  const std::string file = temp.path() + "/labelled.pcap";
  auto services = made->node.start({"python3", folder + "/honest_traffic.py", "serve"});
  auto victims = made->node.start({"python3", folder + "/labelled_attacks.py", "serve"});
  ASSERT_TRUE(services);
  ASSERT_TRUE(victims);
  ASSERT_TRUE(services->wait_for_output("ready", kPatience));
  ASSERT_TRUE(victims->wait_for_output("ready", kPatience));
  auto dump =
      made->node.start({"dumpcap", "-q", "-i", "eth0", "-P", "-s", "128", "-B", "64", "-w", file});
  ASSERT_TRUE(dump);
  ASSERT_TRUE(eventually([&] { return std::ifstream(file).good(); }));
  std::thread attacks([&] {
    std::this_thread::sleep_for(std::chrono::seconds(kLearning));
    const auto used =
        made->pod.run({"python3", folder + "/labelled_attacks.py", "use"}, 120 * kSecond);
    EXPECT_TRUE(used) << used.error().message;
  });
  const auto used =
      made->pod.run({"python3", folder + "/honest_traffic.py", "use", std::to_string(kSeconds)},
                    (kSeconds + 60) * kSecond);
  attacks.join();
  ASSERT_TRUE(used) << used.error().message;
  std::this_thread::sleep_for(std::chrono::seconds(1));
  EXPECT_TRUE(dump->stop());

  // A flow whose packets ran on two CPUs would be two records.
  cpu_set_t one;
  CPU_ZERO(&one);
  CPU_SET(static_cast<std::size_t>(::sched_getcpu()), &one);
  ASSERT_EQ(::sched_setaffinity(0, sizeof one, &one), 0);
  Scores scores;
  scores.replay(file);
  Label all;
  std::printf("%-12s %8s %8s %8s\n", "label", "flows", "odd", "share");
  for (const auto& [name, label] : scores.by_label()) {
    std::printf("%-12s %8llu %8llu %8.3f\n", name.c_str(),
                static_cast<unsigned long long>(label.judged),
                static_cast<unsigned long long>(label.odd),
                static_cast<double>(label.odd) / static_cast<double>(label.judged));
    if (name == "honest") continue;
    all.judged += label.judged;
    all.odd += label.odd;
  }
  const Label honest = scores.by_label().at("honest");
  const auto told = static_cast<double>(all.odd + honest.odd);
  std::printf("precision %.3f, recall %.3f, threshold %.2f\n",
              told > 0 ? static_cast<double>(all.odd) / told : 0.0,
              static_cast<double>(all.odd) / static_cast<double>(all.judged), kThreshold);
  // All of it was there and was judged; how well is what docs/detectors.md says.
  for (const auto& [address, name] : labels()) {
    ASSERT_TRUE(scores.by_label().contains(name)) << name;
    EXPECT_GE(scores.by_label().at(name).judged, 3U) << name;
  }
  EXPECT_GT(honest.judged, 2'000U);
  EXPECT_LT(honest.odd * 20, honest.judged) << "more than one in twenty honest flows is odd";
}

}  // namespace
}  // namespace netprobe::test
