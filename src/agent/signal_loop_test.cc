// SPDX-License-Identifier: Apache-2.0
#include "agent/signal_loop.h"

#include <gtest/gtest.h>

#include <atomic>
#include <thread>
#include <vector>

namespace netprobe {
namespace {

/// Every probe off: the thread, its mailbox and its answers alone, which need
/// no privilege.
AgentOptions nothing_on() {
  AgentOptions options;
  options.enable_socket = false;
  options.enable_drops = false;
  options.enable_netfilter = false;
  options.enable_vxlan = false;
  options.enable_xdp = false;
  options.enable_dns = false;
  options.enable_forwarding = false;
  return options;
}

std::unique_ptr<SignalLoop> make_loop() {
  auto loop = SignalLoop::make(nothing_on(), KernelFeatures{});
  if (!loop) {
    ADD_FAILURE() << loop.error().message;
    return nullptr;
  }
  (*loop)->open(fail("no flow programs"));
  return std::move(*loop);
}

TEST(SignalLoop, ProbesThatAreOffSayWhoTurnedThemOff) {
  const auto loop = make_loop();
  ASSERT_NE(loop, nullptr);
  loop->start();
  std::atomic<bool> answered{false};
  std::vector<ProbeStatus> probes;
  loop->request(0, [&](const SignalsPtr& signals) {
    probes = signals->probes;
    answered = true;
    answered.notify_one();
  });
  answered.wait(false);
  ASSERT_EQ(probes.size(), probe_registry().size());
  for (std::size_t i = 0; i < probes.size(); ++i) {
    EXPECT_EQ(probes[i].name, probe_registry()[i].name);
    EXPECT_EQ(probes[i].state, ProbeState::kOff);
    EXPECT_EQ(probes[i].why, std::string(probe_registry()[i].flag) + "=false");
  }
}

TEST(SignalLoop, EveryRequestIsAnsweredOnceAlsoWhileItStops) {
  const auto loop = make_loop();
  ASSERT_NE(loop, nullptr);
  loop->start();
  constexpr int kThreads = 3;
  constexpr int kEach = 200;
  std::atomic<int> answers{0};
  std::vector<std::thread> askers;
  for (int t = 0; t < kThreads; ++t)
    askers.emplace_back([&] {
      for (int i = 0; i < kEach; ++i) {
        loop->request(i % 2 == 0 ? 0 : kSecond, [&](const SignalsPtr& signals) {
          if (signals != nullptr) ++answers;
        });
        if (i % 50 == 0) loop->set_filters({"eth*"}, {});
      }
    });
  loop->stop();
  for (auto& asker : askers) asker.join();
  EXPECT_EQ(answers, kThreads * kEach);
}

TEST(SignalLoop, SwitchingAProbeSaysWhatCameOfItAlsoAfterTheEnd) {
  const auto loop = make_loop();
  ASSERT_NE(loop, nullptr);
  loop->start();
  const auto turn = [&](std::string_view name, bool on) {
    std::atomic<bool> answered{false};
    Status result;
    loop->switch_probe(name, on, [&](Status status) {
      result = std::move(status);
      answered = true;
      answered.notify_one();
    });
    answered.wait(false);
    return result;
  };
  const auto unknown = turn("sonar", true);
  ASSERT_FALSE(unknown);
  EXPECT_EQ(unknown.error().kind, ErrorKind::kNotFound);
  const auto tunnels = turn("vxlan", true);
  ASSERT_FALSE(tunnels);
  EXPECT_NE(tunnels.error().message.find("from the start"), std::string::npos);
  EXPECT_TRUE(turn("vxlan", false));
  std::atomic<bool> answered{false};
  std::string why;
  loop->request(kSecond * 3600, [&](const SignalsPtr& signals) {
    for (const ProbeStatus& probe : signals->probes)
      if (probe.name == "vxlan") why = probe.why;
    answered = true;
    answered.notify_one();
  });
  answered.wait(false);
  EXPECT_EQ(why, "turned off");
  loop->stop();
  EXPECT_FALSE(turn("vxlan", true));
}

}  // namespace
}  // namespace netprobe
