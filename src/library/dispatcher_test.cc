// SPDX-License-Identifier: Apache-2.0
#include "library/dispatcher.h"

#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <future>
#include <memory>
#include <vector>

namespace netprobe::v0 {
namespace {

SocketEvent socket_event(std::uint64_t id) {
  SocketEvent event;
  event.connection_id = id;
  return event;
}

VxlanEvent vxlan_event(std::uint32_t vni) {
  VxlanEvent event;
  event.vni = vni;
  return event;
}

TEST(Dispatcher, DeliversInOrderToTheHandlerOfItsKind) {
  std::vector<std::uint64_t> seen;
  std::promise<void> all;
  Dispatcher dispatcher(16);
  dispatcher.use([&](const SocketEvent& event) { seen.push_back(event.connection_id); });
  dispatcher.use([&](const VxlanEvent& event) {
    seen.push_back(event.vni);
    all.set_value();
  });
  dispatcher.start();
  dispatcher.push(socket_event(1));
  dispatcher.push(socket_event(2));
  dispatcher.push(vxlan_event(42));
  all.get_future().wait();
  dispatcher.stop();
  EXPECT_EQ(seen, (std::vector<std::uint64_t>{1, 2, 42}));
  EXPECT_EQ(dispatcher.lost(), 0U);
}

TEST(Dispatcher, ASlowHandlerLosesWhatIsBeyondTheBoundAndItIsCounted) {
  std::promise<void> entered;
  std::promise<void> go_on;
  std::atomic<int> calls{0};
  Dispatcher dispatcher(3);
  dispatcher.use([&](const SocketEvent& event) {
    ++calls;
    if (event.connection_id != 0) return;
    entered.set_value();
    go_on.get_future().wait();
  });
  dispatcher.start();
  dispatcher.push(socket_event(0));
  entered.get_future().wait();
  for (std::uint64_t id = 1; id <= 10; ++id) dispatcher.push(socket_event(id));
  EXPECT_EQ(dispatcher.lost(), 7U);
  go_on.set_value();
  while (calls < 4) std::this_thread::yield();
  dispatcher.stop();
  EXPECT_EQ(calls, 4);
}

TEST(Dispatcher, WithoutAHandlerNothingQueuesAndNothingIsLost) {
  Dispatcher dispatcher(1);
  dispatcher.start();
  for (int i = 0; i < 5; ++i) dispatcher.push(socket_event(1));
  EXPECT_EQ(dispatcher.lost(), 0U);
}

TEST(Dispatcher, AHandlerThatWasTakenAwayHasEnded) {
  Dispatcher dispatcher(1000);
  dispatcher.start();
  for (int round = 0; round < 50; ++round) {
    auto alive = std::make_unique<std::atomic<int>>(0);
    dispatcher.use([&alive](const SocketEvent&) { ++*alive; });
    for (int i = 0; i < 20; ++i) dispatcher.push(socket_event(1));
    dispatcher.use(SocketEventHandler{});
    alive.reset();  // a call that still ran would touch it: sanitizers see that
  }
  dispatcher.stop();
}

TEST(Dispatcher, AHandlerMayTakeItselfAway) {
  Dispatcher dispatcher(10);
  std::atomic<int> calls{0};
  std::promise<void> done;
  dispatcher.use([&](const SocketEvent&) {
    ++calls;
    dispatcher.use(SocketEventHandler{});
    done.set_value();
  });
  dispatcher.start();
  dispatcher.push(socket_event(1));
  dispatcher.push(socket_event(2));
  done.get_future().wait();
  dispatcher.push(socket_event(3));
  dispatcher.stop();
  EXPECT_EQ(calls, 1);
}

}  // namespace
}  // namespace netprobe::v0
