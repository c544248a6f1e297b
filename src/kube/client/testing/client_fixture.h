// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <gtest/gtest.h>

#include <memory>
#include <string>

#include "base/clock.h"
#include "kube/client/resource_type.h"
#include "kube/client/testing/certificates.h"
#include "kube/client/testing/collector.h"
#include "kube/client/testing/fake_api_server.h"
#include "support/temp_dir.h"

namespace netprobe::kube::testing {

/// A client of a FakeApiServer, with short times.
class ClientFixture : public ::testing::Test {
 protected:
  ClientFixture() {
    options_.kubeconfig = dir_.file("config");
    options_.backoff_min = 10 * kMillisecond;
    options_.backoff_max = 100 * kMillisecond;
    options_.denied_retry = 200 * kMillisecond;
    options_.page_size = 3;
  }

  void write_config(const std::string& url, const std::string& user = "token: secret",
                    const std::string& cluster = "") const {
    write_file(options_.kubeconfig,
               "current-context: d\ncontexts: [{name: d, context: {cluster: c, user: u}}]\n"
               "clusters:\n- name: c\n  cluster: {server: '" +
                   url + "'" + (cluster.empty() ? "" : ", " + cluster) +
                   "}\nusers:\n- name: u\n  user: {" + user + "}\n");
  }
  void start() {
    client_ = KubeClient::make(options_, clock_, collector_.sink());
    client_->start();
  }
  void start(const FakeApiServer& server) {
    write_config(server.url());
    start();
  }
  [[nodiscard]] bool reaches(KubeState state) const {
    const bool reached = eventually([&] { return client_->status().state == state; });
    if (!reached) ADD_FAILURE() << to_string(client_->status().state) << ": " << error();
    return reached;
  }
  [[nodiscard]] std::string error() const { return client_->status().error; }
  /// In sync, and every watch has begun.
  [[nodiscard]] bool watches(const FakeApiServer& server) const {
    return reaches(KubeState::kSynced) &&
           eventually([&] { return server.watches() >= static_cast<int>(kResourceTypes.size()); });
  }
  [[nodiscard]] bool error_has(const std::string& text) const {
    const bool has = eventually([&] { return error().contains(text); });
    if (!has) ADD_FAILURE() << "'" << error() << "' is not about '" << text << "'";
    return has;
  }
  [[nodiscard]] KubeResourceStatus resource(const std::string& name) const {
    for (const auto& resource : client_->status().resources)
      if (resource.name == name) return resource;
    return {};
  }
  static std::string pod_at(const std::string& ip) {
    return R"(,"spec":{"nodeName":"n1"},"status":{"podIP":")" + ip + "\"}";
  }

  test::TempDir dir_;
  SystemClock clock_;
  KubeClientOptions options_;
  Collector collector_;
  std::unique_ptr<KubeClient> client_;
};

}  // namespace netprobe::kube::testing
