// SPDX-License-Identifier: Apache-2.0
// An honest hour, and slow scans: a minute of real traffic is captured, its times are
// stretched, and `netprobe replay --alerts` says what the agent's detectors find in it.
#include <gtest/gtest.h>

#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstring>
#include <fstream>
#include <iterator>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "agent.h"
#include "cluster.h"
#include "support/temp_dir.h"

namespace netprobe::test {
namespace {

constexpr int kSeconds = 60;
constexpr std::uint32_t kHourOfAMinute = 60;

/// Moves each packet `factor` times as far away from the first one. A pcap file with
/// microseconds, as dumpcap writes it.
void stretch(const std::string& file, std::uint32_t factor) {
  std::ifstream in(file, std::ios::binary);
  std::string bytes{std::istreambuf_iterator<char>(in), {}};
  const auto word = [&](std::size_t at) {
    std::uint32_t value = 0;
    std::memcpy(&value, bytes.data() + at, sizeof value);
    return value;
  };
  ASSERT_GE(bytes.size(), 40U);
  ASSERT_EQ(word(0), 0xa1b2c3d4U);
  std::optional<std::int64_t> first;
  for (std::size_t at = 24; at + 16 <= bytes.size(); at += 16 + word(at + 8)) {
    const std::int64_t time = std::int64_t{word(at)} * 1'000'000 + word(at + 4);
    first = first.value_or(time);
    const std::int64_t moved = *first + (time - *first) * factor;
    const std::uint32_t parts[] = {static_cast<std::uint32_t>(moved / 1'000'000),
                                   static_cast<std::uint32_t>(moved % 1'000'000)};
    std::memcpy(bytes.data() + at, parts, sizeof parts);
  }
  std::ofstream(file, std::ios::binary)
      .write(bytes.data(), static_cast<std::streamsize>(bytes.size()));
}

class Captured : public testing::Test {
 protected:
  void SetUp() override {
    if (const auto why = end_to_end_obstacle(); !why.empty()) GTEST_SKIP() << why;
    for (const char* program : {"nmap", "python3", "dumpcap"})
      if (!have_program(program)) GTEST_SKIP() << "needs the program " << program;
    auto made = NodeAndPod::make();
    ASSERT_TRUE(made) << made.error().message;
    node_.emplace(std::move(made->node));
    pod_.emplace(std::move(made->pod));
    for (int i = 1; i <= 40; ++i) add(*node_, "10.77.1." + std::to_string(i));
    for (int i = 1; i <= 30; ++i) add(*node_, "10.77.3." + std::to_string(i));
    for (int i = 1; i <= 10; ++i) add(*pod_, "10.77.2." + std::to_string(i));
    for (const char* net : {"10.77.1.0/24", "10.77.3.0/24", "10.77.4.0/24"})
      ASSERT_TRUE(pod_->ip({"route", "add", net, "via", "10.77.0.1"}));
    ASSERT_TRUE(node_->ip({"route", "add", "10.77.2.0/24", "via", "10.77.0.2"}));
    // Who is gone does not answer, not even that it is.
    ASSERT_TRUE(node_->ip({"route", "add", "blackhole", "10.77.4.9"}));
  }
  static void add(const NetNamespace& ns, const std::string& address) {
    ASSERT_TRUE(ns.ip({"address", "add", address + "/32", "dev", "lo"}));
  }
  /// What `work` does on the wire, in a file.
  template <typename Work>
  std::string capture(const std::string& name, Work&& work) {
    const std::string file = folder_.path() + "/" + name;
    auto dump =
        node_->start({"dumpcap", "-q", "-i", "eth0", "-P", "-s", "128", "-B", "64", "-w", file});
    EXPECT_TRUE(dump);
    // It makes the file when it captures.
    EXPECT_TRUE(eventually([&] { return std::ifstream(file).good(); }));
    work();
    // The kernel hands over what is not many with a delay, and its end does not wait for that.
    std::this_thread::sleep_for(std::chrono::seconds(1));
    EXPECT_TRUE(dump->stop());
    return file;
  }
  /// JSON, one alert a line.
  [[nodiscard]] std::string alerts(const std::string& file) const {
    const auto found =
        node_->run({cli_binary(), "replay", file, "--alerts", "-o", "json"}, 300 * kSecond);
    EXPECT_TRUE(found) << found.error().message;
    return found.value_or("");
  }
  void scan(const std::vector<std::string>& flags) {
    std::vector<std::string> command{"timeout", "120",       "nmap", "-n",  "-Pn",
                                     "-S",      "10.77.2.3", "-e",   "eth0"};
    command.insert(command.end(), flags.begin(), flags.end());
    command.emplace_back("10.77.0.1");
    (void)pod_->run(std::move(command), 130 * kSecond);
  }

  TempDir folder_;
  std::optional<NetNamespace> node_;
  std::optional<NetNamespace> pod_;
  Background others_;
};

TEST_F(Captured, AnHonestHourHasNoAlertAndAScanInItHasOne) {
  const std::string script = NETPROBE_NETNS_SOURCES "/honest_traffic.py";
  auto services = node_->start({"python3", script, "serve"});
  ASSERT_TRUE(services);
  // The last of its services that there are at first.
  ASSERT_TRUE(eventually(
      [&] { return pod_->run({"bash", "-c", "exec 3</dev/tcp/10.77.3.3/8080"}).has_value(); }));
  std::string did;
  const std::string file = capture("hour.pcap", [&] {
    const auto used =
        pod_->run({"python3", script, "use", std::to_string(kSeconds)}, (kSeconds + 60) * kSecond);
    ASSERT_TRUE(used) << used.error().message;
    did = *used;
  });
  // All of it did happen.
  for (const char* kind : {" page\n", " scrape of 40\n", " scrape of 4 that are down\n",
                           " scrape of one that is gone, failed\n", " question\n", " job\n",
                           " name\n", " bulk\n", " call of a deployment\n", " probe\n"})
    EXPECT_NE(did.find(kind), std::string::npos) << kind << did;
  stretch(file, kHourOfAMinute);
  EXPECT_EQ(alerts(file), "");
  printf("%s", did.c_str());

  const std::string attacked = capture("attack.pcap", [&] { scan({"-sS", "-T4", "-p1-200"}); });
  EXPECT_NE(alerts(attacked).find(R"("kind":"port_scan")"), std::string::npos);
}

// nmap -T1 waits 15 s between two probes, -T0 five minutes: the same scan with the waits that
// a test has time for, stretched.
TEST_F(Captured, SlowScansAreFound) {
  const std::string file = capture("scan.pcap", [&] {
    scan({"-sS", "-T3", "--max-retries", "0", "--scan-delay", "100ms", "--max-scan-delay", "100ms",
          "-p1-60"});
  });
  struct Timing {
    const char* name;
    std::uint32_t factor;  ///< more than the one before
  };
  for (const Timing& timing :
       {Timing{"-T2, 0.4 s", 4}, Timing{"-T1, 15 s", 38}, Timing{"-T0, 300 s", 20}}) {
    stretch(file, timing.factor);
    const std::string found = alerts(file);
    const bool named = found.find(R"("kind":"port_scan")") != std::string::npos ||
                       found.find(R"("kind":"slow_scan")") != std::string::npos;
    EXPECT_TRUE(named) << timing.name << "\n" << found;
    EXPECT_NE(found.find(R"("source":{"ip":"10.77.2.3")"), std::string::npos) << timing.name;
    printf("%s: %s", timing.name, found.c_str());
  }
}

}  // namespace
}  // namespace netprobe::test
