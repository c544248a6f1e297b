// SPDX-License-Identifier: Apache-2.0
#include "io/host_lookup.h"

#include <gtest/gtest.h>
#include <netinet/in.h>

#include <atomic>
#include <memory>
#include <semaphore>
#include <thread>

namespace netprobe {
namespace {

const SystemClock kClock;

/// A resolver that answers when it is told to.
struct SlowResolver {
  std::atomic<int> asked{0};
  std::counting_semaphore<> may_answer{0};
};

HostLookup::Resolve slow(const std::shared_ptr<SlowResolver>& resolver) {
  return [resolver](const std::string& host, std::uint16_t, bool) -> Result<HostAddresses> {
    ++resolver->asked;
    resolver->may_answer.acquire();
    if (host == "nobody") return fail("there is no nobody");
    return HostAddresses(1);
  };
}

class HostLookupTest : public ::testing::Test {
 protected:
  Result<HostAddresses> find(HostLookup& lookup, const std::string& host, Nanos time) {
    return lookup.find(host, 80, false, Patience(kClock, kClock.monotonic() + time, stopping_));
  }
  std::atomic<bool> stopping_{false};
  std::shared_ptr<SlowResolver> resolver_ = std::make_shared<SlowResolver>();
};

TEST_F(HostLookupTest, WhatIsAnAddressNeedsNoResolver) {
  HostLookup lookup([](const std::string&, std::uint16_t, bool) -> Result<HostAddresses> {
    ADD_FAILURE() << "asked";
    return HostAddresses();
  });
  const auto v4 = find(lookup, "127.0.0.9", kSecond);
  ASSERT_TRUE(v4) << v4.error().message;
  ASSERT_EQ(v4->size(), 1U);
  const auto& name = reinterpret_cast<const sockaddr_in&>(v4->front().storage);
  EXPECT_EQ(ntohl(name.sin_addr.s_addr), 0x7f000009U);
  EXPECT_EQ(ntohs(name.sin_port), 80);
  const auto v6 = find(lookup, "::1", kSecond);
  ASSERT_TRUE(v6);
  EXPECT_EQ(v6->front().storage.ss_family, AF_INET6);
}

TEST_F(HostLookupTest, TheSystemKnowsThisHost) {
  HostLookup lookup;
  const auto found = find(lookup, "localhost", 20 * kSecond);
  ASSERT_TRUE(found) << found.error().message;
  EXPECT_FALSE(found->empty());
}

TEST_F(HostLookupTest, AResolverThatHangsHasOneThreadHoweverOftenItIsAsked) {
  HostLookup lookup(slow(resolver_));
  for (int i = 0; i < 5; ++i) {
    const auto late = find(lookup, "collector", 20 * kMillisecond);
    ASSERT_FALSE(late);
    EXPECT_EQ(late.error().message, "the name collector is not answered for in time");
  }
  EXPECT_EQ(resolver_->asked, 1);
  // Nor is another question in its way forgotten, or answered with what is not its own.
  EXPECT_FALSE(find(lookup, "other", 20 * kMillisecond));
  resolver_->may_answer.release();
  EXPECT_TRUE(find(lookup, "collector", 20 * kSecond));
  EXPECT_EQ(resolver_->asked, 1);
  resolver_->may_answer.release();
  EXPECT_TRUE(find(lookup, "other", 20 * kSecond));
  EXPECT_EQ(resolver_->asked, 2);
}

TEST_F(HostLookupTest, StopEndsTheWait) {
  HostLookup lookup(slow(resolver_));
  std::jthread stopper([&] {
    while (resolver_->asked == 0) std::this_thread::yield();
    stopping_ = true;
  });
  EXPECT_FALSE(find(lookup, "collector", 3'600 * kSecond));
  resolver_->may_answer.release();
}

TEST_F(HostLookupTest, ErrorsAreTheResolvers) {
  HostLookup lookup(slow(resolver_));
  resolver_->may_answer.release();
  const auto nobody = find(lookup, "nobody", 20 * kSecond);
  ASSERT_FALSE(nobody);
  EXPECT_EQ(nobody.error().message, "there is no nobody");
}

TEST_F(HostLookupTest, ItsEndWaitsForTheThread) {
  {
    HostLookup lookup(slow(resolver_));
    EXPECT_FALSE(find(lookup, "collector", kMillisecond));
    resolver_->may_answer.release();
  }
  EXPECT_EQ(resolver_.use_count(), 1) << "the thread, which has the resolver, is still there";
}

TEST_F(HostLookupTest, ItsEndIsNotHeldUpByAResolverThatHangs) {
  {
    HostLookup lookup(slow(resolver_));
    EXPECT_FALSE(find(lookup, "collector", kMillisecond));
  }
  // It is there for the resolver alone, and gone with its answer.
  EXPECT_GT(resolver_.use_count(), 1);
  resolver_->may_answer.release();
  while (resolver_.use_count() > 1) std::this_thread::yield();
}

}  // namespace
}  // namespace netprobe
