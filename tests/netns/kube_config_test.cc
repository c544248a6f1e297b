// SPDX-License-Identifier: Apache-2.0
// A kubeconfig that cannot work: the agent runs on without names, says why at
// /readyz, in the metrics and in every answer, and takes the file once it is mended.
#include <gtest/gtest.h>

#include <fstream>
#include <optional>
#include <string>

#include "agent.h"
#include "cluster.h"
#include "support/temp_dir.h"

namespace netprobe::test {
namespace {

class KubeConfig : public testing::Test {
 protected:
  void SetUp() override {
    if (const auto why = end_to_end_obstacle(); !why.empty()) GTEST_SKIP() << why;
    auto pair = NodeAndPod::make();
    ASSERT_TRUE(pair) << pair.error().message;
    pair_.emplace(std::move(*pair));
  }
  std::string write(const std::string& name, const std::string& text) {
    std::ofstream(dir_.file(name)) << text;
    return dir_.file(name);
  }
  /// One cluster that nobody answers for, one user with these lines.
  std::string config(const std::string& name, const std::string& user) {
    return write(name,
                 "apiVersion: v1\nkind: Config\ncurrent-context: here\n"
                 "clusters: [{name: c, cluster: {server: 'https://127.0.0.1:1'}}]\n"
                 "contexts: [{name: here, context: {cluster: c, user: u}}]\n"
                 "users: [{name: u, user: " +
                     user + "}]\n");
  }
  std::string ask(const std::string& path) const {
    const auto body = pair_->node.run(
        {"curl", "-s", "-m", "20", "-w", " %{http_code}", "http://127.0.0.1:8081" + path});
    return body ? *body : body.error().message;
  }
  /// Starts an agent with these flags, sees it say `words`, and traffic counted.
  void runs_without_names(std::vector<std::string> flags, const std::string& state,
                          const std::string& words) {
    SCOPED_TRACE(words);
    auto agent = Agent::start(pair_->node, std::move(flags));
    ASSERT_TRUE(agent) << agent.error().message;
    std::string ready;
    EXPECT_TRUE(eventually([&] {
      ready = ask("/readyz");
      return ready.find(words) != std::string::npos;
    })) << ready;
    EXPECT_TRUE(ready.ends_with(" 503")) << ready;
    EXPECT_TRUE(ask("/healthz").ends_with(" 200"));
    EXPECT_NE(agent->get("/metrics").find("netprobe_kube_up 0"), std::string::npos);
    ASSERT_TRUE(pair_->pod.run({"ping", "-c", "3", "-i", "0.2", "10.77.0.1"}));
    const Json flows = flows_when(*agent, "protocol=icmp", [](const Json& page) {
      const auto list = page["flows"].get_array();
      return list.size() == 1 && number_of(list.at(0), "packets") == 3;
    });
    const auto list = flows["flows"].get_array();
    ASSERT_EQ(list.size(), 1U);
    EXPECT_EQ(number_of(list.at(0), "packets"), 3U);
    EXPECT_EQ(number_of(list.at(0), "reverse_packets"), 3U);
    EXPECT_EQ(text_of(flows["kubernetes"], "state"), state);
    EXPECT_NE(text_of(flows["kubernetes"], "error").find(words), std::string::npos);
    ASSERT_TRUE(agent->stop());
  }

  std::optional<NodeAndPod> pair_;
  TempDir dir_;
};

TEST_F(KubeConfig, ThatIsMissing) {
  runs_without_names({"--kubeconfig=" + dir_.file("none")}, "failed", dir_.file("none"));
}

TEST_F(KubeConfig, ThatIsMalformed) {
  runs_without_names({"--kubeconfig=" + write("bad", "clusters: [{name: c,\n")}, "failed",
                     "not valid YAML");
}

TEST_F(KubeConfig, WithoutTheContextThatIsAskedFor) {
  runs_without_names({"--kubeconfig=" + config("one", "{token: t}"), "--kube-context=elsewhere"},
                     "failed", "elsewhere");
}

TEST_F(KubeConfig, WhosePluginFails) {
  const std::string plugin =
      "{exec: {apiVersion: client.authentication.k8s.io/v1, command: sh, "
      "args: [-c, 'echo no such role >&2; exit 3'], "
      "interactiveMode: Never}}";
  runs_without_names({"--kubeconfig=" + config("exec", plugin)}, "failed", "no such role");
}

TEST_F(KubeConfig, OfAServerThatDoesNotAnswer) {
  runs_without_names({"--kubeconfig=" + config("away", "{token: t}")}, "connecting", "127.0.0.1");
}

TEST_F(KubeConfig, IsReadAgainOnceItIsMended) {
  const std::string file = write("mended", "nothing of it\n");
  auto agent = Agent::start(pair_->node, {"--kubeconfig=" + file});
  ASSERT_TRUE(agent) << agent.error().message;
  const auto state = [&] { return text_of(agent->json("/api/cluster")["kubernetes"], "state"); };
  EXPECT_TRUE(eventually([&] { return state() == "failed"; })) << state();
  config("mended", "{token: t}");
  EXPECT_TRUE(eventually([&] { return state() == "connecting"; })) << state();
  ASSERT_TRUE(agent->stop());
}

TEST_F(KubeConfig, IsNotWantedWhereKubernetesIsOff) {
  auto agent =
      Agent::start(pair_->node, {"--kubeconfig=" + dir_.file("none"), "--enable-kubernetes=false"});
  ASSERT_TRUE(agent) << agent.error().message;
  EXPECT_TRUE(eventually([&] { return ask("/readyz").ends_with(" 200"); })) << ask("/readyz");
  EXPECT_EQ(text_of(agent->json("/api/cluster")["kubernetes"], "state"), "off");
  EXPECT_EQ(agent->get("/metrics").find("netprobe_kube_"), std::string::npos);
  ASSERT_TRUE(agent->stop());
}

}  // namespace
}  // namespace netprobe::test
