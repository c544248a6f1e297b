// SPDX-License-Identifier: Apache-2.0
// The list of sockets is cut nowhere without a word.
#include <gtest/gtest.h>

#include <boost/json.hpp>

#include "api/connections_query.h"

namespace netprobe {
namespace {

namespace json = boost::json;

json::object page_of(std::size_t listening, const ConnectionsQuery& query = {}) {
  Signals signals;
  signals.sockets.listening.resize(listening);
  for (std::size_t i = 0; i < listening; ++i) {
    signals.sockets.listening[i].id = i + 1;
    signals.sockets.listening[i].port = static_cast<std::uint16_t>(i % 2 + 1);
  }
  Snapshot snapshot;
  snapshot.signals = std::make_shared<const Signals>(std::move(signals));
  return json::parse(connections_page(snapshot, query)).as_object();
}

TEST(ConnectionsPage, ShowsAllThatListenWhereTheyFit) {
  const auto page = page_of(kMaxLimit);
  EXPECT_EQ(page.at("listening").as_array().size(), kMaxLimit);
  EXPECT_EQ(page.at("listening_not_shown"), 0);
  EXPECT_EQ(page.at("completeness").at("complete"), true);
}

TEST(ConnectionsPage, SaysHowManyItDoesNotShow) {
  const auto page = page_of(kMaxLimit + 7);
  EXPECT_EQ(page.at("listening").as_array().size(), kMaxLimit);
  EXPECT_EQ(page.at("listening_not_shown"), 7);
  EXPECT_EQ(page.at("completeness").at("complete"), false);
  EXPECT_EQ(page.at("completeness").at("lost").at("answer.listening_cut"), 7);
}

TEST(ConnectionsPage, WhatBeganBeforeTheAgentIsSaidAndNotMissing) {
  Signals signals;
  signals.sockets.ended_from_before = 3;
  Snapshot snapshot;
  snapshot.signals = std::make_shared<const Signals>(std::move(signals));
  const auto page = json::parse(connections_page(snapshot, {})).as_object();
  EXPECT_EQ(page.at("ended_from_before"), 3);
  EXPECT_EQ(page.at("completeness").at("complete"), true);
}

TEST(ConnectionsPage, WhatWasNotAskedForIsNotMissing) {
  ConnectionsQuery query;
  ASSERT_TRUE(query.tuple.add("port", "1"));
  auto page = page_of(kMaxLimit * 2, query);
  EXPECT_EQ(page.at("listening_not_shown"), 0);
  EXPECT_EQ(page.at("completeness").at("complete"), true);
  // A later page has none of them, by design.
  page = page_of(kMaxLimit * 2, {.after = 1});
  EXPECT_TRUE(page.at("listening").as_array().empty());
  EXPECT_EQ(page.at("listening_not_shown"), 0);
}

}  // namespace
}  // namespace netprobe
