// SPDX-License-Identifier: Apache-2.0
#include "cli/table.h"

#include <gtest/gtest.h>

#include "cli/units.h"

namespace netprobe {
namespace {

TEST(DisplayWidth, CountsCellsNotBytes) {
  EXPECT_EQ(display_width(""), 0U);
  EXPECT_EQ(display_width("eth0"), 4U);
  EXPECT_EQ(display_width("größe"), 5U);
  EXPECT_EQ(display_width("e\u0301"), 1U);       // combining accent
  EXPECT_EQ(display_width("日本"), 4U);          // wide
  EXPECT_EQ(display_width("\xff\xfe"), 2U);      // no UTF-8
  EXPECT_EQ(display_width("\xe6\x97"), 2U);      // cut off
  EXPECT_EQ(display_width("\xed\xa0\x80"), 3U);  // a surrogate
}

TEST(Printable, NothingSteersTheTerminal) {
  EXPECT_EQ(printable("a\x1b[2Jb\nc\x7f"), "a?[2Jb?c?");
  EXPECT_EQ(printable("\xc2\x9b"
                      "x"),
            "?x");  // C1: CSI in one character
  EXPECT_EQ(printable("\u202egnp.exe"), "?gnp.exe");
  EXPECT_EQ(printable("größe \xff"), "größe ?");
}

TEST(Table, LinesUpAndLeavesNoSpaceAtTheEnd) {
  Table table({{"NAME"}, {"N", Align::kRight, 5}, {"WHY"}}, false);
  std::string out;
  const Row wide{"日本語", "7", ""};
  table.fit(wide);
  table.append_header(out);
  table.append_row(out, wide);
  table.append_row(out, {"größe", "12345", "because"});
  EXPECT_EQ(out,
            "NAME        N  WHY\n"
            "日本語      7\n"
            "größe   12345  because\n");
}

TEST(Table, ColumnsGrowWithWhatComesLater) {
  Table table({{"A"}, {"B"}}, false);
  std::string out;
  table.append_row(out, {"x", "1"});
  table.append_row(out, {"xxxx", "2"});
  table.append_row(out, {"x", "3"});
  EXPECT_EQ(out, "x  1\nxxxx  2\nx     3\n");
}

TEST(Table, ColourStandsAroundTheTextOnly) {
  Table table({{"A", Align::kLeft, 3}, {"B"}}, true);
  std::string out;
  table.append_row(out, {Cell("x", Style::kRed), Cell("y")});
  EXPECT_EQ(out, "\x1b[31mx\x1b[0m    y\n");
}

TEST(CutToWidth, KeepsEscapesAndCutsCells) {
  EXPECT_EQ(cut_to_width("abcdef", 3), "abc");
  EXPECT_EQ(cut_to_width("日本語", 5), "日本");
  EXPECT_EQ(cut_to_width("\x1b[1mabcdef\x1b[0m", 2), "\x1b[1mab\x1b[0m");
  EXPECT_EQ(cut_to_width("abc", 10), "abc");
}

TEST(Units, HumanCounts) {
  EXPECT_EQ(human_count(0), "0");
  EXPECT_EQ(human_count(999), "999");
  EXPECT_EQ(human_count(1000), "1.0k");
  EXPECT_EQ(human_count(1234), "1.2k");
  EXPECT_EQ(human_count(99'949), "99.9k");
  EXPECT_EQ(human_count(99'960), "100k");
  EXPECT_EQ(human_count(999'499), "999k");
  EXPECT_EQ(human_count(999'500), "1.0M");
  EXPECT_EQ(human_count(1.8446744e19), "18.4E");
  EXPECT_EQ(human_count(2.5), "2.5");
  EXPECT_EQ(human_count(-1), "0");
  EXPECT_EQ(human_count(0.0 / 0.0), "0");
}

TEST(Units, HumanBytesAndRates) {
  EXPECT_EQ(human_bytes(999), "999 B");
  EXPECT_EQ(human_bytes(3'400), "3.4 kB");
  EXPECT_EQ(human_byte_rate(3'400), "3.4 kB/s");
}

TEST(Units, HumanDurations) {
  EXPECT_EQ(human_duration(0), "0s");
  EXPECT_EQ(human_duration(-5), "0s");
  EXPECT_EQ(human_duration(12), "12ns");
  EXPECT_EQ(human_duration(1'500), "1.5us");
  EXPECT_EQ(human_duration(1'500'000), "1.5ms");
  EXPECT_EQ(human_duration(12'300 * kMillisecond), "12.3s");
  EXPECT_EQ(human_duration(245 * kSecond), "4m05s");
  EXPECT_EQ(human_duration(7'380 * kSecond), "2h03m");
  EXPECT_EQ(human_duration(5 * 86'400 * kSecond + 7 * 3'600 * kSecond), "5d07h");
}

TEST(Units, Counted) {
  EXPECT_EQ(counted(1, "packet"), "1 packet");
  EXPECT_EQ(counted(0, "packet"), "0 packets");
  EXPECT_EQ(counted(1'234'567, "flow"), "1234567 flows");
}

}  // namespace
}  // namespace netprobe
