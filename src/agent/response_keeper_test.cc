// SPDX-License-Identifier: Apache-2.0
#include "agent/response_keeper.h"

#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <cstdint>
#include <map>
#include <thread>

#include "agent/allow_sources.h"
#include "support/temp_dir.h"

namespace netprobe {
namespace {

using test::TempDir;

constexpr Nanos kHour = 3'600 * kSecond;

class MapPlane final : public BlockPlane {
 public:
  Status put(const PlaneBlock& block) override {
    const MutexLock lock(mutex_);
    blocks_[block.what] = block;
    return {};
  }
  Status remove(const IpPrefix& what) override {
    const MutexLock lock(mutex_);
    blocks_.erase(what);
    return {};
  }
  std::vector<PlaneBlock> blocks() const override {
    const MutexLock lock(mutex_);
    std::vector<PlaneBlock> all;
    for (const auto& [what, block] : blocks_) all.push_back(block);
    return all;
  }
  Status allow(std::span<const IpPrefix> networks) override {
    if (networks.size() > most_allowed) return fail("there is no more room", ErrorKind::kBusy);
    return {};
  }
  Status load_feed(std::span<const IpPrefix>, BlockMode, Nanos) override { return {}; }
  void drop_feed() override {}
  bool in_feed(const IpPrefix&) const override { return false; }
  Status put(const PlaneLimit&) override { return {}; }
  Status remove_limit(const PlaneLimit&) override { return {}; }
  std::vector<PlaneLimit> limits() const override { return {}; }
  Status clear() override {
    const MutexLock lock(mutex_);
    blocks_.clear();
    return {};
  }
  void tidy() override { ++turns; }
  PlaneCounters counters() const override { return {}; }
  PlaneRoom room() const override { return {}; }

  std::atomic<std::size_t> most_allowed{SIZE_MAX};
  std::atomic<int> turns{0};  ///< of the keeper's thread

 private:
  mutable Mutex mutex_;
  std::map<IpPrefix, PlaneBlock> blocks_ NETPROBE_GUARDED_BY(mutex_);
};

class NoSnapshots final : public SnapshotSource {
 public:
  void request(Nanos, bool, std::function<void(SnapshotPtr)> done) override { done(nullptr); }
};

class Keeper : public ::testing::Test {
 protected:
  void SetUp() override {
    options.data_dir = dir.path();
    options.enable_xdp = true;
    options.response = ResponseMode::kEnforce;
  }
  std::unique_ptr<ResponseKeeper> start() {
    auto made = ResponseKeeper::make(options, clock);
    EXPECT_TRUE(made);
    if (!made) return nullptr;
    (*made)->take_plane(plane);
    (*made)->start(snapshots);
    return std::move(*made);
  }
  static BlockRequest request(const std::string& what) {
    return {.what = what,
            .reason = "test",
            .who = "test",
            .lasting = kHour,
            .mode = BlockMode::kEnforce};
  }

  TempDir dir;
  SystemClock clock;
  AgentOptions options;
  NoSnapshots snapshots;
  std::shared_ptr<MapPlane> plane = std::make_shared<MapPlane>();
};

TEST_F(Keeper, OffItSaysTheWayOut) {
  options.response = ResponseMode::kOff;
  const auto off = start();
  EXPECT_EQ(off->brief().mode, ResponseMode::kOff);
  EXPECT_TRUE(off->brief().why.contains("--response=dry-run")) << off->brief().why;
  const auto refused = off->block(request("203.0.113.7"));
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().kind, ErrorKind::kUnsupported);
  EXPECT_FALSE(off->clear("a", "b"));
  options.response = ResponseMode::kEnforce;
  options.enable_xdp = false;
  const auto no_xdp = start();
  EXPECT_TRUE(no_xdp->brief().why.contains("--enable-xdp=true")) << no_xdp->brief().why;
}

TEST_F(Keeper, WithoutAPlaneItSaysWhy) {
  auto made = ResponseKeeper::make(options, clock);
  ASSERT_TRUE(made);
  (*made)->take_plane(fail("blocking in XDP needs Linux 5.12"));
  (*made)->start(snapshots);
  EXPECT_EQ((*made)->brief().mode, ResponseMode::kOff);
  EXPECT_EQ((*made)->brief().why, "response is off: blocking in XDP needs Linux 5.12");
}

TEST_F(Keeper, BlocksAndBringsThemBack) {
  {
    const auto keeper = start();
    EXPECT_EQ(keeper->brief().mode, ResponseMode::kEnforce);
    ASSERT_TRUE(keeper->block(request("203.0.113.7")));
    EXPECT_EQ(keeper->brief().status.blocks, 1U);
    EXPECT_EQ(keeper->brief().status.blocks_by_mode[1], 1U);
  }
  plane = std::make_shared<MapPlane>();  // it went with the program
  const auto keeper = start();
  ASSERT_EQ(keeper->report().blocks.size(), 1U);
  EXPECT_EQ(plane->blocks().size(), 1U);
  ASSERT_TRUE(keeper->unblock("203.0.113.7", "a", "b"));
  EXPECT_TRUE(plane->blocks().empty());
  EXPECT_EQ(keeper->brief().status.blocks, 0U);
}

TEST_F(Keeper, DryRunIsWhateverWasAskedAndWhateverWasInForce) {
  {
    const auto keeper = start();
    ASSERT_TRUE(keeper->block(request("203.0.113.7")));
    EXPECT_EQ(plane->blocks().at(0).mode, BlockMode::kEnforce);
  }
  options.response = ResponseMode::kDryRun;
  plane = std::make_shared<MapPlane>();
  const auto keeper = start();
  const auto done = keeper->block(request("203.0.113.8"));
  ASSERT_TRUE(done);
  EXPECT_EQ(done->mode, BlockMode::kDryRun);
  ASSERT_EQ(plane->blocks().size(), 2U);
  for (const PlaneBlock& each : plane->blocks()) EXPECT_EQ(each.mode, BlockMode::kDryRun);
}

TEST_F(Keeper, NobodyBlocksTheNodeTheOptionOrThemselves) {
  options.response_allow = {*IpPrefix::parse("198.51.100.0/24")};
  const auto keeper = start();
  const auto listed = keeper->block(request("198.51.100.77"));
  ASSERT_FALSE(listed);
  EXPECT_EQ(listed.error().kind, ErrorKind::kUsage);
  EXPECT_TRUE(listed.error().message.contains("--response-allow")) << listed.error().message;
  ASSERT_TRUE(keeper->block(request("203.0.113.9")));
  // Whoever works from there is freed, and stays free.
  ASSERT_TRUE(keeper->protect(*IpAddress::parse("203.0.113.9"), "who asked for a block"));
  EXPECT_TRUE(keeper->report().blocks.empty());
  EXPECT_FALSE(keeper->block(request("203.0.113.0/24")));
  // Of many the oldest is forgotten, so that the list does not grow without end.
  for (int i = 0; i < 100; ++i)
    (void)keeper->protect(IpAddress::v4(0xc6120000U + static_cast<std::uint32_t>(i)), "test");
  EXPECT_LE(keeper->report().allowed.size(), local_allowed().size() + 1 + 64);
}

TEST_F(Keeper, WhoCannotBeProtectedIsToldSo) {
  const auto keeper = start();
  plane->most_allowed = 0;
  const auto done = keeper->protect(*IpAddress::parse("203.0.113.9"), "who asked for a block");
  ASSERT_FALSE(done);
  EXPECT_EQ(done.error().message, "there is no more room");
  // And is no promise that is kept later, or not.
  plane->most_allowed = SIZE_MAX;
  EXPECT_TRUE(keeper->block(request("203.0.113.9")));
}

TEST_F(Keeper, ListsThatNobodyBlocksAreNoWork) {
  const auto keeper = start();
  keeper->take_lists(std::make_shared<intel::IntelIndex>());
  const int before = plane->turns;
  std::this_thread::sleep_for(std::chrono::milliseconds(300));
  EXPECT_LE(plane->turns - before, 5);  // one a second, and one for the news
}

TEST_F(Keeper, ListsThatThereAreNotAreAUsageError) {
  options.response_block_lists = {"drop"};
  const auto made = ResponseKeeper::make(options, clock);
  ASSERT_FALSE(made);
  EXPECT_EQ(made.error().kind, ErrorKind::kUsage);
  EXPECT_TRUE(made.error().message.contains("'drop'")) << made.error().message;
}

TEST_F(Keeper, ManyThreadsAtOnce) {
  const auto keeper = start();
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&, t] {
      for (int i = 0; i < 5; ++i) {
        const std::string what = "203.0." + std::to_string(t) + "." + std::to_string(i + 1);
        (void)keeper->block(request(what));
        (void)keeper->protect(*IpAddress::parse("203.1.0." + std::to_string(i + 1)), "test");
        (void)keeper->brief();
        (void)keeper->report();
        (void)keeper->unblock(what, "a", "b");
      }
    });
  }
  for (std::thread& each : threads) each.join();
  EXPECT_TRUE(keeper->report().blocks.empty());
}

}  // namespace
}  // namespace netprobe
