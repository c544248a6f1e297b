// SPDX-License-Identifier: Apache-2.0
// What the real agent exports is what it has in history, record for record, whoever was
// away meanwhile.
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <optional>
#include <sstream>
#include <string>
#include <vector>

#include "agent.h"
#include "cluster.h"
#include "support/certificates.h"
#include "support/temp_dir.h"

namespace netprobe::test {
namespace {

constexpr std::string_view kFields =
    "flow_id,first_seen,packets,bytes,reverse_packets,reverse_bytes";
constexpr std::string_view kBegin = R"({"kind":"flows",)";

class Export : public testing::Test {
 protected:
  void SetUp() override {
    if (const auto why = end_to_end_obstacle(); !why.empty()) GTEST_SKIP() << why;
    auto made = NodeAndPod::make();
    ASSERT_TRUE(made) << made.error().message;
    node_.emplace(std::move(made->node));
    pod_.emplace(std::move(made->pod));
  }
  void start_syslog() {
    write_file(dir_.file("rsyslog.conf"),
               "global(workDirectory=\"" + dir_.path() + "\" maxMessageSize=\"64k\")\n" +
                   "module(load=\"imtcp\")\n" +
                   "template(name=\"all\" type=\"string\" string=\"%msg%\\n\")\n" +
                   "input(type=\"imtcp\" address=\"127.0.0.1\" port=\"6601\")\n" +
                   "action(type=\"omfile\" template=\"all\" asyncWriting=\"off\" file=\"" +
                   dir_.file("syslog") + "\")\n");
    auto started =
        node_->start({"rsyslogd", "-n", "-f", dir_.file("rsyslog.conf"), "-i", dir_.file("pid")});
    ASSERT_TRUE(started) << started.error().message;
    syslog_.emplace(std::move(*started));
  }
  [[nodiscard]] std::string target(const std::string& to) const {
    return "--export=" + to + "?records=flows&interval=100ms&fields=" + std::string(kFields);
  }
  void ping(int count) const {
    const std::string packets = std::to_string(count);
    EXPECT_TRUE(pod_->run({"ping", "-q", "-c", packets, "-i", "0.01", "10.77.0.1"}));
    EXPECT_TRUE(pod_->run({"ping", "-q", "-c", packets, "-i", "0.01", "fd77::1"}));
  }
  /// Lines without what says which kind they are; sorted.
  static std::vector<std::string> exported(const std::string& path) {
    std::vector<std::string> lines;
    std::ifstream in(path);
    for (std::string line; std::getline(in, line);) {
      const auto at = line.find(kBegin);
      lines.push_back(at == std::string::npos ? "no record: " + line
                                              : "{" + line.substr(at + kBegin.size()));
    }
    std::ranges::sort(lines);
    return lines;
  }
  static std::vector<std::string> recorded(const Agent& agent) {
    std::istringstream in(agent.get(
        "/api/query?format=jsonl&limit=10000&q=flows%20%7C%20fields%20" + std::string(kFields)));
    std::vector<std::string> lines;
    for (std::string line; std::getline(in, line);) lines.push_back(line);
    std::ranges::sort(lines);
    return lines;
  }
  /// Until a file has what history has.
  static void expect_same(const Agent& agent, const std::string& path, std::size_t at_least) {
    std::vector<std::string> kept;
    std::vector<std::string> sent;
    EXPECT_TRUE(eventually([&] {
      kept = recorded(agent);
      sent = exported(path);
      return kept.size() >= at_least && kept == sent;
    })) << path;
    EXPECT_EQ(kept, sent) << path;
  }
  static std::string probe_state(const Agent& agent, std::string_view name) {
    const Json page = agent.json("/api/probes");
    for (const auto probe : page["probes"])
      if (text_of(probe, "name") == name) return text_of(probe, "state");
    return "not there";
  }

  std::optional<NetNamespace> node_;
  std::optional<NetNamespace> pod_;
  TempDir dir_;
  std::optional<Process> syslog_;
};

TEST_F(Export, IsWhatHistoryHasAlsoAfterAReceiverWasAway) {
  if (!have_program("rsyslogd")) GTEST_SKIP() << "needs the program rsyslogd";
  start_syslog();
  auto agent = Agent::start(*node_, {target("file://" + dir_.file("flows.jsonl")),
                                     target("syslog+tcp://127.0.0.1:6601")});
  ASSERT_TRUE(agent) << agent.error().message;
  ping(10);
  expect_same(*agent, dir_.file("flows.jsonl"), 2);
  expect_same(*agent, dir_.file("syslog"), 2);
  EXPECT_EQ(probe_state(*agent, "export:syslog+tcp"), "on");
  // The server goes, and the file is moved away: what comes then waits, or begins anew.
  ASSERT_TRUE(syslog_->stop());
  std::filesystem::rename(dir_.file("flows.jsonl"), dir_.file("old"));
  ping(5);
  const std::size_t all = recorded(*agent).size();
  EXPECT_TRUE(eventually([&] { return probe_state(*agent, "export:syslog+tcp") == "failed"; }));
  EXPECT_TRUE(eventually([&] { return std::filesystem::exists(dir_.file("flows.jsonl")); }));
  start_syslog();
  expect_same(*agent, dir_.file("syslog"), all);
  EXPECT_TRUE(eventually([&] { return probe_state(*agent, "export:syslog+tcp") == "on"; }));
  const auto metrics = agent->get("/metrics");
  EXPECT_NE(metrics.find(R"(netprobe_export_connected{exporter="file"} 1)"), std::string::npos);
  EXPECT_NE(metrics.find(R"(netprobe_events_lost_total{stage="export",cause="queue_full"} 0)"),
            std::string::npos);
  const auto ended = agent->stop();
  ASSERT_TRUE(ended) << ended.error().message;
  EXPECT_EQ(ended->exit_code, 0) << ended->err;
}

TEST_F(Export, WorksWithoutHistoryAndUpToTheLastRecord) {
  auto agent = Agent::start(
      *node_, {"--enable-history=false", target("file://" + dir_.file("flows.jsonl"))});
  ASSERT_TRUE(agent) << agent.error().message;
  ping(10);
  EXPECT_TRUE(
      eventually([&] { return agent->json("/api/flows")["flows"].get_array().size() >= 2; }));
  const auto ended = agent->stop();
  ASSERT_TRUE(ended) << ended.error().message;
  EXPECT_EQ(ended->exit_code, 0) << ended->err;
  const auto lines = exported(dir_.file("flows.jsonl"));
  EXPECT_GE(lines.size(), 2U);
  for (const std::string& line : lines) EXPECT_TRUE(line.starts_with("{\"flow_id\":")) << line;
}

TEST_F(Export, WhatIsWrongIsRefusedInOneLine) {
  const auto refuses = [&](const std::string& url, std::string_view names) {
    const auto end = refused_agent(*node_, {"--export=" + url});
    ASSERT_TRUE(end) << end.error().message;
    EXPECT_EQ(end->exit_code, 2) << url;
    EXPECT_EQ(std::ranges::count(end->err, '\n'), 1) << end->err;
    EXPECT_NE(end->err.find(names), std::string::npos) << end->err;
  };
  refuses("fiel:///x", "did you mean 'file'?");
  refuses("file:///x?filter=scr.ip=1", "did you mean 'src.ip'?");
  refuses("file:///x?rotate_sise=1", "did you mean 'rotate_size'?");
  refuses("syslog+tcp://me:secret@h", "put it into a file");
}

TEST_F(Export, AReceiverThatIsAwayDoesNotHoldUpTheEnd) {
  auto agent = Agent::start(*node_, {target("syslog+tcp://127.0.0.1:6602")});
  ASSERT_TRUE(agent) << agent.error().message;
  ping(3);
  EXPECT_TRUE(eventually([&] {
    (void)recorded(*agent);
    return probe_state(*agent, "export:syslog+tcp") == "failed";
  }));
  const auto ended = agent->stop();
  ASSERT_TRUE(ended) << ended.error().message;
  EXPECT_EQ(ended->exit_code, 0) << ended->err;
}

}  // namespace
}  // namespace netprobe::test
