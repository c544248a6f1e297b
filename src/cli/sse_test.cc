// SPDX-License-Identifier: Apache-2.0
#include "cli/sse.h"

#include <gtest/gtest.h>

#include <vector>

namespace netprobe {
namespace {

std::vector<std::pair<std::string, std::string>> parse(const std::vector<std::string>& lines) {
  SseParser parser;
  std::vector<std::pair<std::string, std::string>> events;
  for (const auto& line : lines)
    if (parser.line(line)) events.emplace_back(parser.event().name, parser.event().data);
  return events;
}

using Events = std::vector<std::pair<std::string, std::string>>;

TEST(Sse, NamedEventsOneAfterTheOther) {
  EXPECT_EQ(parse({"event: hello", "data: {}", "", "event: flow", "data: {\"a\":1}", ""}),
            (Events{{"hello", "{}"}, {"flow", "{\"a\":1}"}}));
}

TEST(Sse, WithoutANameItIsAMessage) {
  EXPECT_EQ(parse({"data: x", "", "event: flow", "", "data: y", ""}),
            (Events{{"message", "x"}, {"message", "y"}}));
}

TEST(Sse, DataOfSeveralLinesIsJoined) {
  EXPECT_EQ(parse({"data: a", "data:b", "data", "data:  c", ""}),
            (Events{{"message", "a\nb\n\n c"}}));
}

TEST(Sse, CommentsAndOtherFieldsAreNoEvents) {
  EXPECT_EQ(parse({": heartbeat", "", "id: 7", "retry: 10", "", "unknown", ""}), Events{});
  EXPECT_EQ(parse({"data: a", ": heartbeat", "id: 1", ""}), (Events{{"message", "a"}}));
}

TEST(Sse, AnEventThatIsNotEndedIsNone) { EXPECT_EQ(parse({"event: flow", "data: x"}), Events{}); }

TEST(Sse, EmptyDataIsAnEvent) { EXPECT_EQ(parse({"data:", ""}), (Events{{"message", ""}})); }

}  // namespace
}  // namespace netprobe
