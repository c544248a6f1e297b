// SPDX-License-Identifier: Apache-2.0
#include "kube/client/kube_client.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <malloc.h>

#include <atomic>
#include <fstream>

#include "base/clock.h"
#include "kube/client/testing/collector.h"
#include "kube/control_plane.h"

/// The client and a real API server.
namespace netprobe {
namespace {

using kube::testing::Collector;
using kube::testing::eventually;
using test::Admin;
using test::ControlPlane;
using ::testing::HasSubstr;

constexpr int kPods = 5'000;
constexpr int kServices = 500;
constexpr const char* kPodPath = "/api/v1/namespaces/default/pods";

std::string address(int i) {
  return "10.244." + std::to_string(i / 250) + "." + std::to_string(i % 250 + 1);
}
std::string name(int i) { return "web-5d4f8c7b9-" + std::to_string(i); }

long resident_kib() {
  std::ifstream file("/proc/self/statm");
  long all = 0;
  long resident = 0;
  file >> all >> resident;
  return resident * 4;
}

/// Calls `each` with every number below `count`, from several threads that
/// each have a connection; true if all calls were.
template <typename Each>
bool in_parallel(const ControlPlane& plane, int count, Each each) {
  std::atomic<int> next = 0;
  std::atomic<bool> all = true;
  std::vector<std::thread> threads;
  threads.reserve(4);
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([&] {
      Admin admin(plane);
      for (int at = next++; at < count; at = next++)
        if (!each(admin, at)) all = false;
    });
  }
  for (auto& thread : threads) thread.join();
  return all;
}

/// One control plane with 5,000 pods for all tests of the file.
class KubeServerTest : public ::testing::Test {
 protected:
  static void SetUpTestSuite() {
    obstacle_ = ControlPlane::obstacle();
    if (!obstacle_.empty()) return;
    auto started = ControlPlane::start();
    if (!started) {
      trouble_ = started.error().message;
      return;
    }
    plane_ = started->release();
    const bool filled =
        in_parallel(*plane_, kPods,
                    [](Admin& admin, int i) {
                      return admin.create(kPodPath, test::pod_json(name(i), "n1")).has_value() &&
                             admin
                                 .patch(std::string(kPodPath) + "/" + name(i) + "/status",
                                        test::pod_status_json(address(i)))
                                 .has_value();
                    }) &&
        in_parallel(*plane_, kServices, [](Admin& admin, int i) {
          return admin
              .create("/api/v1/namespaces/default/services",
                      R"({"apiVersion":"v1","kind":"Service","metadata":{"name":"s)" +
                          std::to_string(i) +
                          R"("},"spec":{"selector":{"app":"web"},"ports":[{"port":80}]}})")
              .has_value();
        });
    if (!filled) trouble_ = "the server did not take all objects";
  }
  static void TearDownTestSuite() {
    delete plane_;
    plane_ = nullptr;
  }
  void SetUp() override {
    if (!obstacle_.empty()) GTEST_SKIP() << obstacle_;
    ASSERT_EQ(trouble_, "");
    options_.kubeconfig = plane_->kubeconfig("admin");
  }
  void start() {
    client_ = KubeClient::make(options_, clock_, collector_.sink());
    client_->start();
  }
  [[nodiscard]] bool reaches(KubeState state) const {
    const bool reached = eventually([&] { return client_->status().state == state; });
    if (!reached) ADD_FAILURE() << to_string(client_->status().state) << client_->status().error;
    return reached;
  }
  [[nodiscard]] KubeResourceStatus resource(const std::string& of) const {
    for (const auto& resource : client_->status().resources)
      if (resource.name == of) return resource;
    return {};
  }

  inline static ControlPlane* plane_ = nullptr;
  inline static std::string obstacle_;
  inline static std::string trouble_;
  SystemClock clock_;
  KubeClientOptions options_;
  Collector collector_;
  std::unique_ptr<KubeClient> client_;
};

TEST_F(KubeServerTest, FirstSyncOfFiveThousandPods) {
  struct Variant {
    const char* name;
    bool compressed;
    bool http2;
    int page_size;
  };
  for (const Variant variant : {Variant{"http2, pages of 500", false, true, 500},
                                Variant{"http2, pages of 500, gzip", true, true, 500},
                                Variant{"http1, pages of 500", false, false, 500},
                                Variant{"http2, pages of 2,000", false, true, 2'000},
                                Variant{"http2, one page", false, true, 0}}) {
    options_.compressed = variant.compressed;
    options_.http2 = variant.http2;
    options_.page_size = variant.page_size;
    Collector collector;
    ::malloc_trim(0);
    const long before = resident_kib();
    const auto began = clock_.monotonic();
    client_ = KubeClient::make(options_, clock_, collector.sink());
    client_->start();
    ASSERT_TRUE(reaches(KubeState::kSynced));
    const auto took = clock_.monotonic() - began;
    std::printf("first sync, %-26s %4ld ms, client's thread %3ld ms, resident +%ld KiB\n",
                variant.name, static_cast<long>(took / kMillisecond),
                static_cast<long>(client_->cpu_time() / kMillisecond), resident_kib() - before);
    EXPECT_EQ(collector.size("pod"), static_cast<std::size_t>(kPods));
    // One more is the API server's own.
    EXPECT_EQ(collector.size("service"), static_cast<std::size_t>(kServices + 1));
    EXPECT_EQ(collector.told().size(), kPods + kServices + 1 + collector.size("namespace"));
    EXPECT_EQ(collector.pod("default/" + name(77))->ips.at(0).to_string(), address(77));
    EXPECT_EQ(collector.pod("default/" + name(77))->containers.at(0).id.size(), 64U);
    client_->stop();
  }
}

TEST_F(KubeServerTest, WhatIsForbiddenIsToldAndTheRestIsThere) {
  options_.kubeconfig = plane_->kubeconfig("reader");
  start();
  ASSERT_TRUE(reaches(KubeState::kSynced));
  EXPECT_EQ(collector_.size("pod"), static_cast<std::size_t>(kPods));
  EXPECT_THAT(resource("networkpolicies").error, HasSubstr("forbidden"));
  EXPECT_TRUE(resource("endpointslices").synced);
  options_.kubeconfig = plane_->kubeconfig("nobody");
  start();
  ASSERT_TRUE(reaches(KubeState::kFailed));
  EXPECT_THAT(client_->status().error, HasSubstr("401"));
}

TEST_F(KubeServerTest, ANewPodIsToldAtOnce) {
  start();
  ASSERT_TRUE(reaches(KubeState::kSynced));
  Admin admin(*plane_);
  ASSERT_TRUE(admin.create(kPodPath, test::pod_json("new", "n2")));
  ASSERT_TRUE(
      admin.patch(std::string(kPodPath) + "/new/status", test::pod_status_json("10.245.0.1")));
  const auto published = clock_.monotonic();
  EXPECT_TRUE(eventually([&] {
    const auto pod = collector_.pod("default/new");
    return pod != nullptr && !pod->ips.empty();
  }));
  const auto took = clock_.monotonic() - published;
  std::printf("a new pod's address is told after %.1f ms\n",
              static_cast<double>(took) / static_cast<double>(kMillisecond));
  EXPECT_LT(took, kSecond);
  ASSERT_TRUE(admin.remove(std::string(kPodPath) + "/new"));
  EXPECT_TRUE(eventually([&] { return collector_.count("-pod default/new") == 1; }));
}

TEST_F(KubeServerTest, ThisNodesPodsAlone) {
  Admin admin(*plane_);
  ASSERT_TRUE(admin.create(kPodPath, test::pod_json("mine", "n3")));
  options_.this_node_only = true;
  options_.node_name = "n3";
  start();
  ASSERT_TRUE(reaches(KubeState::kSynced));
  EXPECT_EQ(collector_.size("pod"), 1U);
  ASSERT_TRUE(admin.remove(std::string(kPodPath) + "/mine"));
  EXPECT_TRUE(eventually([&] { return collector_.size("pod") == 0; }));
}

TEST_F(KubeServerTest, AThousandPodChangesASecond) {
  start();
  ASSERT_TRUE(reaches(KubeState::kSynced));
  const auto events = resource("pods").events;
  const auto cpu = client_->cpu_time();
  const auto began = clock_.monotonic();
  constexpr int kChanges = 3'000;
  ASSERT_TRUE(in_parallel(*plane_, kChanges, [](Admin& admin, int i) {
    return admin
        .patch(std::string(kPodPath) + "/" + name(i % kPods) + "/status",
               R"({"status":{"message":")" + std::to_string(i) + "\"}}")
        .has_value();
  }));
  const auto took = clock_.monotonic() - began;
  EXPECT_TRUE(eventually([&] { return resource("pods").events >= events + kChanges; }));
  const double seconds = static_cast<double>(took) / static_cast<double>(kSecond);
  const double used = static_cast<double>(client_->cpu_time() - cpu) / static_cast<double>(kSecond);
  std::printf(
      "%d pod changes in %.2f s: client's thread %.3f s, %.1f us a change, "
      "%.2f %% of a core at 1,000/s\n",
      kChanges, seconds, used, used * 1e6 / kChanges, used * 1e5 / kChanges);
}

// The last one: it takes pods away.
TEST_F(KubeServerTest, OutageWithCompactedHistory) {
  start();
  ASSERT_TRUE(reaches(KubeState::kSynced));
  plane_->kill_server();
  ASSERT_TRUE(reaches(KubeState::kRetrying));
  // What happens meanwhile goes through a server that the client cannot find.
  ASSERT_TRUE(plane_->start_server(true));
  {
    Admin admin(*plane_);
    for (int i = 0; i < 10; ++i) ASSERT_TRUE(admin.remove(std::string(kPodPath) + "/" + name(i)));
    // The same name and address, but not the same pod.
    ASSERT_TRUE(admin.create(kPodPath, test::pod_json(name(9), "n2")));
    ASSERT_TRUE(admin.create(kPodPath, test::pod_json("born", "n1")));
  }
  ASSERT_TRUE(plane_->compact());
  plane_->kill_server();
  EXPECT_EQ(collector_.size("pod"), static_cast<std::size_t>(kPods));
  EXPECT_EQ(client_->status().state, KubeState::kRetrying);
  ASSERT_TRUE(plane_->start_server());
  const auto back = clock_.monotonic();
  EXPECT_TRUE(eventually([&] {
    return collector_.size("pod") == static_cast<std::size_t>(kPods - 10 + 2) &&
           client_->status().state == KubeState::kSynced;
  }));
  const auto took = clock_.monotonic() - back;
  std::printf("right again %.2f s after the server was ready\n",
              static_cast<double>(took) / static_cast<double>(kSecond));
  EXPECT_LT(took, 10 * kSecond);
  EXPECT_TRUE(collector_.has("pod default/born"));
  EXPECT_EQ(collector_.count("-pod default/" + name(3)), 1);
  EXPECT_EQ(collector_.count("-pod default/" + name(9)), 1);
  EXPECT_EQ(collector_.count("+pod default/" + name(9)), 2);
  EXPECT_EQ(collector_.count("+pod default/" + name(77)), 1) << "told again though unchanged";
}

}  // namespace
}  // namespace netprobe
