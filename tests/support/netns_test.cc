// SPDX-License-Identifier: Apache-2.0
#include "support/netns.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <string>

namespace netprobe::test {
namespace {

class NetNamespaceTest : public testing::Test {
 protected:
  void SetUp() override {
    if (const auto why = netns_obstacle(); !why.empty()) GTEST_SKIP() << why;
  }
};

TEST_F(NetNamespaceTest, IsThereAndThenGone) {
  std::string path;
  {
    const auto ns = NetNamespace::create();
    ASSERT_TRUE(ns) << ns.error().message;
    path = ns->path();
    EXPECT_TRUE(std::filesystem::exists(path));
  }
  EXPECT_FALSE(std::filesystem::exists(path));
}

TEST_F(NetNamespaceTest, TwoReachEachOtherOverAVethPair) {
  const auto left = NetNamespace::create();
  const auto right = NetNamespace::create();
  ASSERT_TRUE(left && right);
  ASSERT_TRUE(add_veth(*left, "left0", *right, "right0"));
  ASSERT_TRUE(left->add_address("left0", "10.77.0.1/24"));
  ASSERT_TRUE(right->add_address("right0", "10.77.0.2/24"));
  ASSERT_TRUE(left->add_address("left0", "fd77::1/64"));
  ASSERT_TRUE(right->add_address("right0", "fd77::2/64"));
  const auto v4 = left->run({"ping", "-c1", "-W5", "10.77.0.2"});
  EXPECT_TRUE(v4) << v4.error().message;
  const auto v6 = left->run({"ping", "-c1", "-W5", "fd77::2"});
  EXPECT_TRUE(v6) << v6.error().message;
  const auto index = left->ifindex("left0");
  ASSERT_TRUE(index);
  EXPECT_GT(*index, 1U);
}

TEST_F(NetNamespaceTest, TheMachinesOwnInterfacesAreNotInIt) {
  const auto ns = NetNamespace::create();
  ASSERT_TRUE(ns);
  const auto links = ns->run({"ip", "-o", "link"});
  ASSERT_TRUE(links);
  EXPECT_EQ(links->find("lo:") != std::string::npos, true);
  EXPECT_EQ(std::count(links->begin(), links->end(), '\n'), 1);
}

TEST_F(NetNamespaceTest, RemovesWhatACrashLeft) {
  // The number of a process that has just ended.
  const auto shell = run_ok({"sh", "-c", "echo $$"});
  ASSERT_TRUE(shell);
  const std::string stale = "np-t-" + shell->substr(0, shell->size() - 1) + "-1";
  ASSERT_TRUE(run_ok({"ip", "netns", "add", stale}));
  // Each process looks for stale ones once, so this asks a new one.
  const auto self = std::filesystem::read_symlink("/proc/self/exe").string();
  const auto other = run_ok({self, "--gtest_filter=*IsThereAndThenGone"});
  EXPECT_TRUE(other) << other.error().message;
  EXPECT_FALSE(std::filesystem::exists("/run/netns/" + stale));
}

}  // namespace
}  // namespace netprobe::test
