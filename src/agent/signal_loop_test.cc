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

}  // namespace
}  // namespace netprobe
