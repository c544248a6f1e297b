// SPDX-License-Identifier: Apache-2.0
#include "export/faults/fault_table.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <map>
#include <regex>

namespace netprobe::test {
namespace {

using testing::made_flows;

// Room for about a third of them: what waits longer than that is lost by its name.
constexpr std::string_view kCommon =
    "fields=flow_id,src.ip,src.namespace&batch=500&interval=10ms&timeout=1s&queue=2MiB";

}  // namespace

void add_ids(const std::string& text, std::vector<std::uint64_t>& ids) {
  static const std::regex kId(R"re("flow_id":(\d+),[^}]*\})re");
  for (std::sregex_iterator at(text.begin(), text.end(), kId), end; at != end; ++at)
    ids.push_back(std::stoull((*at)[1]));
}

void check_fault(Receiver& receiver, Fault fault) {
  const std::array schemes{receiver.scheme()};
  const auto target =
      parse_export_target(receiver.url() + std::string(kCommon), schemes, kClock.wall());
  ASSERT_TRUE(target) << target.error().message;
  auto sender = receiver.make(*target);
  ASSERT_TRUE(sender) << sender.error().message;
  auto outbox = Outbox::make(*target, std::move(*sender), kClock);
  outbox->start();
  receiver.begin(fault);
  std::string problem;
  const auto look = [&] {
    const OutboxStatus now = outbox->status();
    if (problem.empty()) problem = now.problem;
    return now;
  };
  for (std::size_t i = 0; i < kBatches; ++i) {
    outbox->put(made_flows(kOfEach, 1 + i * kOfEach));
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
    (void)look();
  }
  // It is seen, and nothing but waiting goes on, until it is mended.
  if (fault == Fault::kDown || fault == Fault::kSlow)
    EXPECT_TRUE(eventually([&] { return !look().problem.empty(); }));
  receiver.mend();
  EXPECT_TRUE(eventually([&] { return look().waiting == 0; })) << look().problem;
  outbox->stop(kPatience);
  const OutboxStatus status = outbox->status();
  outbox.reset();
  expect_adds_up(status);
  EXPECT_EQ(status.seen, kAll);
  // A connection that breaks may be made again before anybody notices.
  if (fault != Fault::kBreaks) EXPECT_NE(problem, "") << "nothing was said";
  const std::uint64_t rejected = lost_of(status, "rejected");
  std::map<std::uint64_t, int> found;
  EXPECT_TRUE(eventually([&] {
    found.clear();
    for (const std::uint64_t id : receiver.ids()) ++found[id];
    return found.size() >= status.sent;
  }));
  std::uint64_t twice = 0;
  for (const auto& [id, times] : found) twice += static_cast<std::uint64_t>(times - 1);
  EXPECT_EQ(found.size(), status.sent);
  EXPECT_LE(twice, receiver.most_twice());
  if (fault == Fault::kRejects) {
    EXPECT_GT(rejected, 0U);
    EXPECT_EQ(twice, 0U);
  } else {
    EXPECT_EQ(rejected, 0U);
  }
  fmt::print("| {} | {} | {} | {} | {} | {} | {} | {} | {} | {} |\n", receiver.scheme().scheme,
             receiver.name_of(fault), status.seen, status.sent, lost_of(status, "queue_full"),
             rejected, found.size(), twice, status.retries, problem);
}

}  // namespace netprobe::test
