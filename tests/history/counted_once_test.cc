// SPDX-License-Identifier: Apache-2.0
// Made-up clusters: flows of every kind are recorded by the agents of all nodes that
// they pass, and each must be counted by one of those that answer.
#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <random>
#include <set>

#include "query/distribute.h"
#include "query/evaluate.h"

namespace netprobe {
namespace {

IdentityPtr made(IdentityKind kind, const std::string& name, const std::string& node) {
  auto identity = std::make_shared<Identity>();
  identity->kind = kind;
  identity->name = name;
  identity->node = node;
  return identity;
}
IdentityPtr pod(const std::string& node) { return made(IdentityKind::kPod, "pod-" + node, node); }
IdentityPtr host(const std::string& node) { return made(IdentityKind::kNode, node, node); }
IdentityPtr outside() { return made(IdentityKind::kExternal, "internet", ""); }

/// What one node's agent has of a flow.
struct Seen {
  std::string node;
  FlowRecord record;
};
struct MadeFlow {
  const char* what;
  std::vector<Seen> seen;
};

FlowRecord record(std::uint64_t flow, IdentityPtr src, IdentityPtr dst, IdentityPtr service = {}) {
  FlowRecord record;
  record.flow_id = flow;  // here: the same at all nodes
  record.src = std::move(src);
  record.dst = std::move(dst);
  record.service = std::move(service);
  return record;
}

class Cluster {
 public:
  explicit Cluster(std::uint32_t seed) : random_(seed) {
    const std::size_t count = 2 + random_() % 6;
    for (std::size_t i = 0; i < count; ++i) nodes_.push_back("node " + std::to_string(i));
    for (std::uint64_t i = 1; i <= 200; ++i) add(i);
    for (const auto& node : nodes_)
      if (random_() % 4 == 0) silent_.push_back(node);
  }
  const std::vector<MadeFlow>& flows() const { return flows_; }
  const std::vector<std::string>& silent() const { return silent_; }
  bool answers(const std::string& node) const {
    return std::ranges::find(silent_, node) == silent_.end();
  }

 private:
  std::string any() { return nodes_[random_() % nodes_.size()]; }
  std::string other_than(const std::string& a) {
    for (;;)
      if (auto node = any(); node != a) return node;
  }

  void add(std::uint64_t id) {
    const std::string a = any();
    const std::string b = other_than(a);
    const auto service = made(IdentityKind::kService, "api", "");
    switch (random_() % 9) {
      case 0:
        flows_.push_back({"within a node", {{a, record(id, pod(a), pod(a))}}});
        break;
      case 1:
        flows_.push_back(
            {"between nodes", {{a, record(id, pod(a), pod(b))}, {b, record(id, pod(a), pod(b))}}});
        break;
      case 2:
        flows_.push_back({"out of the cluster", {{a, record(id, pod(a), outside())}}});
        break;
      case 3:
        flows_.push_back({"into the cluster", {{a, record(id, outside(), pod(a))}}});
        break;
      case 4:
        flows_.push_back(
            {"to a service's backend elsewhere",
             {{a, record(id, pod(a), pod(b), service)}, {b, record(id, pod(a), pod(b))}}});
        break;
      case 5: {
        // From outside to a port of node a, which hands it on to node b as its own.
        flows_.push_back(
            {"NodePort",
             {{a, record(id, outside(), pod(b), service)}, {b, record(id, host(a), pod(b))}}});
        break;
      }
      case 6: {
        MadeFlow flow{"through a third node",
                      {{a, record(id, pod(a), pod(b))}, {b, record(id, pod(a), pod(b))}}};
        if (nodes_.size() > 2) {
          std::string c = other_than(a);
          while (c == b) c = other_than(a);
          flow.seen.push_back({c, record(id, pod(a), pod(b))});
        }
        flows_.push_back(std::move(flow));
        break;
      }
      case 7:
        flows_.push_back({"of a node, seen by dst alone", {{b, record(id, outside(), host(b))}}});
        break;
      default:
        flows_.push_back(
            {"between strangers, through a node", {{a, record(id, outside(), outside())}}});
        break;
    }
  }

  std::mt19937 random_;
  std::vector<std::string> nodes_;
  std::vector<std::string> silent_;
  std::vector<MadeFlow> flows_;
};

TEST(CountedOnce, EveryFlowThatSomeoneTellsOfIsCountedOnce) {
  std::set<std::string_view> kinds;
  for (std::uint32_t seed = 0; seed < 300; ++seed) {
    const Cluster cluster(seed);
    const RecordMatcher matcher(counted_once({}, cluster.silent()));
    for (const MadeFlow& flow : cluster.flows()) {
      std::size_t told = 0;
      std::size_t counted = 0;
      for (const Seen& seen : flow.seen) {
        if (!cluster.answers(seen.node)) continue;
        ++told;
        counted += matcher.matches({RecordKind::kFlow, &seen.record, seen.node}) ? 1 : 0;
      }
      kinds.insert(flow.what);
      ASSERT_EQ(counted, std::min<std::size_t>(told, 1)) << flow.what << ", seed " << seed;
    }
  }
  EXPECT_EQ(kinds.size(), 9U);
}

TEST(CountedOnce, KeepsTheFilterAndTravelsAsText) {
  const auto query = parse_filter("dst.port=443 or dst.port=80", 0);
  ASSERT_TRUE(query);
  const Query once = counted_once(*query, {"a", "node b", "none"});
  const auto again = parse_query(canonical(once), 0);
  ASSERT_TRUE(again) << canonical(once) << ": " << again.error().message;
  EXPECT_EQ(canonical(*again), canonical(once));
  FlowRecord flow = record(1, pod("none"), pod("c"));
  flow.tuple.dst_port = 443;
  EXPECT_TRUE(RecordMatcher(*again).matches({RecordKind::kFlow, &flow, "c"}));
  flow.tuple.dst_port = 22;
  EXPECT_FALSE(RecordMatcher(*again).matches({RecordKind::kFlow, &flow, "c"}));
}

TEST(CountedOnce, LeavesWhatHasOneRecordAlone) {
  for (const RecordKind kind : {RecordKind::kDrop, RecordKind::kConnection, RecordKind::kAlert}) {
    Query query{.kind = kind};
    EXPECT_EQ(counted_once(query, {"a"}).filter, nullptr);
  }
}

TEST(Reporter, IsWhoseNodeTheObserverIs) {
  const FlowRecord between = record(1, pod("a"), pod("b"));
  const FlowRecord within = record(2, pod("a"), pod("a"));
  const FieldRef reporter{FieldId::kReporter, {}};
  const auto of = [&](const FlowRecord& flow, std::string_view node) {
    return std::get<std::string>(value_of(reporter, {RecordKind::kFlow, &flow, node}));
  };
  EXPECT_EQ(of(between, "a"), "src");
  EXPECT_EQ(of(between, "b"), "dst");
  EXPECT_EQ(of(between, "c"), "other");
  EXPECT_EQ(of(within, "a"), "src");
  EXPECT_EQ(of(record(3, nullptr, nullptr), ""), "other");
  const auto query = parse_filter("reporter=dst", 0);
  ASSERT_TRUE(query);
  EXPECT_TRUE(RecordMatcher(*query).matches({RecordKind::kFlow, &between, "b"}));
  EXPECT_FALSE(parse_filter("reporter=source", 0));
}

}  // namespace
}  // namespace netprobe
