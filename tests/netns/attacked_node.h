// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <gtest/gtest.h>

#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "agent.h"
#include "cluster.h"

namespace netprobe::test {

/// A node with the real agent, and a pod beside it that attacks: 10.77.0.1 and .2.
class AttackedNode : public testing::Test {
 protected:
  static constexpr auto kNode = "10.77.0.1";
  static constexpr auto kPod = "10.77.0.2";

  /// Skips where one of the programs is not there.
  void set_up(std::initializer_list<const char*> programs) {
    if (const auto why = end_to_end_obstacle(); !why.empty()) GTEST_SKIP() << why;
    for (const char* program : programs)
      if (!have_program(program)) GTEST_SKIP() << "needs the program " << program;
    auto made = NodeAndPod::make();
    ASSERT_TRUE(made) << made.error().message;
    node_.emplace(std::move(made->node));
    pod_.emplace(std::move(made->pod));
    begin();
  }
  void TearDown() override {
    others_.stop();
    if (agent_) end();
  }
  /// An agent that knows of nothing before.
  void begin() {
    auto agent = Agent::start(*node_, {"--enable-history=false"});
    ASSERT_TRUE(agent) << agent.error().message;
    agent_.emplace(std::move(*agent));
    ASSERT_TRUE(eventually([&] { return agent_->watches("eth0"); }));
  }
  void end() {
    const auto ended = agent_->stop();
    EXPECT_TRUE(ended && ended->ok()) << (ended ? ended->err : ended.error().message);
    agent_.reset();
  }
  void serve(int port) {
    ASSERT_TRUE(others_.start(*node_, {"python3", "-m", "http.server", std::to_string(port),
                                       "--directory", "/usr/share/doc"}));
    const std::string url = "http://" + std::string(kNode) + ":" + std::to_string(port) + "/";
    ASSERT_TRUE(eventually(
        [&] { return pod_->run({"curl", "-s", "-o", "/dev/null", "-m", "5", url}).has_value(); }));
  }
  /// A tool that ends by itself or by its bound: what it says of it is of no interest.
  void attack(std::vector<std::string> command, int seconds = 30) const {
    command.insert(command.begin(), {"timeout", std::to_string(seconds)});
    (void)pod_->run(std::move(command), (seconds + 10) * kSecond);
  }
  [[nodiscard]] std::string alerts() const {
    std::string text;
    for (const auto alert : agent_->json("/api/alerts?state=all").root()["alerts"])
      text += simdjson::minify(alert) + "\n";
    return text;
  }
  /// Is there one of the kind, from the pod, to the target?
  [[nodiscard]] bool found(std::string_view kind, std::string_view source, std::string_view target,
                           std::string_view word = {}) const {
    const Json page = agent_->json("/api/alerts?state=all&kind=" + std::string(kind));
    for (const auto alert : page.root()["alerts"]) {
      const auto end = [&](std::string_view which) {
        std::string_view ip;
        return alert[which]["ip"].get(ip) == simdjson::SUCCESS ? std::string(ip) : std::string();
      };
      if (end("source") == source && (target.empty() || end("target") == target) &&
          text_of(alert, "summary").find(word) != std::string::npos)
        return true;
    }
    return false;
  }

  std::optional<NetNamespace> node_;
  std::optional<NetNamespace> pod_;
  std::optional<Agent> agent_;
  Background others_;
};

}  // namespace netprobe::test
