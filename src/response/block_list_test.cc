// SPDX-License-Identifier: Apache-2.0
// The keeper, over a plane that is a map.
#include "response/block_list.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <thread>

#include "support/temp_dir.h"

namespace netprobe {
namespace {

constexpr Nanos kHour = 3'600 * kSecond;

class FakePlane final : public BlockPlane {
 public:
  Status put(const PlaneBlock& block) override {
    const MutexLock lock(mutex_);
    if (!in_force.contains(block.what) && in_force.size() >= room_for)
      return fail("no room", ErrorKind::kBusy);
    in_force[block.what] = block;
    return {};
  }
  Status remove(const IpPrefix& what) override {
    const MutexLock lock(mutex_);
    in_force.erase(what);
    return {};
  }
  std::vector<PlaneBlock> blocks() const override {
    const MutexLock lock(mutex_);
    std::vector<PlaneBlock> result;
    for (const auto& [what, block] : in_force) result.push_back(block);
    return result;
  }
  Status allow(std::span<const IpPrefix> networks) override {
    allowed.assign(networks.begin(), networks.end());
    return {};
  }
  Status load_feed(std::span<const IpPrefix> networks, BlockMode, Nanos) override {
    if (networks.size() > 3) return fail("no room for the list", ErrorKind::kBusy);
    feed.assign(networks.begin(), networks.end());
    return {};
  }
  void drop_feed() override { feed.clear(); }
  bool in_feed(const IpPrefix& what) const override {
    return std::ranges::find(feed, what) != feed.end();
  }
  Status put(const PlaneLimit& limit) override {
    limits_.push_back(limit);
    return {};
  }
  Status remove_limit(const PlaneLimit& limit) override {
    std::erase_if(limits_, [&](const PlaneLimit& each) {
      return each.address == limit.address && each.side == limit.side && each.port == limit.port;
    });
    return {};
  }
  std::vector<PlaneLimit> limits() const override { return limits_; }
  Status clear() override {
    const MutexLock lock(mutex_);
    in_force.clear();
    limits_.clear();
    feed.clear();
    return {};
  }
  void tidy() override { ++tidied; }
  PlaneCounters counters() const override { return {}; }
  PlaneRoom room() const override { return {}; }

  std::map<IpPrefix, PlaneBlock> in_force;
  std::size_t room_for = 100;
  std::vector<IpPrefix> allowed;
  std::vector<IpPrefix> feed;
  std::atomic<int> tidied = 0;

 private:
  mutable Mutex mutex_;
  std::vector<PlaneLimit> limits_;
};

IpPrefix net(std::string_view text) { return *IpPrefix::parse(text); }

class BlockListTest : public testing::Test {
 protected:
  void SetUp() override { restart(); }
  /// As the agent does: a new plane, the same trail.
  void restart() {
    list_.reset();
    plane_ = std::make_shared<FakePlane>();
    auto made = BlockList::open(plane_, path(), caps_, {{net("10.0.0.1"), "API server"}}, clock_);
    ASSERT_TRUE(made) << made.error().message;
    list_ = std::move(*made);
  }
  [[nodiscard]] std::string path() const { return dir_.path() + "/audit.jsonl"; }
  Result<BlockRecord> block(const std::string& what, Nanos lasting = kHour) {
    return list_->block({.what = what,
                         .reason = "scan",
                         .who = "ann",
                         .lasting = lasting,
                         .mode = BlockMode::kEnforce});
  }
  [[nodiscard]] std::string trail() const {
    std::ifstream file(path());
    return {std::istreambuf_iterator<char>(file), {}};
  }
  std::uint64_t refused(Refusal why) {
    return list_->status().refused[static_cast<std::size_t>(why)];
  }

  test::TempDir dir_;
  ManualClock clock_{1'767'225'600 * kSecond};
  BlockCaps caps_{.entries = 5, .a_minute = 20};
  std::shared_ptr<FakePlane> plane_;
  std::unique_ptr<BlockList> list_;
};

TEST_F(BlockListTest, BlocksAndUnblocksAndWritesItDown) {
  ASSERT_EQ(plane_->allowed, std::vector{net("10.0.0.1")});
  const auto made = block("10.0.0.7");
  ASSERT_TRUE(made);
  EXPECT_EQ(made->until, clock_.wall() + kHour);
  ASSERT_EQ(plane_->in_force.size(), 1U);
  EXPECT_EQ(plane_->in_force.begin()->second.remaining, kHour);
  ASSERT_EQ(list_->blocks().size(), 1U);
  EXPECT_EQ(list_->blocks()[0].reason, "scan");
  ASSERT_TRUE(list_->unblock("10.0.0.7", "bob", "a mistake"));
  EXPECT_TRUE(plane_->in_force.empty());
  EXPECT_EQ(list_->unblock("10.0.0.7", "bob", "again").error().kind, ErrorKind::kNotFound);
  EXPECT_NE(trail().find(R"("action":"block","what":"10.0.0.7/32","mode":"enforce","who":"ann")"),
            std::string::npos)
      << trail();
  EXPECT_NE(trail().find(R"("action":"unblock")"), std::string::npos);
  EXPECT_NE(trail().find("a mistake"), std::string::npos);
}

TEST_F(BlockListTest, RefusesSayWhyAndAreWrittenDownToo) {
  const auto refused_one = block("10.0.0.1");
  ASSERT_FALSE(refused_one);
  EXPECT_EQ(refused_one.error().kind, ErrorKind::kUsage);
  EXPECT_NE(trail().find("is on the allow list (API server)"), std::string::npos);
  EXPECT_FALSE(block("nonsense"));
  EXPECT_FALSE(block("11.0.0.0/8"));
  EXPECT_FALSE(block("11.0.0.1", caps_.longest + 1));
  EXPECT_TRUE(plane_->in_force.empty());
  EXPECT_EQ(refused(Refusal::kBadRequest), 4U);
}

TEST_F(BlockListTest, CapsOfEntriesAndOfAMinute) {
  for (int i = 0; i < 5; ++i) ASSERT_TRUE(block("11.0.0." + std::to_string(i + 1)));
  EXPECT_EQ(block("11.0.0.9").error().kind, ErrorKind::kBusy);
  EXPECT_TRUE(block("11.0.0.1"));  // there already: changed
  EXPECT_EQ(refused(Refusal::kTooMany), 1U);
  for (int i = 0; i < 40; ++i) (void)block("11.0.0.1");
  EXPECT_EQ(refused(Refusal::kTooFast), 27U);
  const auto lines = trail();
  clock_.advance(60 * kSecond);
  EXPECT_TRUE(block("11.0.0.1"));
  // Of those that came too fast, one line.
  std::size_t said = 0;
  for (auto at = lines.find("a minute were asked"); at != std::string::npos;
       at = lines.find("a minute were asked", at + 1))
    ++said;
  EXPECT_EQ(said, 1U);
}

TEST_F(BlockListTest, AFullMapIsAnErrorAndCounted) {
  plane_->room_for = 1;
  ASSERT_TRUE(block("11.0.0.1"));
  const auto second = block("11.0.0.2");
  ASSERT_FALSE(second);
  EXPECT_EQ(second.error().message, "no room");
  EXPECT_EQ(refused(Refusal::kFull), 1U);
  EXPECT_EQ(list_->blocks().size(), 1U);
}

TEST_F(BlockListTest, WhatIsOverGoes) {
  ASSERT_TRUE(block("11.0.0.1", kSecond));
  ASSERT_TRUE(block("11.0.0.2"));
  clock_.advance(2 * kSecond);
  EXPECT_EQ(list_->blocks().size(), 1U);  // before anybody tidied up
  list_->tick();
  EXPECT_EQ(plane_->in_force.size(), 1U);
  EXPECT_EQ(plane_->tidied, 1);
  EXPECT_NE(trail().find(R"("action":"expire","what":"11.0.0.1/32")"), std::string::npos);
}

TEST_F(BlockListTest, ARestartBringsBackWhatIsNotOver) {
  ASSERT_TRUE(block("11.0.0.1", kSecond));
  ASSERT_TRUE(block("11.0.0.2"));
  ASSERT_TRUE(block("11.0.0.3"));
  ASSERT_TRUE(list_->unblock("11.0.0.3", "bob", "no"));
  LimitRequest limit{.limit = {.address = *IpAddress::parse("fd00::9"),
                               .port = 80,
                               .side = LimitSide::kSyn,
                               .mode = BlockMode::kEnforce,
                               .rate = 100,
                               .burst = 200,
                               .remaining = kHour},
                     .reason = "flood",
                     .who = "ann"};
  ASSERT_TRUE(list_->limit(limit));
  clock_.advance(60 * kSecond);
  restart();
  ASSERT_EQ(list_->blocks().size(), 1U);
  EXPECT_EQ(list_->blocks()[0].what, net("11.0.0.2"));
  EXPECT_EQ(list_->blocks()[0].who, "ann");
  EXPECT_EQ(plane_->in_force[net("11.0.0.2")].remaining, kHour - 60 * kSecond);
  EXPECT_EQ(plane_->in_force[net("11.0.0.2")].mode, BlockMode::kEnforce);
  ASSERT_EQ(list_->limits().size(), 1U);
  EXPECT_EQ(list_->limits()[0].limit.rate, 100U);
  EXPECT_EQ(plane_->limits()[0].remaining, kHour - 60 * kSecond);
  // Cleared, it stays so.
  ASSERT_TRUE(list_->clear("ann", "enough"));
  EXPECT_TRUE(plane_->in_force.empty());
  restart();
  EXPECT_TRUE(list_->blocks().empty());
  EXPECT_TRUE(list_->limits().empty());
}

TEST_F(BlockListTest, AfterARestartTodaysAllowListHolds) {
  ASSERT_TRUE(block("11.0.0.1"));
  list_.reset();
  plane_ = std::make_shared<FakePlane>();
  auto made = BlockList::open(plane_, path(), caps_, {{net("11.0.0.0/24"), "nodes"}}, clock_);
  ASSERT_TRUE(made);
  EXPECT_TRUE((*made)->blocks().empty());
  EXPECT_TRUE(plane_->in_force.empty());
}

TEST_F(BlockListTest, WhatComesOntoTheAllowListIsFreed) {
  ASSERT_TRUE(block("11.0.0.1"));
  ASSERT_TRUE(block("12.0.0.1"));
  ASSERT_TRUE(list_->set_allowed({{net("11.0.0.0/24"), "nodes"}}, "ann"));
  ASSERT_EQ(list_->blocks().size(), 1U);
  EXPECT_EQ(list_->blocks()[0].what, net("12.0.0.1"));
  EXPECT_EQ(plane_->in_force.size(), 1U);
  EXPECT_NE(trail().find("now on the allow list: nodes"), std::string::npos);
  EXPECT_FALSE(block("11.0.0.1"));
}

TEST_F(BlockListTest, WithoutItsTrailNothingIsBlockedButAllIsFreed) {
  ASSERT_TRUE(block("11.0.0.1"));
  list_.reset();
  plane_ = std::make_shared<FakePlane>();
  const std::string folder = dir_.path() + "/gone";
  std::filesystem::create_directory(folder);
  auto made = BlockList::open(plane_, folder + "/audit.jsonl", caps_, {}, clock_);
  ASSERT_TRUE(made);
  list_ = std::move(*made);
  std::filesystem::remove_all(folder);
  EXPECT_FALSE(block("11.0.0.2"));
  EXPECT_TRUE(plane_->in_force.empty());
  EXPECT_EQ(refused(Refusal::kAudit), 1U);
  EXPECT_FALSE(list_->clear("ann", "all"));  // done, and says that it was not written
  EXPECT_TRUE(plane_->in_force.empty());
}

TEST_F(BlockListTest, AWholeListIsTrimmedAndReplaced) {
  const IpPrefix networks[] = {net("12.0.0.1"), net("12.0.0.1"), net("10.0.0.1"), net("0.0.0.0/0"),
                               net("12.1.0.0/24")};
  const auto outcome = list_->load_feed("bad hosts", networks, BlockMode::kEnforce, kHour, "ann");
  ASSERT_TRUE(outcome) << outcome.error().message;
  EXPECT_EQ(outcome->loaded, 2U);
  EXPECT_EQ(outcome->repeated, 1U);
  EXPECT_EQ(outcome->refused, 2U);
  ASSERT_EQ(outcome->why.size(), 2U);
  EXPECT_NE(outcome->why[0].find("API server"), std::string::npos);
  const auto not_alone = list_->unblock("12.0.0.1", "ann", "x");
  ASSERT_FALSE(not_alone);
  EXPECT_NE(not_alone.error().message.find("the list 'bad hosts'"), std::string::npos);
  EXPECT_EQ(list_->status().feed_entries, 2U);
  // One that has no room leaves the one before.
  const IpPrefix more[] = {net("13.0.0.1"), net("13.0.0.2"), net("13.0.0.3"), net("13.0.0.4")};
  EXPECT_EQ(list_->load_feed("more", more, BlockMode::kEnforce, kHour, "ann").error().kind,
            ErrorKind::kBusy);
  EXPECT_EQ(list_->status().feed, "bad hosts");
  ASSERT_TRUE(list_->drop_feed("ann", "old"));
  EXPECT_TRUE(plane_->feed.empty());
  EXPECT_EQ(list_->drop_feed("ann", "old").error().kind, ErrorKind::kNotFound);
}

TEST_F(BlockListTest, ManyThreadsAtOnce) {
  std::vector<std::thread> threads;
  for (int t = 0; t < 3; ++t) {
    threads.emplace_back([&, t] {
      for (int i = 0; i < 20; ++i) {
        const std::string what = "14.0." + std::to_string(t) + "." + std::to_string(i % 2 + 1);
        if (block(what)) (void)list_->unblock(what, "ann", "x");
        (void)list_->blocks();
        (void)list_->status();
        list_->tick();
      }
    });
  }
  for (auto& thread : threads) thread.join();
  EXPECT_EQ(list_->blocks().size(), plane_->in_force.size());
}

}  // namespace
}  // namespace netprobe
