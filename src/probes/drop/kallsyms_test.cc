// SPDX-License-Identifier: Apache-2.0
#include "probes/drop/kallsyms.h"

#include <gtest/gtest.h>

#include <fstream>

#include "support/temp_dir.h"

namespace netprobe {
namespace {

constexpr std::string_view kFile =
    "ffffffff81000100 T ip_forward\n"
    "ffffffff81000400 t nft_do_chain\t[nf_tables]\n"
    "ffffffff81000200 T ip_rcv\n"
    "ffffffff81000200 T ip_rcv_alias\n"
    "ffffffff81000300 D some_data\n"
    "ffffffff81000380 t bpf_prog_1234\t[bpf]\n"
    "not a line\n"
    "ffffffff81000500 T\n";

SymbolTable table_of(std::string_view text, std::size_t piece) {
  SymbolTable table;
  for (std::size_t at = 0; at < text.size(); at += piece) table.feed(text.substr(at, piece));
  table.finish();
  return table;
}

TEST(SymbolTable, FindsTheFunctionThatAnAddressIsIn) {
  // Cut anywhere, the file says the same.
  for (const std::size_t piece : {1U, 3U, 7U, 1000U}) {
    const SymbolTable table = table_of(kFile, piece);
    EXPECT_EQ(table.size(), 3U);
    EXPECT_EQ(table.name_of(0xffffffff81000100), "ip_forward+0x0");
    EXPECT_EQ(table.name_of(0xffffffff810001ff), "ip_forward+0xff");
    EXPECT_EQ(table.name_of(0xffffffff81000399), "ip_rcv+0x199");
    EXPECT_EQ(table.name_of(0xffffffff81000412), "nft_do_chain+0x12");
  }
}

TEST(SymbolTable, NamesNothingThatIsFarFromAnyFunction) {
  const SymbolTable table = table_of(kFile, 1000);
  EXPECT_EQ(table.name_of(0xffffffff81000000), "");
  EXPECT_EQ(table.name_of(0xffffffff81000400 + SymbolTable::kReach), "");
  EXPECT_EQ(table.name_of(0), "");
}

TEST(SymbolTable, IsEmptyWhereTheKernelHidesAddresses) {
  const SymbolTable table = table_of("0000000000000000 T ip_forward\n", 1000);
  EXPECT_TRUE(table.empty());
  EXPECT_EQ(table.name_of(1), "");
  EXPECT_FALSE(SymbolTable::load("/nowhere"));
}

TEST(SymbolTable, TellsWhetherTheFileHasAddresses) {
  const test::TempDir dir;
  const std::string path = dir.file("kallsyms");
  const auto told_by = [&](std::string_view text) {
    std::ofstream(path) << text;
    return SymbolTable::tells_addresses(path.c_str()).value();
  };
  EXPECT_TRUE(told_by(kFile));
  EXPECT_FALSE(told_by("0000000000000000 T ip_forward\n"));
  EXPECT_FALSE(told_by(""));
  EXPECT_FALSE(SymbolTable::tells_addresses("/nowhere"));
}

}  // namespace
}  // namespace netprobe
