// SPDX-License-Identifier: Apache-2.0
// A flood of SYNs to a service without cookies, from addresses that nobody has: it ends the
// service for all others, and a limit of SYNs brings it back. What it costs then is for
// bench/syn_bench.cc to say.
#include <fmt/format.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <optional>
#include <string>

#include "bpf/xdp_attachment.h"
#include "prog/block_machine.h"
#include "response/block_list.h"
#include "support/syn_flood.h"
#include "support/temp_dir.h"

namespace netprobe::test {
namespace {

constexpr std::size_t kSynLimit = 6;  // of kBlockCauses
constexpr std::uint64_t kConnections = 200;

struct Case {
  const char* name;
  FloodOptions flood;
  bool trafgen = false;
};
void PrintTo(const Case& one, std::ostream* out) { *out << one.name; }

class SynFloodTest : public testing::TestWithParam<Case> {
 protected:
  void SetUp() override {
    if (const auto why = netns_obstacle(); !why.empty()) GTEST_SKIP() << why;
    if (GetParam().trafgen && !have_program("trafgen")) GTEST_SKIP() << "needs trafgen";
    auto lab = SynLab::make(::sysconf(_SC_NPROCESSORS_ONLN) > 1 ? 2 : 1);
    ASSERT_TRUE(lab) << lab.error().message;
    lab_.emplace(std::move(*lab));
    const auto off = lab_->set_cookies(false);
    ASSERT_TRUE(off) << off.error().message;
    ASSERT_TRUE(machine_.emplace().ready());
    const auto ifindex = lab_->service.ifindex("x0");
    ASSERT_TRUE(ifindex);
    bpf_program* program = machine_->program_for(*ifindex);
    std::string problem = "cannot enter the namespace";
    lab_->in_service([&] {
      auto made = XdpAttachment::make(program, *ifindex, XdpMode::kNative);
      problem = made ? "" : made.error().message;
      if (made) attachment_.emplace(std::move(*made));
    });
    ASSERT_EQ(problem, "");
    auto list = BlockList::open(machine_->shared_plane(), dir_.file("audit.jsonl"), {},
                                {{net("10.8.0.1"), "own address"}}, clock_);
    ASSERT_TRUE(list) << list.error().message;
    list_ = std::move(*list);
  }
  /// How many of kConnections, one after the other or a few at once, were answered.
  std::uint64_t answered(Nanos time) {
    return ask_service(
        *lab_, {.six = GetParam().flood.six, .at_once = 8, .most = kConnections, .time = time});
  }

  SystemClock clock_;
  TempDir dir_;
  std::optional<SynLab> lab_;
  std::optional<BlockMachine> machine_;
  std::optional<XdpAttachment> attachment_;
  std::unique_ptr<BlockList> list_;
};

TEST_P(SynFloodTest, EndsAServiceAndALimitBringsItBack) {
  auto service = SmallService::start(*lab_, std::nullopt);
  ASSERT_TRUE(service) << service.error().message;
  ASSERT_EQ(answered(60 * kSecond), kConnections);

  std::optional<SynFlood> ours;
  std::optional<TrafgenFlood> theirs;
  if (GetParam().trafgen) {
    auto started = TrafgenFlood::start(*lab_, GetParam().flood, dir_.file("trafgen.cfg"));
    ASSERT_TRUE(started) << started.error().message;
    theirs.emplace(std::move(*started));
  } else {
    auto started = SynFlood::start(*lab_, GetParam().flood);
    ASSERT_TRUE(started) << started.error().message;
    ours.emplace(std::move(*started));
  }
  // Its queue has room for 128, and is full before anybody who is honest can look.
  (void)answered(kSecond);
  const auto open = answered(3 * kSecond);
  EXPECT_LT(open, kConnections);

  const auto limit = list_->limit(
      {.limit = {.address = Address(GetParam().flood.six ? "fd08::1" : "10.8.0.1").value,
                 .port = SynLab::kPort,
                 .side = LimitSide::kSyn,
                 .mode = BlockMode::kEnforce,
                 .rate = 50,
                 .burst = 50,
                 .remaining = 600 * kSecond},
       .reason = "flood",
       .who = "test"});
  ASSERT_TRUE(limit) << limit.error().message;
  // What waits in its queue goes at the kernel's times, the longest of which is a minute;
  // then everybody is served.
  EXPECT_EQ(answered(100 * kSecond), kConnections);
  const auto limited = answered(3 * kSecond);
  EXPECT_GT(limited, open);
  const auto counted = machine_->plane().counters();
  EXPECT_GT(counted.dropped[kSynLimit].packets, 0U);
  EXPECT_GT(counted.challenged, 0U);
  EXPECT_GE(counted.proven, 1U);
  if (ours) EXPECT_FALSE(ours->failed());
  if (theirs) EXPECT_TRUE(theirs->process().running()) << theirs->process().err();

  ours.reset();
  theirs.reset();
  EXPECT_EQ(answered(60 * kSecond), kConnections);
  fmt::print("{}: of {} connections in 3 s: {} flooded, {} flooded and limited; {} SYNs dropped\n",
             GetParam().name, kConnections, open, limited, counted.dropped[kSynLimit].packets);
}

INSTANTIATE_TEST_SUITE_P(Floods, SynFloodTest,
                         testing::Values(Case{"FromEverywhere", {}},
                                         Case{"FromOneSource", {.one_source = true}},
                                         Case{"FromEverywhereInIpv6", {.six = true}},
                                         Case{"ByTrafgen", {}, true}),
                         [](const auto& each) { return std::string(each.param.name); });

}  // namespace
}  // namespace netprobe::test
