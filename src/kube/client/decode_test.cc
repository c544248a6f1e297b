// SPDX-License-Identifier: Apache-2.0
#include "kube/client/decode.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/duration.h"

namespace netprobe::kube {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::Pair;
using ::testing::SizeIs;

template <typename Pointer>
Pointer decode(ResourceKind kind, const std::string& json, DecodeCounts* counts = nullptr) {
  DecodeCounts own;
  simdjson::dom::parser parser;
  const JsonElement root = parser.parse(json);
  auto decoded = decode_object(kind, root, counts == nullptr ? own : *counts);
  return decoded ? std::get<Pointer>(decoded->object) : nullptr;
}

Nanos at(const char* time) { return *parse_time(time, 0); }
IpAddress ip(const char* text) { return *IpAddress::parse(text); }

TEST(Decode, Pod) {
  const auto pod = decode<KubePodPtr>(ResourceKind::kPod, R"({
    "metadata": {"name": "web-0", "namespace": "shop", "uid": "u1", "resourceVersion": "12",
      "creationTimestamp": "2026-01-02T03:04:05Z", "deletionTimestamp": "2026-01-02T04:00:00Z",
      "labels": {"b": "2", "a": "\"\n\u00e9"},
      "ownerReferences": [{"kind": "X", "name": "x", "uid": "ux"},
        {"kind": "ReplicaSet", "name": "web-77", "uid": "u2", "controller": true}]},
    "spec": {"nodeName": "n1", "hostNetwork": true,
      "containers": [{"name": "c", "ports": [
        {"name": "http", "containerPort": 80, "hostPort": 8080},
        {"containerPort": 53, "protocol": "UDP"}, {"containerPort": 99999}]}]},
    "status": {"phase": "Running", "startTime": "2026-01-02T03:04:06Z", "podIP": "10.0.0.1",
      "podIPs": [{"ip": "10.0.0.1"}, {"ip": "fd00::1"}, {"ip": "10.0.0.1"}],
      "conditions": [{"type": "PodReadyToStartContainers", "status": "True",
                      "lastTransitionTime": "2026-01-02T03:04:07Z"}],
      "containerStatuses": [
        {"name": "c", "containerID": "containerd://abc", "state": {"running": {"startedAt": "2026-01-02T03:04:08Z"}}},
        {"name": "d", "state": {"waiting": {"reason": "CrashLoopBackOff"}}, "lastState": {"terminated":
          {"containerID": "cri-o://def", "startedAt": "2026-01-02T03:04:09Z", "finishedAt": "2026-01-02T03:04:10Z"}}}]}})");
  ASSERT_TRUE(pod);
  EXPECT_EQ(pod->meta.name, "web-0");
  EXPECT_EQ(pod->meta.name_space, "shop");
  EXPECT_EQ(pod->meta.uid, "u1");
  EXPECT_EQ(pod->meta.created, at("2026-01-02T03:04:05Z"));
  EXPECT_EQ(pod->meta.deletion, at("2026-01-02T04:00:00Z"));
  EXPECT_THAT(pod->labels, ElementsAre(Pair("a", "\"\n\u00e9"), Pair("b", "2")));
  ASSERT_TRUE(pod->controller);
  EXPECT_EQ(pod->controller->name, "web-77");
  EXPECT_EQ(pod->node, "n1");
  EXPECT_TRUE(pod->host_network);
  EXPECT_EQ(pod->phase, "Running");
  EXPECT_THAT(pod->ips, ElementsAre(ip("10.0.0.1"), ip("fd00::1")));
  EXPECT_EQ(pod->started, at("2026-01-02T03:04:06Z"));
  EXPECT_EQ(pod->network_ready, at("2026-01-02T03:04:07Z"));
  ASSERT_THAT(pod->containers, SizeIs(2));
  EXPECT_EQ(pod->containers[0].id, "abc");
  EXPECT_EQ(pod->containers[0].started, at("2026-01-02T03:04:08Z"));
  EXPECT_EQ(pod->containers[0].finished, 0);
  EXPECT_EQ(pod->containers[1].id, "def");
  EXPECT_EQ(pod->containers[1].finished, at("2026-01-02T03:04:10Z"));
  ASSERT_THAT(pod->ports, SizeIs(3));
  EXPECT_EQ(pod->ports[0].port, 80);
  EXPECT_EQ(pod->ports[1].port, 8080);
  EXPECT_EQ(pod->ports[2].protocol, 17);
}

TEST(Decode, Service) {
  const auto service = decode<KubeServicePtr>(ResourceKind::kService, R"({
    "metadata": {"name": "web", "namespace": "shop"},
    "spec": {"type": "LoadBalancer", "clusterIP": "10.96.0.9", "clusterIPs": ["10.96.0.9", "fd00:96::9"],
      "externalIPs": ["192.0.2.1", "nonsense"], "selector": {"app": "web"},
      "ports": [{"name": "http", "port": 80, "nodePort": 30080}, {"port": 5, "protocol": "SCTP"}]},
    "status": {"loadBalancer": {"ingress": [{"ip": "198.51.100.7"}, {"hostname": "lb.example"}]}}})");
  ASSERT_TRUE(service);
  EXPECT_THAT(service->cluster_ips, ElementsAre(ip("10.96.0.9"), ip("fd00:96::9")));
  EXPECT_THAT(service->external_ips, ElementsAre(ip("192.0.2.1")));
  EXPECT_THAT(service->load_balancer_ips, ElementsAre(ip("198.51.100.7")));
  EXPECT_THAT(service->selector, ElementsAre(Pair("app", "web")));
  ASSERT_THAT(service->ports, SizeIs(2));
  EXPECT_EQ(service->ports[0].node_port, 30080);
  EXPECT_EQ(service->ports[1].protocol, 132);
  EXPECT_FALSE(service->headless);

  const auto headless = decode<KubeServicePtr>(ResourceKind::kService, R"({
    "metadata": {"name": "db", "namespace": "shop"},
    "spec": {"clusterIP": "None", "clusterIPs": ["None"]}})");
  ASSERT_TRUE(headless);
  EXPECT_TRUE(headless->headless);
  EXPECT_THAT(headless->cluster_ips, IsEmpty());
}

TEST(Decode, EndpointSlicesOfBothVersions) {
  const auto v1 = decode<KubeEndpointSlicePtr>(ResourceKind::kEndpointSlice, R"({
    "metadata": {"name": "web-x", "namespace": "shop", "labels": {"kubernetes.io/service-name": "web"}},
    "addressType": "IPv6", "ports": [{"name": "http", "port": 8080}],
    "endpoints": [{"addresses": ["fd00::5"], "conditions": {"ready": false}, "nodeName": "n1",
      "targetRef": {"kind": "Pod", "name": "web-0", "namespace": "shop", "uid": "u1"}}]})");
  ASSERT_TRUE(v1);
  EXPECT_EQ(v1->service, "web");
  ASSERT_THAT(v1->endpoints, SizeIs(1));
  EXPECT_THAT(v1->endpoints[0].addresses, ElementsAre(ip("fd00::5")));
  EXPECT_FALSE(v1->endpoints[0].ready);
  EXPECT_EQ(v1->endpoints[0].node, "n1");
  EXPECT_EQ(v1->endpoints[0].pod_uid, "u1");

  const auto beta = decode<KubeEndpointSlicePtr>(ResourceKind::kEndpointSlice, R"({
    "metadata": {"name": "web-y", "namespace": "shop"}, "addressType": "IPv4",
    "endpoints": [{"addresses": ["10.0.0.5"], "conditions": {},
      "topology": {"kubernetes.io/hostname": "n2"}}]})");
  ASSERT_TRUE(beta);
  EXPECT_TRUE(beta->endpoints[0].ready);
  EXPECT_EQ(beta->endpoints[0].node, "n2");

  DecodeCounts counts;
  const auto names = decode<KubeEndpointSlicePtr>(ResourceKind::kEndpointSlice, R"({
    "metadata": {"name": "f", "namespace": "shop"}, "addressType": "FQDN",
    "endpoints": [{"addresses": ["host.example"]}]})",
                                                  &counts);
  ASSERT_TRUE(names);
  EXPECT_THAT(names->endpoints, IsEmpty());
  EXPECT_EQ(counts.addresses, 0U);
}

TEST(Decode, NodeKeepsOfAnnotationsOnlyFlannels) {
  const auto node = decode<KubeNodePtr>(ResourceKind::kNode, R"({
    "metadata": {"name": "n1", "labels": {"topology.kubernetes.io/zone": "a"}, "annotations": {
      "flannel.alpha.coreos.com/backend-type": "vxlan", "other": ")" +
                                                                 std::string(1 << 20, 'x') + R"("}},
    "spec": {"podCIDR": "10.244.1.0/24", "podCIDRs": ["10.244.1.0/24", "fd00:1::/64", "10.0.0.0/99"]},
    "status": {"addresses": [{"type": "InternalIP", "address": "192.0.2.5"},
        {"type": "Hostname", "address": "n1"}, {"type": "ExternalIP", "address": "2001:db8::5"}],
      "conditions": [{"type": "Ready", "status": "True"}],
      "nodeInfo": {"kernelVersion": "6.1", "kubeletVersion": "v1.20.2"}}})");
  ASSERT_TRUE(node);
  EXPECT_THAT(node->annotations,
              ElementsAre(Pair("flannel.alpha.coreos.com/backend-type", "vxlan")));
  EXPECT_THAT(node->internal_ips, ElementsAre(ip("192.0.2.5")));
  EXPECT_THAT(node->external_ips, ElementsAre(ip("2001:db8::5")));
  ASSERT_THAT(node->pod_cidrs, SizeIs(2));
  EXPECT_EQ(node->pod_cidrs[1].to_string(), "fd00:1::/64");
  EXPECT_TRUE(node->ready);
  EXPECT_EQ(node->kernel_version, "6.1");
}

TEST(Decode, ControllersNamespacesAndPolicies) {
  const auto set = decode<KubeControllerPtr>(ResourceKind::kReplicaSet, R"({"metadata": {
    "name": "web-77", "namespace": "shop", "ownerReferences": [
      {"kind": "Deployment", "name": "web", "uid": "u9", "controller": true}]}})");
  ASSERT_TRUE(set);
  EXPECT_EQ(set->kind, "ReplicaSet");
  EXPECT_EQ(set->controller->name, "web");
  EXPECT_EQ(decode<KubeControllerPtr>(ResourceKind::kJob,
                                      R"({"metadata": {"name": "j", "namespace": "shop"}})")
                ->kind,
            "Job");
  EXPECT_THAT(decode<KubeNamespacePtr>(ResourceKind::kNamespace,
                                       R"({"metadata": {"name": "shop", "labels": {"a": "b"}}})")
                  ->labels,
              ElementsAre(Pair("a", "b")));
  const auto policy = decode<KubeNetworkPolicyPtr>(ResourceKind::kNetworkPolicy, R"({
    "metadata": {"name": "p", "namespace": "shop"}, "spec": {"podSelector": {"matchLabels": {"a": "b"},
      "matchExpressions": [{"key": "k"}]}, "policyTypes": ["Egress"]}})");
  EXPECT_TRUE(policy->egress && !policy->ingress && policy->has_expressions);
  const auto defaults = decode<KubeNetworkPolicyPtr>(ResourceKind::kNetworkPolicy, R"({
    "metadata": {"name": "p", "namespace": "shop"}, "spec": {"podSelector": {}}})");
  EXPECT_TRUE(defaults->ingress && !defaults->egress);
}

TEST(Decode, HostileObjectsAreCounted) {
  DecodeCounts counts;
  for (const auto* json : {"{}", "[]", "7", R"({"metadata": 5})", R"({"metadata": {"name": 5}})",
                           R"({"metadata": {"name": ""}})", R"({"metadata": {"name": "x"}})"})
    EXPECT_FALSE(decode<KubePodPtr>(ResourceKind::kPod, json, &counts)) << json;
  EXPECT_EQ(counts.objects, 7U);
  const auto pod = decode<KubePodPtr>(ResourceKind::kPod, R"({
    "metadata": {"name": "p", "namespace": "n", "creationTimestamp": "15m", "labels": [1],
      "ownerReferences": {"a": 1}},
    "spec": {"nodeName": 5, "containers": {"a": 1}}, "status": {"podIPs": [
      {"ip": "10.0.0.300"}, {"ip": "0.0.0.0"}, {"ip": "10.0.0.2"}, 5, {"ip": "fe80::1%eth0"}],
      "startTime": "yesterday", "containerStatuses": [1, {}]}})",
                                      &counts);
  ASSERT_TRUE(pod);
  EXPECT_THAT(pod->ips, ElementsAre(ip("10.0.0.2")));
  EXPECT_EQ(counts.addresses, 3U);
  EXPECT_EQ(pod->meta.created, 0);
  EXPECT_EQ(pod->started, 0);
}

TEST(Decode, AddressesWithoutEndAreCounted) {
  std::string list;
  for (int i = 0; i < 1'000; ++i)
    list += (i == 0 ? "\"" : ",\"") +
            IpAddress::v4(0x0a000001U + static_cast<unsigned>(i)).to_string() + "\"";
  DecodeCounts counts;
  const auto service = decode<KubeServicePtr>(
      ResourceKind::kService,
      R"({"metadata": {"name": "s", "namespace": "n"}, "spec": {"externalIPs": [)" + list + "]}}",
      &counts);
  ASSERT_TRUE(service);
  EXPECT_EQ(service->external_ips.size(), kMostAddresses);
  EXPECT_EQ(counts.addresses, 1'000 - kMostAddresses);
}

TEST(Decode, VersionsAreNumbersThatDiffer) {
  EXPECT_EQ(version_number("42"), 42U);
  EXPECT_EQ(version_number(""), 0U);
  EXPECT_NE(version_number("4a"), version_number("4b"));
}

TEST(Decode, StatusIsNotMistakenForAnObject) {
  const auto status =
      parse_status(R"({"kind": "Status", "code": 403, "reason": "Forbidden", "message": "no"})");
  ASSERT_TRUE(status);
  EXPECT_EQ(status->code, 403);
  EXPECT_FALSE(parse_status(R"({"kind": "PodList"})"));
  EXPECT_FALSE(parse_status("<html>"));
  EXPECT_FALSE(parse_status("[]"));
}

}  // namespace
}  // namespace netprobe::kube
