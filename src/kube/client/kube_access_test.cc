// SPDX-License-Identifier: Apache-2.0
#include <gmock/gmock.h>
#include <sys/stat.h>

#include <algorithm>

#include "kube/client/testing/client_fixture.h"

/// How the client finds its server and says who it is.
namespace netprobe::kube {
namespace {

using testing::Certificates;
using testing::eventually;
using testing::FakeApiServer;
using ::testing::HasSubstr;
using testing::raw_answer;
using testing::write_file;

class KubeAccessTest : public testing::ClientFixture {
 protected:
  /// A plugin that prints the token in the file "token".
  std::string exec_user(const std::string& expires = "") {
    const auto plugin = dir_.file("plugin");
    write_file(
        plugin,
        "#!/bin/sh\necho run >> " + dir_.file("runs") + "\n[ -f " + dir_.file("token") +
            " ] || { echo 'please log in' >&2; exit 1; }\n"
            "echo '{\"kind\":\"ExecCredential\",\"apiVersion\":\"client.authentication.k8s.io/v1\","
            "\"status\":{\"token\":\"'$(cat " +
            dir_.file("token") + ")'\"" +
            (expires.empty() ? "" : ",\"expirationTimestamp\":\"'" + expires + "'\"") + "}}'\n");
    ::chmod(plugin.c_str(), 0700);
    return "exec: {apiVersion: client.authentication.k8s.io/v1, command: ./plugin}";
  }
  [[nodiscard]] int runs() const {
    const auto text = testing::text_of_file(dir_.file("runs"));
    return static_cast<int>(std::ranges::count(text, '\n'));
  }
};

TEST_F(KubeAccessTest, AConfigurationMayBeMendedLater) {
  FakeApiServer server;
  start();
  ASSERT_TRUE(reaches(KubeState::kFailed));
  EXPECT_THAT(error(), HasSubstr("does not exist"));
  write_file(options_.kubeconfig, "a: [");
  EXPECT_TRUE(error_has("not valid YAML"));
  write_config(server.url());
  ASSERT_TRUE(reaches(KubeState::kSynced));
  EXPECT_EQ(error(), "");
}

TEST_F(KubeAccessTest, AnUnknownContextIsToldWithThoseThereAre) {
  FakeApiServer server;
  options_.context = "prod";
  start(server);
  ASSERT_TRUE(reaches(KubeState::kFailed));
  EXPECT_THAT(error(), HasSubstr("has no context 'prod'; it has: d"));
}

TEST_F(KubeAccessTest, WhatIsNoApiServerIsToldInOneSentence) {
  FakeApiServer server;
  server.answer("/version", raw_answer(200, "<html>", "", "text/html"));
  start(server);
  EXPECT_TRUE(error_has("is no Kubernetes API server"));
  server.answer_as_usual();
  ASSERT_TRUE(reaches(KubeState::kSynced));
}

TEST_F(KubeAccessTest, ATokenThatIsRefusedIsReadAgain) {
  FakeApiServer server;
  server.require_authorization("Bearer second");
  write_file(dir_.file("token"), "first");
  write_config(server.url(), "tokenFile: token");
  start();
  ASSERT_TRUE(reaches(KubeState::kFailed));
  EXPECT_THAT(error(), HasSubstr("401"));
  write_file(dir_.file("token"), "second\n");
  ASSERT_TRUE(reaches(KubeState::kSynced));
}

TEST_F(KubeAccessTest, InClusterTokensAndAuthoritiesRotate) {
  const Certificates certificates;
  if (!certificates.trouble().empty()) GTEST_SKIP() << certificates.trouble();
  FakeApiServer server({certificates.file("server"), certificates.key("server"), ""});
  server.require_authorization("Bearer one");
  options_.kubeconfig.clear();
  options_.service_account_dir = dir_.path();
  options_.service_host = "127.0.0.1";
  options_.service_port = std::to_string(server.port());
  options_.reread = 100 * kMillisecond;
  EXPECT_FALSE(in_cluster(options_));
  start();
  ASSERT_TRUE(reaches(KubeState::kFailed));
  EXPECT_THAT(error(), HasSubstr("service account token"));
  write_file(dir_.file("token"), "one");
  EXPECT_TRUE(in_cluster(options_));
  write_file(dir_.file("ca.crt"), testing::text_of_file(certificates.file("ca")));
  ASSERT_TRUE(reaches(KubeState::kSynced));
  EXPECT_EQ(client_->status().source, "in-cluster");
  // The kubelet has put a new token there before the old one is refused.
  write_file(dir_.file("token"), "two");
  std::this_thread::sleep_for(std::chrono::milliseconds(300));
  server.require_authorization("Bearer two");
  server.cut();
  EXPECT_TRUE(eventually([&] { return server.count("Bearer two") > 0; }));
  ASSERT_TRUE(reaches(KubeState::kSynced));
}

TEST_F(KubeAccessTest, NamesOfCertificatesAreChecked) {
  const Certificates certificates;
  if (!certificates.trouble().empty()) GTEST_SKIP() << certificates.trouble();
  FakeApiServer server({certificates.file("server"), certificates.key("server"), ""});
  const std::string ca = "certificate-authority: " + certificates.file("ca");
  const std::string by_name = "https://localhost:" + std::to_string(server.port());
  write_config(server.url(), "token: t");
  start();
  ASSERT_TRUE(reaches(KubeState::kFailed)) << "the authority is not known";
  EXPECT_THAT(error(), HasSubstr("certificate"));
  write_config(by_name, "token: t", ca);
  EXPECT_TRUE(error_has("localhost"));
  EXPECT_NE(client_->status().state, KubeState::kSynced);
  // The certificate is for kube.test.
  write_config(by_name, "token: t", ca + ", tls-server-name: kube.test");
  ASSERT_TRUE(reaches(KubeState::kSynced));
  write_config(server.url(), "token: t", "insecure-skip-tls-verify: true");
  client_.reset();
  start();
  ASSERT_TRUE(reaches(KubeState::kSynced));
}

TEST_F(KubeAccessTest, ClientCertificates) {
  const Certificates certificates;
  if (!certificates.trouble().empty()) GTEST_SKIP() << certificates.trouble();
  FakeApiServer server(
      {certificates.file("server"), certificates.key("server"), certificates.file("ca")});
  const std::string ca = "certificate-authority: " + certificates.file("ca");
  const auto user = [&](const std::string& name) {
    return "client-certificate: " + certificates.file(name) +
           ", client-key: " + certificates.key(name);
  };
  write_config(server.url(), user("old"), ca);
  start();
  ASSERT_TRUE(reaches(KubeState::kFailed));
  EXPECT_THAT(error(), HasSubstr("client certificate of user 'u' expired at"));
  write_config(server.url(), user("client"), ca);
  ASSERT_TRUE(reaches(KubeState::kSynced));
}

TEST_F(KubeAccessTest, APluginThatFailsIsRunAgain) {
  FakeApiServer server;
  server.require_authorization("Bearer good");
  write_config(server.url(), exec_user());
  start();
  ASSERT_TRUE(reaches(KubeState::kFailed));
  EXPECT_THAT(error(), HasSubstr("failed with exit code 1; it says: please log in"));
  write_file(dir_.file("token"), "bad");
  EXPECT_TRUE(error_has("401"));
  write_file(dir_.file("token"), "good");
  ASSERT_TRUE(reaches(KubeState::kSynced));
}

TEST_F(KubeAccessTest, APluginRunsOnceForAllRequests) {
  FakeApiServer server;
  write_file(dir_.file("token"), "t");
  write_config(server.url(), exec_user());
  start();
  ASSERT_TRUE(watches(server));
  server.cut();
  EXPECT_TRUE(eventually([&] { return resource("pods").watches >= 2; }));
  EXPECT_EQ(runs(), 1);
}

TEST_F(KubeAccessTest, APluginIsRunBeforeItsCredentialsExpire) {
  FakeApiServer server;
  write_file(dir_.file("token"), "t");
  write_config(server.url(), exec_user("$(date -u -d '+2 seconds' +%Y-%m-%dT%H:%M:%SZ)"));
  start();
  ASSERT_TRUE(reaches(KubeState::kSynced));
  EXPECT_TRUE(eventually([&] { return runs() >= 3; }));
  EXPECT_EQ(client_->status().state, KubeState::kSynced);
  EXPECT_LT(runs(), 10);
}

TEST_F(KubeAccessTest, StopDoesNotWaitForAPlugin) {
  FakeApiServer server;
  write_file(dir_.file("plugin"), "#!/bin/sh\necho run >> " + dir_.file("runs") + "\nsleep 600\n");
  ::chmod(dir_.file("plugin").c_str(), 0700);
  write_config(server.url(),
               "exec: {apiVersion: client.authentication.k8s.io/v1, command: ./plugin}");
  start();
  ASSERT_TRUE(eventually([&] { return runs() == 1; }));
  const auto began = clock_.monotonic();
  client_->stop();
  EXPECT_LT(clock_.monotonic() - began, kSecond);
}

TEST_F(KubeAccessTest, BasicAuthorization) {
  FakeApiServer server;
  server.require_authorization("Basic dTpwdw==");
  write_config(server.url(), "username: u, password: pw");
  start();
  ASSERT_TRUE(reaches(KubeState::kSynced));
}

TEST_F(KubeAccessTest, AProxyIsUsed) {
  // A proxy gets the whole URL of what goes over http.
  FakeApiServer proxy;
  write_config("http://api.test:6443", "token: t", "proxy-url: '" + proxy.url() + "'");
  start();
  EXPECT_TRUE(eventually([&] { return proxy.count("http://api.test:6443/version") > 0; }));
}

TEST_F(KubeAccessTest, AnotherServerIsListedAnew) {
  FakeApiServer first;
  FakeApiServer second;
  first.put("pods", "a/old", pod_at("10.0.0.1"));
  second.put("pods", "a/new", pod_at("10.0.0.2"));
  start(first);
  ASSERT_TRUE(reaches(KubeState::kSynced));
  write_config(second.url());
  first.go_away();
  EXPECT_TRUE(
      eventually([&] { return collector_.has("pod a/new") && !collector_.has("pod a/old"); }));
  ASSERT_TRUE(reaches(KubeState::kSynced));
  EXPECT_EQ(client_->status().server, second.url());
}

}  // namespace
}  // namespace netprobe::kube
