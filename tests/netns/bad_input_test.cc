// SPDX-License-Identifier: Apache-2.0
// What is wrong is refused in one line that names it, and nothing is attached.
#include <gtest/gtest.h>

#include <algorithm>
#include <fstream>
#include <optional>

#include "agent.h"
#include "support/packet_builder.h"
#include "support/pcap_writer.h"
#include "support/temp_dir.h"

namespace netprobe::test {
namespace {

class BadInput : public testing::Test {
 protected:
  void SetUp() override {
    if (const auto why = end_to_end_obstacle(); !why.empty()) GTEST_SKIP() << why;
    auto node = NetNamespace::create();
    ASSERT_TRUE(node);
    node_.emplace(std::move(*node));
    ASSERT_TRUE(add_veth(*node_, "left", *node_, "right"));
  }

  static void expect_one_line(const Result<Finished>& end, int code, std::string_view names) {
    ASSERT_TRUE(end) << end.error().message;
    EXPECT_EQ(end->exit_code, code) << end->err;
    EXPECT_EQ(std::ranges::count(end->err, '\n'), 1) << end->err;
    EXPECT_NE(end->err.find(names), std::string::npos) << end->err << " does not name " << names;
    EXPECT_EQ(end->out, "");
  }
  /// A start of the agent that is refused.
  void refuses(std::vector<std::string> arguments, int code, std::string_view names,
               const ProcessOptions& options = {}) {
    SCOPED_TRACE(names);
    expect_one_line(refused_agent(*node_, std::move(arguments), options), code, names);
    EXPECT_TRUE(eventually([&] { return tc_hooks(*node_).empty(); }, 5 * kSecond));
  }
  std::string write(const std::string& name, const std::string& text) {
    std::ofstream(dir_.file(name)) << text;
    return dir_.file(name);
  }

  std::optional<NetNamespace> node_;
  TempDir dir_;
};

TEST_F(BadInput, Flags) {
  refuses({"--no-such-flag"}, 2, "--no-such-flag");
  refuses({"--metrics-prot=1"}, 2, "did you mean metrics-port?");
  refuses({"stray"}, 2, "'stray'");
  refuses({"--metrics-port"}, 2, "--metrics-port");
  refuses({"--metrics-port=http"}, 2, "--metrics-port");
  refuses({"--metrics-port=70000"}, 2, "70000");
  refuses({"--collect-interval=fast"}, 2, "--collect-interval");
  refuses({"--tc-mode=xdp"}, 2, "--tc-mode");
  refuses({"--vxlan-ports=4789,x"}, 2, "--vxlan-ports");
  for (const std::string speed : {"eth0", "=1G", "eth0=", "eth0=fast", "eth0=-1G", "eth0=10",
                                  "eth0=1GB", "eth0=1e30", "eth0=nan", "eth0=1G,wan0"})
    refuses({"--link-speed=" + speed}, 2, "--link-speed");
  for (const std::string names : {"office", "=192.0.2.0/24", "office=192.0.2.0/33", "office=x"})
    refuses({"--external-names=" + names}, 2, "--external-names");
  refuses({"--kube-scope=pod"}, 2, "--kube-scope");
  refuses({"--workload-metrics=service"}, 2, "--workload-metrics");
  refuses({"--max-workload-pairs=0"}, 2, "--max-workload-pairs");
  refuses({"--history-max-disk=lots"}, 2, "is not a size such as 2GiB");
  refuses({"--history-max-disk=1MiB"}, 2, "between 64MiB and 16TiB");
  refuses({"--history-raw=1s"}, 2, "--history-raw");
  refuses({"--data-dir=relative"}, 2, "a path that begins with /");
  refuses({"--clickhouse-url=clickhouse:8123"}, 2, "it is not a URL such as");
}

TEST_F(BadInput, Environment) {
  refuses({}, 2, "NETPROBE_METRICS_PORT", {.environment = {{"NETPROBE_METRICS_PORT", "none"}}});
  refuses({}, 2, "NETPROBE_ENABLE_TC", {.environment = {{"NETPROBE_ENABLE_TC", "perhaps"}}});
}

TEST_F(BadInput, WhatKubernetesSaysOfAServiceIsNotForTheAgent) {
  auto agent = Agent::start(*node_, {},
                            {.environment = {{"NETPROBE_METRICS_PORT", "tcp://10.96.0.7:9999"}}});
  ASSERT_TRUE(agent) << agent.error().message;  // at port 8081
  ASSERT_TRUE(agent->stop());
}

TEST_F(BadInput, ConfigurationFile) {
  refuses({"--config=" + write("key.yaml", "metrics_port: 9000\ninterfaces: all\n")}, 2,
          "key 'interfaces'");
  refuses({"--config=" + dir_.file("key.yaml")}, 2, "key.yaml:2");
  refuses({"--config=" + write("value.yaml", "idle_timeout: soon\n")}, 2, "value.yaml:1");
  refuses({"--config=" + write("broken.yaml", "a: [1,\n")}, 2, "broken.yaml");
  refuses({"--config=" + write("list.yaml", "- a\n")}, 2, "list.yaml");
  refuses({"--config=" + write("nested.yaml", "metrics_port: {a: b}\n")}, 2, "nested.yaml:1");
  refuses({"--config=" + dir_.file("none.yaml")}, 2, "none.yaml");
}

TEST_F(BadInput, InterfaceThatIsNotThere) {
  refuses({"--attach-interface=left,eth7"}, 1, "'eth7'");
  refuses({}, 1, "'wan0'", {.environment = {{"NETWORK_INTERFACE", "wan0"}}});
}

TEST_F(BadInput, PortOrNamespaceTaken) {
  auto first = Agent::start(*node_);
  ASSERT_TRUE(first) << first.error().message;
  const auto hooks = tc_hooks(*node_);
  EXPECT_EQ(hooks.size(), 4U);
  expect_one_line(refused_agent(*node_, {}), 1, "8081");
  expect_one_line(refused_agent(*node_, {"--metrics-port=8082"}), 1,
                  "process " + std::to_string(first->process().pid()));
  EXPECT_EQ(tc_hooks(*node_), hooks);
  // In another namespace there is room for another one.
  auto other = NetNamespace::create();
  ASSERT_TRUE(other);
  EXPECT_TRUE(Agent::start(*other));
}

TEST_F(BadInput, AddressOfNobody) {
  refuses({"--listen-address=192.0.2.77"}, 1, "192.0.2.77");
  refuses({"--listen-address=localhost.invalid"}, 2, "localhost.invalid");
}

TEST_F(BadInput, WithoutTheRightToLoadPrograms) {
  // All capabilities are gone, as for a container that was not given any.
  const auto end =
      run(node_->inside({"setpriv", "--bounding-set=-all", "--inh-caps=-all", "--ambient-caps=-all",
                         "--reuid=65534", "--regid=65534", "--clear-groups", agent_binary()}),
          kPatience);
  ASSERT_TRUE(end);
  if (end->err.starts_with("setpriv"))
    GTEST_SKIP() << "an unprivileged user cannot reach the binary";
  expect_one_line(end, 1, "CAP_BPF");
  const auto root =
      run(node_->inside({"setpriv", "--bounding-set=-bpf,-sys_admin,-perfmon", agent_binary()}),
          kPatience);
  expect_one_line(root, 1, "CAP_BPF");
  EXPECT_TRUE(tc_hooks(*node_).empty());
}

TEST_F(BadInput, ApiParameters) {
  auto agent = Agent::start(*node_);
  ASSERT_TRUE(agent) << agent.error().message;
  for (const std::string path :
       {"/api/flows?protocol=tpc", "/api/flows?limit=0", "/api/flows?nonsense=1",
        "/api/flows?cursor=x", "/api/flows?verdict=closed,gone",
        "/api/flows?process=", "/api/top?by=colour", "/api/stream?port=99999"}) {
    SCOPED_TRACE(path);
    const auto answer =
        node_->run({"curl", "-s", "-m", "10", "-w", "\n%{http_code} %{content_type}",
                    "http://127.0.0.1:8081" + path});
    ASSERT_TRUE(answer) << answer.error().message;
    EXPECT_TRUE(answer->ends_with("400 application/problem+json")) << *answer;
    const Json problem(answer->substr(0, answer->rfind('\n')));
    EXPECT_EQ(number_of(problem.root(), "status"), 400U);
    const std::string parameter =
        path.substr(path.find('?') + 1, path.find('=') - path.find('?') - 1);
    EXPECT_NE(text_of(problem.root(), "detail").find(parameter), std::string::npos) << *answer;
  }
  const auto wrong = cli(*node_, {"observe", "--once", "--protocol=tpc"});
  expect_one_line(wrong, 2, "tpc");
}

TEST_F(BadInput, CaptureFiles) {
  expect_one_line(cli(*node_, {"replay", dir_.file("none.pcap")}), 1, "none.pcap");
  expect_one_line(cli(*node_, {"replay", write("text.pcap", "this is no capture file at all")}), 1,
                  "text.pcap");
  expect_one_line(cli(*node_, {"replay", write("empty.pcap", "")}), 1, "empty.pcap");
  expect_one_line(cli(*node_, {"replay"}), 2, "FILE");
  // One that ends in the middle of a packet: what was whole is shown.
  auto writer = PcapWriter::create(dir_.file("cut.pcap"));
  ASSERT_TRUE(writer);
  for (int i = 0; i < 3; ++i)
    ASSERT_TRUE(writer->add(Packet().ether().ipv4().udp().payload(40).bytes(), kSecond * (i + 1)));
  ASSERT_TRUE(writer->finish());
  std::filesystem::resize_file(dir_.file("cut.pcap"),
                               std::filesystem::file_size(dir_.file("cut.pcap")) - 10);
  const auto cut = cli(*node_, {"replay", dir_.file("cut.pcap")});
  ASSERT_TRUE(cut);
  EXPECT_NE(cut->exit_code, 0);
  EXPECT_NE(cut->err.find("cut.pcap"), std::string::npos) << cut->err;
  EXPECT_TRUE(tc_hooks(*node_).empty());
}

}  // namespace
}  // namespace netprobe::test
