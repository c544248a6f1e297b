// SPDX-License-Identifier: Apache-2.0
// The kernel's own answer and its table in /proc must be the same.
#include <gtest/gtest.h>
#include <unistd.h>

#include <fstream>
#include <sstream>
#include <string>
#include <vector>

#include "probes/drop/kallsyms.h"
#include "probes/drop/kernel_asker.h"

namespace netprobe::test {
namespace {

constexpr std::size_t kEvery = 997;  // of some 100,000 functions

std::vector<std::uint64_t> some_functions() {
  std::ifstream file("/proc/kallsyms");
  std::vector<std::uint64_t> found;
  std::size_t seen = 0;
  for (std::string line; std::getline(file, line);) {
    std::istringstream words(line);
    std::uint64_t address = 0;
    std::string type;
    words >> std::hex >> address >> type;
    // Pages of ftrace and kprobes are listed, too, and are no functions.
    if (type == "t" && !line.ends_with("[bpf]") && !line.contains("[__builtin__") &&
        ++seen % kEvery == 0)
      found.push_back(address);
  }
  return found;
}

TEST(KernelName, IsThatOfTheTable) {
  if (::geteuid() != 0) GTEST_SKIP() << "needs root, to load programs";
  if (!SymbolTable::tells_addresses().value_or(false)) GTEST_SKIP() << "addresses are hidden";
  auto asker = KernelAsker::make();
  if (!asker) GTEST_SKIP() << asker.error().message;
  auto table = SymbolTable::load();
  ASSERT_TRUE(table) << table.error().message;
  const auto functions = some_functions();
  ASSERT_GT(functions.size(), 20U);
  for (const std::uint64_t address : functions) {
    // Inside: two names at one address are both right at their first byte.
    const auto told = asker->name_of(address + 1);
    ASSERT_TRUE(told);
    const auto known = table->name_of(address + 1);
    EXPECT_EQ(told->substr(told->find('+')), known.substr(known.find('+'))) << *told << known;
    EXPECT_TRUE(told->ends_with("+0x1")) << *told;
  }
}

TEST(KernelName, IsEmptyOutsideTheCode) {
  if (::geteuid() != 0) GTEST_SKIP() << "needs root, to load programs";
  auto asker = KernelAsker::make();
  if (!asker) GTEST_SKIP() << asker.error().message;
  EXPECT_EQ(asker->name_of(4096), "");
  EXPECT_EQ(asker->name_of(0), "");
}

}  // namespace
}  // namespace netprobe::test
