// SPDX-License-Identifier: Apache-2.0
// What servers and networks do to batches on their way. After each of it
// every record is there once, in the raw table as in both roll-ups, or counted.
#include <array>

#include "store/clickhouse_fixture.h"

namespace netprobe::test {
namespace {

using Fault = FaultyProxy::Fault;

TEST_F(ClickHouseFaultTest, OnceThoughTheAnswerIsLost) {
  open();
  ASSERT_TRUE(wait_until([&] { return store_->status().writable; }));
  proxy_->set(Fault::kDropAnswer, 3);
  for (std::uint64_t number = 1; number <= 5; ++number) {
    write(number, number);
    ASSERT_TRUE(flush());
  }
  EXPECT_EQ(proxy_->met(), 3);
  expect_exact(250);
}

TEST_F(ClickHouseFaultTest, OnceThoughTheRequestIsCut) {
  constexpr std::array<std::size_t, 5> kCuts{100, 900, 1'500, 2'500, 4'000};
  at_once(kCuts.size(), [&](std::size_t i, FaultyProxy& proxy, const Deliver& deliver) {
    proxy.set(Fault::kCutRequest, 1, "INSERT", kCuts.at(i));
    deliver(100);
    EXPECT_EQ(proxy.met(), 1) << kCuts.at(i);
  });
  expect_exact(500);
}

TEST_F(ClickHouseFaultTest, OnceThoughTheRequestComesLate) {
  open();
  ASSERT_TRUE(wait_until([&] { return store_->status().writable; }));
  proxy_->set(Fault::kHoldRequest, 1);
  write(1, 1);
  ASSERT_TRUE(flush());
  EXPECT_EQ(proxy_->met(), 1);
  expect_exact(50);
  // Now the first copy comes to the server, which has the second one.
  proxy_->release();
  expect_exact(50);
  write(2, 2);
  ASSERT_TRUE(flush());
  expect_exact(100);
}

TEST_F(ClickHouseFaultTest, OnceThoughTheServerIsKilledWhileItInserts) {
  open();
  ASSERT_TRUE(wait_until([&] { return store_->status().writable; }));
  std::uint64_t number = 0;
  const auto write_next = [&](std::size_t flows) {
    ++number;
    write(number, number, flows);
  };
  for (int round = 0; round < 8; ++round) {
    for (int i = 0; i < 6; ++i) write_next(4'000);
    // At another moment of the insert each time.
    std::this_thread::sleep_for(std::chrono::milliseconds(15 + 23 * round));
    server_->kill();
    for (int i = 0; i < 2; ++i) write_next(500);
    const auto restarted = server_->restart();
    ASSERT_TRUE(restarted) << restarted.error().message;
    ASSERT_TRUE(flush());
  }
  expect_exact(8 * (6 * 4'000 + 2 * 500));
  EXPECT_TRUE(store_->status().lost.empty());
}

TEST_F(ClickHouseFaultTest, CompletesWhatAViewHasNotDone) {
  open();
  ASSERT_TRUE(wait_until([&] { return store_->status().writable; }));
  write(1, 1);
  ASSERT_TRUE(flush());
  // As a server leaves it that ends between the raw table and a roll-up, and the
  // other way round.
  const auto view_of = [&](const std::string& name) {
    return ask(
        "SELECT create_table_query FROM system.tables WHERE database = 'netprobe' AND name = '" +
        name + "' FORMAT TabSeparatedRaw");
  };
  std::uint64_t number = 1;
  for (const std::string view : {"flows_in_1", "flows_in_2", "flows_in_3"}) {
    const std::string create = view_of(view);
    ASSERT_TRUE(create.starts_with("CREATE MATERIALIZED VIEW")) << create;
    tell("DETACH TABLE netprobe." + view);
    proxy_->set(Fault::kDropAnswer, 1);
    ++number;
    write(number, number);
    ASSERT_TRUE(wait_until([&] { return !store_->status().writable; }));
    tell("ATTACH" + create.substr(6));
    ASSERT_TRUE(flush()) << store_->status().problem;
    expect_exact(number * 50);
  }
}

TEST_F(ClickHouseFaultTest, WaitsForAServerThatDoesNotAnswer) {
  open();
  ASSERT_TRUE(wait_until([&] { return store_->status().writable; }));
  server_->freeze(true);
  write(1, 2);
  ASSERT_TRUE(wait_until([&] { return !store_->status().writable; }));
  // The one that takes batches is not held up meanwhile.
  write(3, 4);
  ASSERT_TRUE(
      wait_until([&] { return store_->status().files + store_->status().bytes_spilled > 0; }));
  server_->freeze(false);
  ASSERT_TRUE(flush());
  expect_exact(200);
}

TEST_F(ClickHouseFaultTest, TakesNoAnswerForYesThatIsNotClickHouses) {
  constexpr std::array kFaults{Fault::kStatus500, Fault::kGarbage, Fault::kGarbage200,
                               Fault::kRefuse};
  at_once(kFaults.size(), [&](std::size_t i, FaultyProxy& proxy, const Deliver& deliver) {
    proxy.set(kFaults.at(i), 2);
    deliver(50);
    EXPECT_EQ(proxy.met(), 2) << i;
  });
  expect_exact(200);
  // Of questions, too.
  proxy_->set(Fault::kGarbage200, 1'000'000, "");
  open();
  write(5, 5);
  ASSERT_TRUE(wait_until([&] { return !store_->status().problem.empty(); }));
  EXPECT_TRUE(store_->status().problem.contains("is no ClickHouse")) << store_->status().problem;
  proxy_->set(Fault::kNone, 0);
  ASSERT_TRUE(flush());
  expect_exact(250);
}

}  // namespace
}  // namespace netprobe::test
