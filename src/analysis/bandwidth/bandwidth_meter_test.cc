// SPDX-License-Identifier: Apache-2.0
#include "analysis/bandwidth/bandwidth_meter.h"

#include <gtest/gtest.h>

#include <set>

namespace netprobe {
namespace {

constexpr Nanos kStep = 10 * kMillisecond;

class Links : public testing::Test {
 protected:
  void add(std::uint32_t count) {
    for (std::uint32_t i = 1; i <= count; ++i) {
      meter_.set_link(i, 1'000'000);
      bytes_[i] = {};
    }
  }
  void step() {
    clock_.advance(kStep);
    meter_.sample(clock_.monotonic(), read_);
  }
  void close() { meter_.close_interval(clock_.monotonic(), read_); }

  ManualClock clock_{1'000 * kSecond};
  BandwidthMeter meter_;
  std::map<std::uint32_t, LinkBytes> bytes_;
  std::size_t reads_ = 0;
  std::set<std::uint32_t> seen_;
  BandwidthMeter::ReadBytes read_ = [this](std::uint32_t ifindex) {
    ++reads_;
    seen_.insert(ifindex);
    return bytes_[ifindex];
  };
};

TEST_F(Links, KeepTheirDirectionsApart) {
  add(2);
  for (int i = 0; i < 200; ++i) {
    bytes_[1].rx += 125;  // 0.1 of the speed
    bytes_[2].tx += 250;
    step();
    if (i % 100 == 99) close();
  }
  EXPECT_NEAR(meter_.use(1).rx.utilisation, 0.1, 1e-6);
  EXPECT_EQ(meter_.use(1).tx.utilisation, 0);
  EXPECT_NEAR(meter_.use(2).tx.peak_1s, 200'000, 1);
  EXPECT_EQ(meter_.use(2).rx.peak_1s, 0);
  EXPECT_EQ(meter_.use(3).rx.speed, 0U);
}

TEST_F(Links, AreNotLookedAtMoreOftenThanNeeded) {
  add(1);
  step();
  const auto before = reads_;
  clock_.advance(kMillisecond);
  meter_.sample(clock_.monotonic(), read_);
  EXPECT_EQ(reads_, before);
}

TEST_F(Links, ManyCostNoMoreThanTheBudget) {
  add(1000);
  close();
  for (int i = 0; i < 100; ++i) {
    reads_ = 0;
    step();
    ASSERT_LE(reads_, BandwidthMeter::kMostIdle);
  }
}

TEST_F(Links, BusyOnesAreLookedAtEveryTime) {
  add(1000);
  close();
  for (int i = 0; i < 60; ++i) {
    for (const std::uint32_t busy : {7U, 500U, 1000U}) bytes_[busy].rx += 100;
    step();  // they are found in their turn, at most 32 links a time
  }
  for (int i = 0; i < 20; ++i) {
    for (const std::uint32_t busy : {7U, 500U, 1000U}) bytes_[busy].rx += 100;
    seen_.clear();
    step();
    for (const std::uint32_t busy : {7U, 500U, 1000U}) EXPECT_TRUE(seen_.contains(busy)) << busy;
  }
}

TEST_F(Links, EachHasItsTurn) {
  add(1000);
  close();
  seen_.clear();
  for (int i = 0; i < 64; ++i) step();
  EXPECT_EQ(seen_.size(), 1000U);
  // Also where more are busy than fit.
  const auto most = BandwidthMeter::kMostBusy + BandwidthMeter::kMostIdle;
  for (int i = 0; i < 200; ++i) {
    for (auto& [ifindex, bytes] : bytes_) bytes.tx += 100;
    step();
  }
  seen_.clear();
  for (int i = 0; i < 64; ++i) {
    for (auto& [ifindex, bytes] : bytes_) bytes.tx += 100;
    reads_ = 0;
    step();
    ASSERT_LE(reads_, most);
  }
  EXPECT_EQ(seen_.size(), 1000U);
}

TEST_F(Links, ComeAndGo) {
  add(200);
  close();
  // Any order of going, busy or not, leaves the others as they were.
  for (std::uint32_t gone = 3; gone <= 200; gone += 3) {
    for (auto& [ifindex, bytes] : bytes_) bytes.rx += 125;
    step();
    meter_.forget(gone);
    meter_.forget(gone);
    bytes_.erase(gone);
  }
  close();
  for (int i = 0; i < 100; ++i) {
    for (auto& [ifindex, bytes] : bytes_) bytes.rx += 125;
    step();
  }
  close();
  for (std::uint32_t ifindex = 1; ifindex <= 200; ++ifindex) {
    const auto use = meter_.use(ifindex).rx;
    EXPECT_EQ(use.speed, ifindex % 3 == 0 ? 0U : 1'000'000U) << ifindex;
    EXPECT_NEAR(use.utilisation, ifindex % 3 == 0 ? 0 : 0.1, 1e-6) << ifindex;
  }
  for (std::uint32_t ifindex = 1; ifindex <= 200; ++ifindex) meter_.forget(ifindex);
  step();
  close();
}

TEST_F(Links, OneThatCameBackBeginsAnew) {
  add(1);
  for (int i = 0; i < 150; ++i) {
    bytes_[1].rx += 1000;
    step();
  }
  close();
  EXPECT_GT(meter_.use(1).rx.utilisation, 0);
  meter_.forget(1);
  EXPECT_EQ(meter_.use(1).rx.speed, 0U);
  bytes_[1] = {};
  meter_.set_link(1, 2'000'000);
  step();
  close();
  EXPECT_EQ(meter_.use(1).rx.speed, 2'000'000U);
  EXPECT_EQ(meter_.use(1).rx.utilisation, 0);
  EXPECT_EQ(meter_.use(1).rx.peak_1s, 0);
}

}  // namespace
}  // namespace netprobe
