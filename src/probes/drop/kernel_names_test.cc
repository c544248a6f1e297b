// SPDX-License-Identifier: Apache-2.0
#include "probes/drop/kernel_names.h"

#include <gtest/gtest.h>

#include "probes/drop/kernel_asker.h"

namespace netprobe {
namespace {

constexpr std::uint64_t kForward = 0xffffffff81000110;
constexpr std::uint64_t kModule = 0xffffffffc0000010;

class KernelNamesTest : public testing::Test {
 protected:
  Result<SymbolTable> load() {
    ++loads_;
    if (file_.empty()) return fail("no such file");
    SymbolTable table;
    table.feed(file_);
    table.finish();
    return table;
  }

  int loads_ = 0;
  std::string file_ = "ffffffff81000100 T ip_forward\nffffffff81000200 T ip_rcv\n";
  ManualClock clock_;
  std::optional<std::string> told_;
  KernelNames names_{clock_, [this](std::uint64_t) { return told_; }, [this] { return load(); }};
};

TEST_F(KernelNamesTest, ReadsTheTableOnceForSeveralAddresses) {
  EXPECT_EQ(loads_, 0);
  EXPECT_EQ(names_.name_of(kForward), "ip_forward+0x10");
  EXPECT_EQ(names_.name_of(kForward + 0x100), "ip_rcv+0x10");
  EXPECT_EQ(loads_, 1);
}

TEST_F(KernelNamesTest, AsksTheKernelFirst) {
  told_ = "ip_rcv+0x10";
  EXPECT_EQ(names_.name_of(kForward), "ip_rcv+0x10");
  told_ = "ip_rcv+0x20";
  EXPECT_EQ(names_.name_of(kForward), "ip_rcv+0x10") << "once for each address";
  EXPECT_EQ(names_.name_of(kForward + 1), "ip_rcv+0x20");
  EXPECT_EQ(loads_, 0);
}

TEST_F(KernelNamesTest, AsksAgainForCodeThatWasLoadedLater) {
  told_ = "";
  EXPECT_EQ(names_.name_of(kModule), "");
  told_ = "wg_xmit+0x10";
  clock_.advance(KernelNames::kAge);
  EXPECT_EQ(names_.name_of(kModule), "wg_xmit+0x10");
  EXPECT_EQ(loads_, 0);
}

TEST(KernelAskerTest, TakesTheNameOfWhatTheKernelPrints) {
  EXPECT_EQ(name_in("ip_forward+0x1a2/0x3f0"), "ip_forward+0x1a2");
  EXPECT_EQ(name_in("wg_xmit+0x10/0x20 [wireguard]"), "wg_xmit+0x10");
  EXPECT_EQ(name_in("0xffffffffc0000010"), "");
  EXPECT_EQ(name_in(""), "");
  EXPECT_EQ(name_in("bpf_prog_6deef7357e7b4530_sd_fw_ingress+0x10/0x40"), "");
  EXPECT_EQ(name_in("bpf_prog_6deef7357e7b4530+0x10/0x40"), "");
  EXPECT_EQ(name_in("bpf_trampoline_6442490943+0x5e/0x1000"), "");
  EXPECT_EQ(name_in("bpf_prog_test_run_skb+0x10/0x40"), "bpf_prog_test_run_skb+0x10");
}

TEST_F(KernelNamesTest, KeepsNamesWithoutTheTable) {
  EXPECT_EQ(names_.name_of(kForward), "ip_forward+0x10");
  names_.release();
  EXPECT_EQ(names_.name_of(kForward), "ip_forward+0x10");
  EXPECT_EQ(loads_, 1);
  EXPECT_EQ(names_.name_of(kForward + 1), "ip_forward+0x11");
  EXPECT_EQ(loads_, 2);
}

TEST_F(KernelNamesTest, LooksForCodeThatWasLoadedLater) {
  EXPECT_EQ(names_.name_of(kModule), "");
  names_.release();
  file_ += "ffffffffc0000000 t wg_xmit\t[wireguard]\n";
  clock_.advance(KernelNames::kAge - 1);
  EXPECT_EQ(names_.name_of(kModule), "");
  EXPECT_EQ(loads_, 1);
  clock_.advance(1);
  EXPECT_EQ(names_.name_of(kModule), "wg_xmit+0x10");
  EXPECT_EQ(loads_, 2);
}

TEST_F(KernelNamesTest, HasNoNamesWithoutTheFile) {
  file_.clear();
  EXPECT_EQ(names_.name_of(kForward), "");
  EXPECT_EQ(names_.name_of(kForward + 1), "");
  EXPECT_EQ(loads_, 1) << "a file that cannot be read is not tried for each address";
}

TEST_F(KernelNamesTest, IsBounded) {
  for (std::uint64_t i = 0; i <= KernelNames::kMostNames; ++i) (void)names_.name_of(kForward + i);
  names_.release();
  (void)names_.name_of(kForward + KernelNames::kMostNames);
  EXPECT_EQ(loads_, 1) << "the newest is known";
  (void)names_.name_of(kForward);
  EXPECT_EQ(loads_, 2) << "the oldest had to go";
}

}  // namespace
}  // namespace netprobe
