// SPDX-License-Identifier: Apache-2.0
#include "export/prometheus/workload_rows.h"

#include <gtest/gtest.h>

#include <set>
#include <sstream>
#include <string>

#include "export/prometheus/prometheus_exporter.h"

namespace netprobe {
namespace {

class WorkloadRows : public testing::Test {
 protected:
  WorkloadRows() {
    auto kube = std::make_shared<KubeView>();
    kube->status.state = KubeState::kSynced;
    kube->status.server_version = "v1.30.1";
    kube->status.last_contact = 1'700'000'000 * kSecond + kSecond / 2;
    kube->status.resources = {{.name = "pods",
                               .synced = true,
                               .objects = 12,
                               .lists = 2,
                               .watches = 3,
                               .events = 40,
                               .skipped = 1,
                               .failures = 5}};
    kube->stats = {.addresses = 10,
                   .claims = 11,
                   .bytes = 12'000,
                   .changes = 13,
                   .conflicts = 14,
                   .skipped = 15,
                   .evicted = 16};
    cluster_ = kube;
    snapshot_.kube = kube;
  }
  WorkloadPair& add_pair(WorkloadName src, WorkloadName dst) {
    WorkloadPair& pair = snapshot_.workloads.pairs.emplace_back();
    pair.src = std::move(src);
    pair.dst = std::move(dst);
    pair.direction = "egress";
    return pair;
  }
  void render(TextFormat format = TextFormat::kPrometheus) {
    page_ = PrometheusExporter({}).render(snapshot_, format);
    lines_.clear();
    std::istringstream in(page_);
    for (std::string line; std::getline(in, line);) {
      EXPECT_TRUE(line.starts_with('#') || !lines_.contains(line)) << line << " comes twice";
      lines_.insert(line);
    }
  }
  void expect(const std::string& line) { EXPECT_TRUE(lines_.contains(line)) << line; }

  std::shared_ptr<KubeView> cluster_;
  Snapshot snapshot_;
  std::string page_;
  std::set<std::string> lines_;
};

const std::string kWebToWorld =
    R"(src_namespace="shop",src_kind="Deployment",src_workload="web",dst_namespace="",)"
    R"(dst_kind="External",dst_workload="world",direction="egress")";

TEST_F(WorkloadRows, TellWhatAPairCounted) {
  WorkloadPair& pair = add_pair({"shop", "Deployment", "web"}, {"", "External", "world"});
  pair.flows = 4;
  pair.connections = 3;
  pair.forward = {10, 1'000};
  pair.reverse = {20, 9'000};
  pair.client_trouble.retransmits = 2;
  pair.server_trouble.zero_windows = 6;
  pair.handshake.counts.assign(kLatencyBounds.size() + 1, 0);
  pair.handshake.counts[0] = 1;  // up to 50 us
  pair.handshake.counts[5] = 1;  // up to 2.5 ms
  pair.handshake.counts.back() = 1;
  pair.handshake.sum = 12 * kSecond;
  pair.dropped = 7;
  snapshot_.workloads.folded = 8;
  snapshot_.workloads.kinds.unnamed_ends = 9;
  snapshot_.table.growth_twice = 1;
  snapshot_.table.growth_over = {2, 200};
  render();
  const auto series = [](const std::string& name, const std::string& more, int value) {
    return "netprobe_workload_" + name + "{" + kWebToWorld + more + "} " + std::to_string(value);
  };
  const std::string forward = R"(,way="forward")";
  const std::string reverse = R"(,way="reverse")";
  expect(series("flows_total", "", 4));
  expect(series("connections_total", "", 3));
  expect(series("packets_total", forward, 10));
  expect(series("packets_total", reverse, 20));
  expect(series("bytes_total", forward, 1'000));
  expect(series("bytes_total", reverse, 9'000));
  expect(series("tcp_retransmits_total", forward, 2));
  expect(series("tcp_retransmits_total", reverse, 0));
  expect(series("tcp_resets_total", forward, 0));
  expect(series("tcp_zero_windows_total", reverse, 6));
  EXPECT_FALSE(page_.contains("tcp_out_of_order_total{src")) << "there were none";
  expect(series("tcp_handshake_seconds_bucket", R"(,le="5e-04")", 1));
  expect(series("tcp_handshake_seconds_bucket", R"(,le="0.001")", 1));
  expect(series("tcp_handshake_seconds_bucket", R"(,le="0.005")", 2));
  expect(series("tcp_handshake_seconds_bucket", R"(,le="5.0")", 2));
  expect(series("tcp_handshake_seconds_bucket", R"(,le="+Inf")", 3));
  expect(series("tcp_handshake_seconds_sum", "", 12));
  expect(series("tcp_handshake_seconds_count", "", 3));
  expect(series("drops_total", "", 7));
  expect("netprobe_workload_flows_folded_total 8");
  expect("netprobe_workload_unnamed_ends_total 9");
  expect("netprobe_workload_flows_twice_total 1");
  expect("netprobe_workload_excess_packets_total 2");
  std::size_t buckets = 0;
  for (const auto& line : lines_) buckets += line.contains("handshake_seconds_bucket{src") ? 1 : 0;
  EXPECT_EQ(buckets, 9U);
}

TEST_F(WorkloadRows, OfWhatIsNoTcpHaveNoSeriesOfIt) {
  add_pair({"shop", "Deployment", "web"}, {"", "External", "world"}).flows = 1;
  render();
  expect("netprobe_workload_flows_total{" + kWebToWorld + "} 1");
  EXPECT_FALSE(page_.contains("netprobe_workload_tcp_resets_total{"));
  EXPECT_FALSE(page_.contains("netprobe_workload_drops_total{"));
  EXPECT_FALSE(page_.contains("netprobe_workload_tcp_handshake_seconds_count{"));
}

TEST_F(WorkloadRows, TellOfFlowsByWorkload) {
  snapshot_.workloads.workloads = {{{"shop", "Deployment", "web"}, 5, 0, 2, 3},
                                   {{"data", "Service", "sql"}, 0, 6, 0, 0},
                                   {{}, 0, 0, 1, 0}};
  render();
  expect(
      R"(netprobe_k8s_pod_flows_total{namespace="shop",workload_kind="Deployment",workload="web"} 5)");
  expect(
      R"(netprobe_k8s_intra_node_flows_total{namespace="shop",workload_kind="Deployment",workload="web"} 2)");
  expect(
      R"(netprobe_k8s_inter_node_flows_total{namespace="shop",workload_kind="Deployment",workload="web"} 3)");
  expect(
      R"(netprobe_k8s_service_flows_total{namespace="data",workload_kind="Service",workload="sql"} 6)");
  expect(
      R"(netprobe_k8s_intra_node_flows_total{namespace="",workload_kind="",workload="unknown"} 1)");
  EXPECT_FALSE(page_.contains(R"(netprobe_k8s_pod_flows_total{namespace="data")"));
}

TEST_F(WorkloadRows, KeepThePageValidWhateverWorkloadsAreCalled) {
  add_pair({"a\"b", "K\\", "l1\nl2\xff"}, {"", "", ""}).flows = 1;
  add_pair({"ns", "Deployment", "unknown"}, {"", "", "d\xc3\xa9p\xe6\x97\xa5"}).flows = 2;
  for (const auto format : {TextFormat::kPrometheus, TextFormat::kOpenMetrics}) {
    render(format);
    expect(
        "netprobe_workload_flows_total{src_namespace=\"a\\\"b\",src_kind=\"K\\\\\",src_workload="
        "\"l1\\nl2\xef\xbf\xbd\",dst_namespace=\"\",dst_kind=\"\",dst_workload=\"unknown\","
        "direction=\"egress\"} 1");
    expect(
        "netprobe_workload_flows_total{src_namespace=\"ns\",src_kind=\"Deployment\","
        "src_workload=\"unknown\",dst_namespace=\"\",dst_kind=\"\",dst_workload=\"d\xc3\xa9p"
        "\xe6\x97\xa5\",direction=\"egress\"} 2");
  }
}

TEST_F(WorkloadRows, TellOfTheApiAndTheIndex) {
  cluster_->status.resources.push_back({.name = "pods"});  // no series twice
  render();
  expect(R"(netprobe_kube_info{state="synced",server_version="v1.30.1"} 1)");
  expect("netprobe_kube_up 1");
  expect("netprobe_kube_last_contact_timestamp_seconds 1700000000.5");
  expect(R"(netprobe_kube_objects{resource="pods"} 12)");
  expect(R"(netprobe_kube_lists_total{resource="pods"} 2)");
  expect(R"(netprobe_kube_watches_total{resource="pods"} 3)");
  expect(R"(netprobe_kube_watch_events_total{resource="pods"} 40)");
  expect(R"(netprobe_kube_skipped_objects_total{resource="pods"} 1)");
  expect(R"(netprobe_kube_request_failures_total{resource="pods"} 5)");
  expect("netprobe_identity_addresses 10");
  expect("netprobe_identity_claims 11");
  expect("netprobe_identity_bytes 12000");
  expect("netprobe_identity_changes_total 13");
  expect("netprobe_identity_conflicts_total 14");
  expect("netprobe_identity_skipped_total 15");
  expect("netprobe_identity_evicted_total 16");
}

TEST_F(WorkloadRows, AServerThatDoesNotAnswerIsDown) {
  cluster_->status.state = KubeState::kRetrying;
  cluster_->status.last_contact = 0;
  render();
  expect("netprobe_kube_up 0");
  expect(R"(netprobe_kube_info{state="retrying",server_version="v1.30.1"} 1)");
  EXPECT_FALSE(page_.contains("\nnetprobe_kube_last_contact_timestamp_seconds "));
}

TEST_F(WorkloadRows, AreNotThereWithoutKubernetes) {
  cluster_->status.state = KubeState::kOff;
  add_pair({"shop", "Deployment", "web"}, {"", "External", "world"}).flows = 1;
  render();
  for (const auto* name :
       {"netprobe_workload", "netprobe_k8s", "netprobe_kube", "netprobe_identity"})
    EXPECT_FALSE(page_.contains(name)) << name;
}

}  // namespace
}  // namespace netprobe
