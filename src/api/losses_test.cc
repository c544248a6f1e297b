// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <boost/json.hpp>

#include "api/losses_query.h"
#include "api/testing/snapshots.h"
#include "model/flow_json.h"
#include "model/loss_json.h"

namespace netprobe {
namespace {

namespace json = boost::json;
using testing::kStart;

Loss loss_of(std::uint64_t id, std::uint64_t packets) {
  Loss loss;
  loss.id = id;
  loss.flow_id = 100 + id;
  loss.tuple = testing::make_flow(id).tuple;
  loss.from_interface = "flannel.1";
  loss.from_role = Role::kTunnel;
  loss.from_direction = Direction::kEgress;
  loss.to_interface = "eth0";
  loss.to_role = Role::kUplink;
  loss.to_direction = Direction::kEgress;
  loss.entered = 100;
  loss.left = 100 - packets;
  loss.packets = packets;
  loss.last_seen = kStart + static_cast<Nanos>(id) * 60 * kSecond;
  return loss;
}

std::shared_ptr<Snapshot> with_losses() {
  auto snapshot = testing::make_snapshot(0);
  snapshot->loss.losses = {loss_of(1, 12), loss_of(2, 12), loss_of(3, 5)};
  snapshot->loss.losses[2].to_interface.clear();
  snapshot->loss.losses[2].from_interface = "cni0";
  snapshot->loss.losses[2].from_role = Role::kBridge;
  snapshot->loss.losses[2].explained_by = {{"NETFILTER_DROP", "nft_do_chain+0x1", 3}};
  snapshot->loss.totals = {{Role::kTunnel, true, Role::kUplink, 24},
                           {Role::kBridge, false, Role::kHost, 5}};
  return snapshot;
}

json::object ask(const Snapshot& snapshot, std::string_view text) {
  const auto query = parse_losses_query(parse_query(text).value(), kStart + 3600 * kSecond);
  EXPECT_TRUE(query) << text;
  return json::parse(losses_page(snapshot, *query)).as_object();
}

std::size_t count(const Snapshot& snapshot, std::string_view text) {
  return ask(snapshot, text).at("losses").as_array().size();
}

TEST(LossesPage, TellsWhereWhoseAndWhy) {
  const auto answer = ask(*with_losses(), "");
  const auto& losses = answer.at("losses").as_array();
  ASSERT_EQ(losses.size(), 3U);
  EXPECT_EQ(losses[0].at("from").at("interface").as_string(), "flannel.1");
  EXPECT_EQ(losses[0].at("to").at("role").as_string(), "uplink");
  EXPECT_EQ(losses[0].at("flow").at("id").to_number<int>(), 101);
  EXPECT_EQ(losses[0].at("packets").to_number<int>(), 12);
  EXPECT_EQ(losses[0].at("unexplained").to_number<int>(), 12);
  EXPECT_TRUE(losses[2].at("to").is_null());
  EXPECT_EQ(losses[2].at("explained_by").as_array()[0].at("reason").as_string(), "NETFILTER_DROP");
  EXPECT_EQ(losses[2].at("unexplained").to_number<int>(), 2);
  EXPECT_EQ(answer.at("totals").as_array()[1].at("to").as_string(), "unknown");
  EXPECT_TRUE(answer.at("conditions").at("routing_compared").as_bool());
  EXPECT_TRUE(answer.at("completeness").at("complete").as_bool());
}

TEST(LossesPage, Filters) {
  const auto snapshot = with_losses();
  EXPECT_EQ(count(*snapshot, "role=uplink"), 2U);
  EXPECT_EQ(count(*snapshot, "role=bridge"), 1U);
  EXPECT_EQ(count(*snapshot, "role=host"), 0U);
  EXPECT_EQ(count(*snapshot, "interface=flannel*"), 2U);
  EXPECT_EQ(count(*snapshot, "interface=cni0"), 1U);
  EXPECT_EQ(count(*snapshot, "src_ip=10.0.0.2"), 1U);
  EXPECT_EQ(count(*snapshot, "port=443&protocol=tcp"), 3U);
  EXPECT_EQ(count(*snapshot, "protocol=udp"), 0U);
  EXPECT_EQ(count(*snapshot, "since=2023-11-14T22:16:00Z"), 1U);
  EXPECT_EQ(count(*snapshot, "node=elsewhere"), 0U);
}

TEST(LossesPage, Pages) {
  const auto snapshot = with_losses();
  std::string cursor;
  std::vector<int> ids;
  for (int i = 0; i < 3; ++i) {
    const auto answer = ask(*snapshot, "limit=1" + (cursor.empty() ? "" : "&cursor=" + cursor));
    ids.push_back(answer.at("losses").as_array()[0].at("flow").at("id").to_number<int>());
    EXPECT_EQ(answer.at("total").to_number<int>(), 3);
    cursor = i < 2 ? std::string(answer.at("next_cursor").as_string()) : "";
    if (i == 2) EXPECT_TRUE(answer.at("next_cursor").is_null());
  }
  EXPECT_EQ(ids, (std::vector<int>{101, 102, 103}));
}

TEST(LossesQuery, RefusesWhatItDoesNotKnow) {
  for (const auto* text : {"vni=7", "role=pods", "limit=0", "limit=x", "cursor=z", "cursor=i0-1",
                           "since=soon", "port=70000", "role=pod&role=host", "node="}) {
    const auto query = parse_losses_query(parse_query(text).value(), kStart);
    ASSERT_FALSE(query) << text;
    EXPECT_NE(query.error().detail, "") << text;
  }
}

TEST(FlowJson, HasItsLosses) {
  Flow flow = testing::make_flow(1);
  std::string out;
  append_json(out, flow);
  EXPECT_FALSE(json::parse(out).as_object().contains("losses"));
  flow.losses = std::make_shared<const std::vector<Loss>>(1, loss_of(1, 12));
  out.clear();
  append_json(out, flow);
  EXPECT_EQ(json::parse(out).at("losses").as_array()[0].at("packets").to_number<int>(), 12);
}

}  // namespace
}  // namespace netprobe
