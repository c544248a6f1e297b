// SPDX-License-Identifier: Apache-2.0
#include "kube/client/kube_client.h"

#include <gmock/gmock.h>

#include <algorithm>
#include <atomic>
#include <thread>
#include <variant>

#include "kube/client/testing/client_fixture.h"

namespace netprobe::kube {
namespace {

using testing::eventually;
using testing::FakeApiServer;
using ::testing::HasSubstr;
using testing::raw_answer;
using testing::raw_status;

class KubeClientTest : public testing::ClientFixture {
 protected:
  FakeApiServer server_;
};

TEST_F(KubeClientTest, ListsInPagesAndThenWatches) {
  for (int i = 0; i < 8; ++i)
    server_.put("pods", "a/p" + std::to_string(i), pod_at("10.0.0." + std::to_string(i + 1)));
  server_.put("nodes", "n1");
  server_.put("replicasets", "a/r1");
  start(server_);
  ASSERT_TRUE(reaches(KubeState::kSynced));
  EXPECT_EQ(collector_.size("pod"), 8U);
  EXPECT_TRUE(collector_.has("node n1"));
  EXPECT_TRUE(collector_.has("controller a/r1"));
  EXPECT_EQ(server_.count("/api/v1/pods?limit=3"), 3);
  EXPECT_EQ(server_.count("continue="), 2);
  EXPECT_GE(server_.count("Bearer secret"), 10);

  server_.put("pods", "a/new", pod_at("fd00::9"));
  server_.put("pods", "a/p0", pod_at("10.0.0.99"));
  server_.remove("pods", "a/p1");
  EXPECT_TRUE(eventually([&] { return collector_.count("-pod a/p1") == 1; }));
  EXPECT_EQ(collector_.pod("a/new")->ips.at(0).to_string(), "fd00::9");
  EXPECT_EQ(collector_.pod("a/p0")->ips.at(0).to_string(), "10.0.0.99");
  EXPECT_EQ(collector_.size("pod"), 8U);
  EXPECT_TRUE(eventually([&] { return resource("pods").events == 3; }));
  const auto status = client_->status();
  EXPECT_EQ(status.server, server_.url());
  EXPECT_EQ(status.server_version, "v1.20.2");
  EXPECT_EQ(status.error, "");
  EXPECT_GT(status.synced_at, 0);
  EXPECT_EQ(resource("pods").lists, 1U);
}

TEST_F(KubeClientTest, AWatchThatIsCutGoesOnWhereItWas) {
  server_.put("pods", "a/p", pod_at("10.0.0.1"));
  start(server_);
  ASSERT_TRUE(watches(server_));
  server_.cut(R"({"type":"ADDED","object":{"metadata":{"na)");
  server_.put("pods", "a/q", pod_at("10.0.0.2"));
  EXPECT_TRUE(eventually([&] { return collector_.has("pod a/q"); }));
  ASSERT_TRUE(reaches(KubeState::kSynced));
  EXPECT_EQ(resource("pods").lists, 1U);
  EXPECT_GE(resource("pods").failures, 1U);
  EXPECT_EQ(collector_.count("+pod a/p"), 1);
}

TEST_F(KubeClientTest, AfterAnOutageWithCompactedHistoryTheListTellsWhatHasGone) {
  server_.put("pods", "a/gone", pod_at("10.0.0.1"));
  server_.put("pods", "a/stays", pod_at("10.0.0.2"));
  server_.put("pods", "a/again", pod_at("10.0.0.3"));
  start(server_);
  ASSERT_TRUE(reaches(KubeState::kSynced));
  server_.go_away();
  ASSERT_TRUE(reaches(KubeState::kRetrying));
  EXPECT_THAT(error(), HasSubstr("127.0.0.1"));
  server_.remove("pods", "a/gone");
  server_.remove("pods", "a/again");
  server_.put("pods", "a/again", pod_at("10.0.0.4"));
  server_.put("pods", "a/new", pod_at("10.0.0.5"));
  server_.compact();
  server_.come_back();
  EXPECT_TRUE(eventually([&] { return collector_.count("-pod a/gone") == 1; }));
  ASSERT_TRUE(reaches(KubeState::kSynced));
  EXPECT_TRUE(collector_.has("pod a/new"));
  EXPECT_EQ(collector_.pod("a/again")->ips.at(0).to_string(), "10.0.0.4");
  EXPECT_EQ(collector_.count("-pod a/again"), 1) << "another object of the same name";
  EXPECT_EQ(collector_.count("+pod a/stays"), 1) << "told again though unchanged";
}

TEST_F(KubeClientTest, ADatabaseOfAnEarlierDayIsNoticed) {
  for (int i = 0; i < 5; ++i) server_.put("pods", "a/p" + std::to_string(i), pod_at("10.0.0.1"));
  start(server_);
  ASSERT_TRUE(watches(server_));
  server_.cut();
  server_.reset();
  server_.put("pods", "a/other", pod_at("10.0.0.9"));
  EXPECT_TRUE(eventually([&] { return resource("pods").watches >= 2; }));
  server_.bookmark("pods");
  EXPECT_TRUE(eventually([&] { return collector_.size("pod") == 1; }));
  EXPECT_TRUE(collector_.has("pod a/other"));
}

TEST_F(KubeClientTest, BookmarksMoveTheWatchOn) {
  start(server_);
  ASSERT_TRUE(watches(server_));
  server_.put("nodes", "n1");
  server_.put("nodes", "n2");
  server_.bookmark("pods");
  EXPECT_TRUE(eventually([&] { return collector_.has("node n2"); }));
  // Versions go over all kinds: after two nodes pods are at 3.
  server_.cut();
  EXPECT_TRUE(eventually([&] {
    const auto requests = server_.requests();
    return std::ranges::any_of(requests, [](const std::string& request) {
      return request.contains("/pods?watch=1") && request.contains("resourceVersion=3");
    });
  }));
  EXPECT_EQ(resource("pods").lists, 1U);
}

TEST_F(KubeClientTest, AContinueTokenThatExpiredBeginsTheListAnew) {
  for (int i = 0; i < 7; ++i)
    server_.put("pods", "a/p" + std::to_string(i), pod_at("10.0.0." + std::to_string(i + 1)));
  server_.answer("/pods?limit=3&continue=", raw_status(410, "the continue token expired"), 2);
  start(server_);
  ASSERT_TRUE(reaches(KubeState::kSynced));
  EXPECT_EQ(collector_.size("pod"), 7U);
  EXPECT_EQ(resource("pods").lists, 3U);
  EXPECT_EQ(collector_.count("+pod a/p0"), 1);
}

TEST_F(KubeClientTest, WhatIsForbiddenDoesNotStopTheRest) {
  server_.answer("networkpolicies", raw_status(403, "networkpolicies is forbidden: not you"));
  server_.answer("/jobs", raw_status(404, "the server could not find the requested resource"));
  server_.put("pods", "a/p", pod_at("10.0.0.1"));
  start(server_);
  ASSERT_TRUE(reaches(KubeState::kSynced));
  EXPECT_TRUE(collector_.has("pod a/p"));
  EXPECT_TRUE(error_has("listing"));
  EXPECT_THAT(resource("networkpolicies").error, HasSubstr("forbidden: not you"));
  EXPECT_FALSE(resource("networkpolicies").synced);
  EXPECT_THAT(resource("jobs").error, HasSubstr("404"));
  // Once it is allowed it is found without a restart.
  server_.answer_as_usual();
  server_.put("networkpolicies", "a/np");
  EXPECT_TRUE(eventually([&] { return collector_.has("policy a/np"); }));
  EXPECT_TRUE(eventually([&] { return error().empty(); }));
}

TEST_F(KubeClientTest, TakesTheEndpointSlicesThatTheServerHas) {
  server_.serve_slices("v1beta1");
  server_.put("endpointslices", "a/s");
  start(server_);
  ASSERT_TRUE(watches(server_));
  EXPECT_TRUE(collector_.has("slice a/s"));
  EXPECT_EQ(server_.count("discovery.k8s.io/v1/endpointslices"), 0);
  // An upgrade takes the old version away while the client runs.
  server_.serve_slices("v1");
  server_.compact();
  server_.cut();
  server_.put("endpointslices", "a/t");
  EXPECT_TRUE(eventually([&] { return collector_.has("slice a/t"); }));
  ASSERT_TRUE(reaches(KubeState::kSynced));
}

TEST_F(KubeClientTest, ThrottlingIsHonouredWithinABound) {
  options_.retry_after_max = 300 * kMillisecond;
  server_.answer_without("/pods?", "watch", raw_status(429, "slow down", "Retry-After: 7200\r\n"),
                         2);
  const auto began = clock_.monotonic();
  start(server_);
  ASSERT_TRUE(reaches(KubeState::kSynced));
  EXPECT_GE(clock_.monotonic() - began, 600 * kMillisecond);
  EXPECT_EQ(resource("pods").failures, 2U);
}

TEST_F(KubeClientTest, GarbageIsCountedAndTriedAgain) {
  server_.put("pods", "a/p", pod_at("10.0.0.1"));
  const std::string good_list = R"({"kind":"PodList","metadata":{"resourceVersion":"1"},"items":[)";
  for (const auto& raw :
       {raw_answer(200, "<html>welcome</html>", "", "text/html"), raw_answer(200, ""),
        raw_answer(500, "oops"), raw_answer(200, good_list), raw_answer(200, "[]"),
        raw_answer(200, R"({"kind":"Status"})"), std::string("HTTP/1.1 200 OK\r\n\r\n{\"kind\":"),
        std::string("\x16\x03\x01 not HTTP at all\r\n\r\n"),
        raw_answer(302, "", "Location: http://127.0.0.1:1/\r\n"),
        raw_answer(200, R"({"kind":"PodList","metadata":{"resourceVersion":7},"items":5})")})
    server_.answer_without("/pods?", "watch", raw, 1);
  start(server_);
  ASSERT_TRUE(reaches(KubeState::kSynced));
  EXPECT_TRUE(collector_.has("pod a/p"));
  EXPECT_EQ(resource("pods").failures, 10U);
}

TEST_F(KubeClientTest, GarbageInAWatchIsOvercome) {
  start(server_);
  ASSERT_TRUE(watches(server_));
  server_.say("pods", "");
  server_.say("pods", R"({"type":"ADDED","object":{"metadata":{"resourceVersion":"3"}}})");
  server_.say("pods", R"({"type":"UNHEARD","object":{"metadata":{"name":"x","namespace":"a"}}})");
  EXPECT_TRUE(eventually([&] { return resource("pods").skipped == 2; }));
  EXPECT_EQ(resource("pods").failures, 0U);
  server_.put("pods", "a/p", pod_at("10.0.0.1"));
  EXPECT_TRUE(eventually([&] { return collector_.has("pod a/p"); }));
  server_.say("pods", R"({"type":"ERROR","object":{"kind":"Status","code":500,"message":"etcd"}})");
  EXPECT_TRUE(eventually([&] { return resource("pods").failures > 0; }));
  server_.compact();
  server_.put("pods", "a/q", pod_at("10.0.0.2"));
  EXPECT_TRUE(eventually([&] { return collector_.has("pod a/q"); }));
  // A line that is no event comes again with each watch, until a list.
  server_.say("pods", "garbage");
  server_.put("pods", "a/r", pod_at("10.0.0.3"));
  EXPECT_TRUE(eventually([&] { return collector_.has("pod a/r"); }));
}

TEST_F(KubeClientTest, HugeAndBrokenObjectsAreSkipped) {
  options_.max_object = 4'000;
  server_.put("pods", "a/huge", "", R"(,"annotations":{"x":")" + std::string(10'000, 'x') + "\"}");
  server_.put("pods", "a/p", R"(,"status":{"podIPs":[{"ip":"300.1.1.1"},{"ip":"10.0.0.1"}]})");
  start(server_);
  ASSERT_TRUE(reaches(KubeState::kSynced));
  EXPECT_TRUE(eventually([&] { return resource("pods").skipped == 1; }));
  EXPECT_EQ(resource("pods").bad_addresses, 1U);
  server_.put("pods", "a/p", R"(,"x":")" + std::string(10'000, 'x') + "\"");
  server_.put("pods", "a/q", pod_at("10.0.0.2"));
  EXPECT_TRUE(eventually([&] { return collector_.has("pod a/q"); }));
  EXPECT_TRUE(eventually([&] { return resource("pods").skipped == 2; }));
}

TEST_F(KubeClientTest, WithoutRoomNothingIsReadAndNothingIsLost) {
  start(server_);
  ASSERT_TRUE(reaches(KubeState::kSynced));
  collector_.set_full(true);
  for (int i = 0; i < 2'000; ++i)
    server_.put("pods", "a/p" + std::to_string(i), pod_at("10.0.0.1"),
                R"(,"annotations":{"x":")" + std::string(2'000, 'x') + "\"}");
  std::this_thread::sleep_for(std::chrono::milliseconds(200));
  EXPECT_EQ(collector_.size("pod"), 0U);
  collector_.set_full(false);
  EXPECT_TRUE(eventually([&] { return collector_.size("pod") == 2'000; }));
  const auto told = collector_.told();
  EXPECT_EQ(told.size(), 2'000U);
  EXPECT_EQ(told.back(), "+pod a/p1999");
  collector_.set_full(true);
  server_.put("pods", "a/last", pod_at("10.0.0.1"));
  const auto began = clock_.monotonic();
  client_->stop();
  EXPECT_LT(clock_.monotonic() - began, kSecond);
}

TEST_F(KubeClientTest, IsNotInSyncBeforeEverythingWasTaken) {
  collector_.set_full(true);
  for (int i = 0; i < 20; ++i) server_.put("pods", "a/p" + std::to_string(i), pod_at("10.0.0.1"));
  start(server_);
  std::this_thread::sleep_for(std::chrono::milliseconds(300));
  EXPECT_EQ(client_->status().state, KubeState::kConnecting);
  collector_.set_full(false);
  ASSERT_TRUE(reaches(KubeState::kSynced));
  EXPECT_EQ(collector_.size("pod"), 20U);
}

TEST_F(KubeClientTest, ASinkThatTakesLittleLosesNothing) {
  constexpr int kPods = 5'000;
  options_.page_size = 500;
  for (int i = 0; i < kPods; ++i)
    server_.put("pods", "a/p" + std::to_string(i), pod_at("10.0.0.1"));
  write_config(server_.url());
  std::atomic<int> taken{0};
  client_ = KubeClient::make(options_, clock_, [&](std::vector<KubeChange>& changes) {
    const std::size_t some = std::min<std::size_t>(changes.size(), 256);
    for (std::size_t i = 0; i < some; ++i)
      taken += std::holds_alternative<KubePodPtr>(changes[i].object) ? 1 : 0;
    changes.erase(changes.begin(), changes.begin() + static_cast<std::ptrdiff_t>(some));
    return changes.empty();
  });
  client_->start();
  ASSERT_TRUE(reaches(KubeState::kSynced));
  EXPECT_EQ(taken, kPods);
  client_->stop();
}

TEST_F(KubeClientTest, WithoutPodsItIsNotInSync) {
  server_.answer("/pods", raw_status(403, "pods is forbidden: not you"));
  start(server_);
  ASSERT_TRUE(reaches(KubeState::kFailed));
  EXPECT_EQ(client_->status().synced_at, 0);
  EXPECT_TRUE(error_has("forbidden: not you"));
  server_.answer_as_usual();
  ASSERT_TRUE(reaches(KubeState::kSynced));
}

TEST_F(KubeClientTest, PodsOfOneNodeAlone) {
  options_.node_name = "n1";
  options_.this_node_only = true;
  start(server_);
  ASSERT_TRUE(reaches(KubeState::kSynced));
  EXPECT_EQ(server_.count("/pods?fieldSelector=spec.nodeName%3Dn1&resourceVersion=0"), 1);
  EXPECT_TRUE(eventually(
      [&] { return server_.count("/pods?fieldSelector=spec.nodeName%3Dn1&watch=1") == 1; }));
  EXPECT_EQ(server_.count("/services?fieldSelector"), 0);
}

TEST_F(KubeClientTest, StopsAtOnceWhateverTheServerDoes) {
  // Answers never, in every phase.
  for (const auto* part : {"/version", "/apis/discovery.k8s.io", "/pods?limit", "/pods?watch"}) {
    server_.answer_as_usual();
    server_.answer(
        part, "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 9999\r\n\r\n{");
    start(server_);
    ASSERT_TRUE(eventually([&] { return server_.count(part) > 0; })) << part;
    const auto began = clock_.monotonic();
    client_->stop();
    EXPECT_LT(clock_.monotonic() - began, kSecond) << part;
  }
}

TEST_F(KubeClientTest, AnIdleClientSleeps) {
  start(server_);
  ASSERT_TRUE(reaches(KubeState::kSynced));
  std::this_thread::sleep_for(std::chrono::milliseconds(200));
  const auto before = client_->cpu_time();
  server_.bookmark("pods");
  std::this_thread::sleep_for(std::chrono::seconds(1));
  server_.bookmark("pods");
  ASSERT_TRUE(eventually([&] { return client_->cpu_time() > before; }));
  EXPECT_LT(client_->cpu_time() - before, 100 * kMillisecond);
}

}  // namespace
}  // namespace netprobe::kube
