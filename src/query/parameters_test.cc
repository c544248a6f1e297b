// SPDX-License-Identifier: Apache-2.0
#include "query/parameters.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>
#include <memory>
#include <random>
#include <string>
#include <vector>

#include "model/flow_filter.h"
#include "model/identity.h"
#include "query/evaluate.h"

namespace netprobe {
namespace {

using ::testing::Contains;
using ::testing::HasSubstr;

constexpr Nanos kNow = 1'767'225'600LL * kSecond;

IdentityPtr identity(IdentityKind kind, const char* name_space, const char* name,
                     const char* workload_kind, const char* workload, const char* node) {
  auto made = std::make_shared<Identity>();
  made->kind = kind;
  made->name_space = name_space;
  made->name = name;
  made->workload_kind = workload_kind;
  made->workload = workload;
  made->node = node;
  if (*node != '\0') made->zone = std::string("zone-") + node;
  if (kind == IdentityKind::kPod) made->labels = {{"app", workload}, {"tier", name_space}};
  return made;
}

ProcessPtr process(std::uint32_t pid, const char* command) {
  auto made = std::make_shared<ProcessRef>();
  made->pid = pid;
  made->comm = command;
  return made;
}

/// Flows of everything that filters tell apart, each made by chance.
class Flows {
 public:
  explicit Flows(unsigned seed) : random_(seed) {}

  Flow flow() {
    static const std::vector<IdentityPtr> kEnds{
        nullptr,
        identity(IdentityKind::kPod, "shop", "web-1", "Deployment", "web", "n1"),
        identity(IdentityKind::kPod, "shop", "web-2", "Deployment", "web", "n2"),
        identity(IdentityKind::kPod, "data", "db-0", "StatefulSet", "db", "n2"),
        identity(IdentityKind::kPod, "data", "web", "Rollout", "web", "n1"),
        identity(IdentityKind::kService, "shop", "web", "Service", "web", ""),
        identity(IdentityKind::kNode, "", "n1", "", "", ""),
        identity(IdentityKind::kExternal, "", "office", "", "", "")};
    static const std::vector<IdentityPtr> kServices{
        nullptr, nullptr, identity(IdentityKind::kService, "shop", "web", "Service", "web", ""),
        identity(IdentityKind::kService, "infra", "dns", "Service", "dns", "")};
    static const std::vector<ProcessPtr> kProcesses{nullptr, process(80, "curl"),
                                                    process(4321, "nginx"), process(7, "4321")};
    static constexpr std::array<std::string_view, 4> kDirections{"intra-node", "inter-node",
                                                                 "ingress", "egress"};
    static constexpr std::array<std::string_view, 4> kVerdicts{"", "closed", "refused", "reset"};
    static const std::vector<std::string> kInterfaces{"eth0", "veth12", "flannel.1"};
    Flow flow;
    flow.tuple = tuple();
    flow.nat = below(3) == 0;
    if (flow.nat) flow.translated = tuple();
    // A translated port is known.
    if (flow.nat && flow.translated.src_port == 0) flow.translated.src_port = 7;
    if (flow.nat && flow.translated.dst_port == 0) flow.translated.dst_port = 7;
    flow.src_identity = one_of(kEnds);
    flow.dst_identity = one_of(kEnds);
    flow.service = one_of(kServices);
    flow.client_process = one_of(kProcesses);
    flow.server_process = one_of(kProcesses);
    flow.direction = one_of(kDirections);
    flow.verdict = one_of(kVerdicts);
    flow.vni = static_cast<std::uint32_t>(below(3));
    flow.first_seen = flow.last_seen = kNow;
    flow.observations.push_back({.interface = one_of(kInterfaces)});
    return flow;
  }

 private:
  std::size_t below(std::size_t n) {
    return std::uniform_int_distribution<std::size_t>(0, n - 1)(random_);
  }
  template <typename List>
  typename List::value_type one_of(const List& list) {
    return list[below(list.size())];
  }
  FlowTuple tuple() {
    static const std::vector<IpAddress> kAddresses{
        *IpAddress::parse("10.1.0.1"), *IpAddress::parse("10.2.0.1"), *IpAddress::parse("fd00::1"),
        *IpAddress::parse("192.0.2.1")};
    static constexpr std::array<std::uint16_t, 4> kPorts{0, 53, 80, 40'000};
    static constexpr std::array<std::uint8_t, 3> kProtocols{kProtoTcp, kProtoUdp, kProtoIcmp6};
    return {one_of(kAddresses), one_of(kAddresses), one_of(kPorts), one_of(kPorts),
            one_of(kProtocols)};
  }

  std::mt19937 random_;
};

// Nodes and networks are their own workload in history: "workload" of these is not here.
const std::vector<QueryParameter>& parameters() {
  static const std::vector<QueryParameter> kAll{{"ip", "10.1.0.1"},
                                                {"ip", "10.0.0.0/8"},
                                                {"src_ip", "fd00::/8"},
                                                {"dst_ip", "192.0.2.1"},
                                                {"dst-ip", "10.2.0.0/16"},
                                                {"port", "80"},
                                                {"port", "0"},
                                                {"src_port", "53"},
                                                {"dst_port", "40000"},
                                                {"protocol", "tcp"},
                                                {"protocol", "58"},
                                                {"interface", "eth0"},
                                                {"interface", "veth*"},
                                                {"interface", "eth[0-3]"},
                                                {"direction", "ingress"},
                                                {"direction", "pod-to-pod"},
                                                {"direction", "service"},
                                                {"direction", "external"},
                                                {"vni", "0"},
                                                {"vni", "2"},
                                                {"verdict", "closed"},
                                                {"verdict", "closed,reset"},
                                                {"process", "80"},
                                                {"process", "curl"},
                                                {"process", "ng*"},
                                                {"process", "4321"},
                                                {"pod", "web-1"},
                                                {"pod", "shop/web-*"},
                                                {"pod", "*/web"},
                                                {"pod", "none"},
                                                {"src_pod", "data/db-?"},
                                                {"dst_pod", "*"},
                                                {"namespace", "shop"},
                                                {"namespace", "infra"},
                                                {"src_namespace", "data"},
                                                {"dst_namespace", "*"},
                                                {"workload", "db"},
                                                {"workload", "deployment/web"},
                                                {"workload", "ROLLOUT/w*"},
                                                {"workload", "*set/db"},
                                                {"src_workload", "we?"},
                                                {"dst_workload", "StatefulSet/*"},
                                                {"label", "app"},
                                                {"label", "app=web"},
                                                {"label", "tier=d*"},
                                                {"src_label", "app=db"},
                                                {"dst_label", "missing"},
                                                {"service", "web"},
                                                {"service", "shop/web"},
                                                {"service", "*"},
                                                {"service", "infra/d*"},
                                                {"node", "n1"},
                                                {"node", "n0"},
                                                {"node", "n*"},
                                                {"src_node", "n2"},
                                                {"dst_node", "n1"},
                                                {"zone", "zone-n1"},
                                                {"src_zone", "*n2"},
                                                {"dst_zone", "zone-n?"}};
  return kAll;
}

void expect_like_filter(const std::vector<QueryParameter>& given, const std::vector<Flow>& flows) {
  FlowFilter filter;
  std::string shown;
  for (const auto& [name, value] : given) {
    ASSERT_TRUE(filter.add(name, value)) << name << "=" << value;
    shown += std::string(name) + "=" + std::string(value) + " ";
  }
  const auto query = query_of_parameters(given, RecordKind::kFlow, kNow);
  ASSERT_TRUE(query) << shown << query.error().message;
  // As text as well: that is what users are shown.
  const auto again = parse_query(canonical(*query), kNow);
  ASSERT_TRUE(again) << canonical(*query);
  const RecordMatcher matcher(*again);
  for (const auto& flow : flows)
    ASSERT_EQ(matcher.matches(flow, "n0"), filter.matches(flow, "n0")) << shown << "\n"
                                                                       << canonical(*query);
}

TEST(QueryParameters, SayWhatFlowFilterSays) {
  Flows made(5);
  std::vector<Flow> flows;
  for (int i = 0; i < 2'000; ++i) flows.push_back(made.flow());
  for (const auto& each : parameters()) expect_like_filter({each}, flows);
  std::mt19937 random(6);
  std::uniform_int_distribution<std::size_t> which(0, parameters().size() - 1);
  for (int i = 0; i < 300; ++i) {
    const std::vector<QueryParameter> given{parameters()[which(random)],
                                            parameters()[which(random)]};
    // Of two verdicts FlowFilter takes the last; its callers refuse the second.
    if (given[0].name == given[1].name &&
        (given[0].name == "verdict" || given[0].name == "vni" || given[0].name == "protocol"))
      continue;
    expect_like_filter(given, flows);
  }
}

TEST(QueryParameters, AreEachOfFlowFilter) {
  for (const auto key : FlowFilter::keys()) EXPECT_TRUE(is_query_parameter(key)) << key;
  EXPECT_TRUE(is_query_parameter("src-namespace"));
  EXPECT_FALSE(is_query_parameter("cursor"));
}

std::string message_of(std::vector<QueryParameter> given, RecordKind kind = RecordKind::kFlow) {
  const auto query = query_of_parameters(given, kind, kNow);
  return query ? canonical(*query) : query.error().name + ": " + query.error().message;
}

TEST(QueryParameters, AreWrittenInTheLanguage) {
  EXPECT_EQ(message_of({}), "flows");
  EXPECT_EQ(
      message_of({{"ip", "10.0.0.1"}, {"namespace", "shop"}, {"since", "15m"}, {"limit", "5"}}),
      "flows ip=10.0.0.1 and namespace=shop | since 2025-12-31T23:45:00Z | limit 5");
  EXPECT_EQ(message_of({{"src_ip", "10.0.0.1"}}),
            "flows src.ip=10.0.0.1 or translated.src.ip=10.0.0.1");
  EXPECT_EQ(message_of({{"src_ip", "10.0.0.1"}}, RecordKind::kDrop), "drops src.ip=10.0.0.1");
  EXPECT_EQ(message_of({{"since", "60"}, {"until", "2025-12-31T23:59:30Z"}}),
            "flows | since 2025-12-31T23:59:00Z | until 2025-12-31T23:59:30Z");
}

TEST(QueryParameters, BadOnesAreNamed) {
  EXPECT_EQ(message_of({{"port", "http"}}),
            "port: 'port' takes a number from 0 to 65535, not 'http'");
  EXPECT_EQ(message_of({{"color", "red"}}), "color: there is no parameter 'color'");
  EXPECT_EQ(message_of({{"vni", "1"}}, RecordKind::kDrop),
            "vni: 'vni' is not a parameter of drops: they do not have it");
  EXPECT_EQ(message_of({{"label", "app="}}), "label: 'label' takes KEY or KEY=VALUE");
  EXPECT_THAT(message_of({{"pod", ""}}), HasSubstr("it is empty"));
  EXPECT_THAT(message_of({{"ip", "none"}}), HasSubstr("not 'none'"));
  EXPECT_THAT(message_of({{"pod", "a\xff"}}), HasSubstr("UTF-8"));
  EXPECT_THAT(message_of({{"since", "noon"}}), HasSubstr("'noon'"));
  EXPECT_THAT(message_of({{"since", "1h"}, {"since", "2h"}}), HasSubstr("more than once"));
  EXPECT_THAT(message_of({{"since", "1h"}, {"until", "2h"}}), HasSubstr("not before"));
  EXPECT_THAT(message_of({{"limit", "0"}}), HasSubstr("from 1 to"));
  EXPECT_THAT(message_of({{"pod", std::string_view("**************************")}}),
              HasSubstr("more than 16"));
  const auto direction = query_of_parameters(std::vector<QueryParameter>{{"direction", "up"}},
                                             RecordKind::kFlow, kNow);
  ASSERT_FALSE(direction);
  EXPECT_THAT(direction.error().allowed, Contains("pod-to-pod"));
  const std::string many(kMaxQueryBytes, 'a');
  EXPECT_THAT(message_of({{"pod", many}}), HasSubstr("longer than"));
  EXPECT_THAT(message_of(std::vector<QueryParameter>(1'000, {"ip", "::1"})),
              HasSubstr("more than 512"));
}

}  // namespace
}  // namespace netprobe
