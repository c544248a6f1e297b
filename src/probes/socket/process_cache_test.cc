// SPDX-License-Identifier: Apache-2.0
#include "probes/socket/process_cache.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <bit>
#include <filesystem>
#include <fstream>

namespace netprobe {
namespace {

TEST(ProcessCache, TellsReusedNumbersApart) {
  ProcessCache processes;
  np_owner first{.pid = 9, .tid = 9, .cgroup_id = 1, .comm = "old"};
  np_owner second{.pid = 9, .tid = 10, .cgroup_id = 1, .comm = "new"};
  first.check = np_owner_check(&first);
  second.check = np_owner_check(&second);
  const auto a = processes.find(first);
  const auto b = processes.find(second);
  EXPECT_EQ(a->comm, "old");
  EXPECT_EQ(b->comm, "new");
  first.tid = 11;  // another thread of the same process
  first.check = np_owner_check(&first);
  EXPECT_EQ(processes.find(first), a);
}

/// Programs and the walk over open files write owners while a sweep copies
/// them: whatever words of two owners stand together, it is neither of them.
TEST(ProcessCache, AnOwnerThatWasReadHalfWayIsNobody) {
  ProcessCache processes;
  std::array<np_owner, 3> owners{np_owner{},  // the entry before anybody wrote
                                 np_owner{.pid = 9, .tid = 9, .cgroup_id = 7, .comm = "nginx"},
                                 np_owner{.pid = 812, .tid = 813, .cgroup_id = 8, .comm = "curl"}};
  for (std::size_t i = 1; i < owners.size(); ++i) owners[i].check = np_owner_check(&owners[i]);
  constexpr std::size_t kWords = sizeof(np_owner) / sizeof(std::uint32_t);
  using Words = std::array<std::uint32_t, kWords>;
  std::size_t torn = 0;
  for (std::size_t a = 0; a < owners.size(); ++a) {
    for (std::size_t b = 0; b < owners.size(); ++b) {
      for (std::size_t mask = 0; mask < 1U << kWords; ++mask) {
        auto mixed = std::bit_cast<Words>(owners[a]);
        const auto other = std::bit_cast<Words>(owners[b]);
        for (std::size_t i = 0; i < kWords; ++i)
          if ((mask >> i & 1) != 0) mixed[i] = other[i];
        const auto owner = std::bit_cast<np_owner>(mixed);
        const bool whole = std::ranges::any_of(owners, [&](const np_owner& each) {
          return each.pid != 0 && std::bit_cast<Words>(each) == mixed;
        });
        ASSERT_EQ(processes.find(owner) != nullptr, whole) << a << " " << b << " " << mask;
        torn += whole ? 0 : 1;
      }
    }
  }
  EXPECT_GT(torn, 1'000U);
}

/// A machine with cgroup v1, as its /proc shows it.
class CgroupV1 : public testing::Test {
 protected:
  void SetUp() override {
    proc_ = testing::TempDir() + "/np_proc_" + std::to_string(::getpid());
    std::filesystem::create_directories(proc_ + "/self/ns");
    std::filesystem::create_symlink("pid:[4026531836]", proc_ + "/self/ns/pid");
    write("self/cgroup", "3:memory:/\n0::/\n");
  }
  void TearDown() override { std::filesystem::remove_all(proc_); }
  void write(const std::string& name, const std::string& text) const {
    const std::filesystem::path path = proc_ + "/" + name;
    std::filesystem::create_directories(path.parent_path());
    std::ofstream(path) << text;
  }
  void process(const std::string& comm, const std::string& path) const {
    write("9/comm", comm + "\n");
    write("9/cgroup", "3:memory:" + path + "\n0::/\n");
  }
  static np_owner owner() {
    np_owner result{.pid = 9, .tid = 9, .cgroup_id = 1, .comm = "nginx"};
    result.check = np_owner_check(&result);
    return result;
  }

  const std::string id_ = std::string(64, 'a');
  const std::string other_ = std::string(64, 'b');
  std::string proc_;
};

TEST_F(CgroupV1, ContainersAreThoseOfProc) {
  process("nginx", "/docker/" + id_);
  ProcessCache processes(10, proc_);
  processes.open();
  processes.notice(owner());
  EXPECT_EQ(processes.find(owner())->container, id_);
  EXPECT_EQ(processes.find(owner())->cgroup, "/docker/" + id_);
  std::filesystem::remove_all(proc_ + "/9");
  processes.begin_round();
  processes.notice(owner());
  EXPECT_EQ(processes.find(owner())->container, id_) << "kept when the process has ended";
}

TEST_F(CgroupV1, AnotherProcessWithTheNumberIsSomebodyElse) {
  process("curl", "/docker/" + other_);
  ProcessCache processes(10, proc_);
  processes.open();
  EXPECT_EQ(processes.find(owner())->container, "") << "the name is another's";
  process("nginx", "/docker/" + id_);
  processes.notice(owner());
  EXPECT_EQ(processes.find(owner())->container, "") << "once a round";
  processes.begin_round();
  processes.notice(owner());
  EXPECT_EQ(processes.find(owner())->container, id_);
  process("nginx", "/docker/" + other_);
  processes.begin_round();
  processes.notice(owner());
  EXPECT_EQ(processes.find(owner())->container, other_);
}

/// As of a process that ends meanwhile: the file opens, and the read fails.
TEST_F(CgroupV1, AFileThatCannotBeReadIsNobodys) {
  write("9/comm", "nginx\n");
  std::filesystem::create_directories(proc_ + "/9/cgroup");
  ProcessCache processes(10, proc_);
  processes.open();
  processes.notice(owner());
  EXPECT_EQ(processes.find(owner())->container, "");
  std::filesystem::remove_all(proc_ + "/9/comm");
  std::filesystem::create_directories(proc_ + "/9/comm");
  processes.begin_round();
  processes.notice(owner());
  EXPECT_EQ(processes.find(owner())->comm, "nginx");
}

TEST_F(CgroupV1, IsNotAskedFromAnotherPidNamespace) {
  process("nginx", "/docker/" + id_);
  std::filesystem::remove(proc_ + "/self/ns/pid");
  std::filesystem::create_symlink("pid:[4026532000]", proc_ + "/self/ns/pid");
  ProcessCache processes(10, proc_);
  processes.open();
  EXPECT_EQ(processes.find(owner())->container, "");
}

}  // namespace
}  // namespace netprobe
