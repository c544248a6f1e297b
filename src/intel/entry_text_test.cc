// SPDX-License-Identifier: Apache-2.0
#include "intel/entry_text.h"

#include <gtest/gtest.h>

#include "base/utf8.h"

namespace netprobe::intel {
namespace {

std::string kind_of(std::string_view text) {
  const auto entry = parse_entry(text);
  if (!entry) return "none";
  if (const auto* address = std::get_if<IpAddress>(&*entry)) return address->to_string();
  if (const auto* prefix = std::get_if<IpPrefix>(&*entry)) return prefix->to_string();
  const auto& name = std::get<NameEntry>(*entry);
  return std::string(name.itself ? "=" : "") + (name.beneath ? "*" : "") + name.name;
}

TEST(EntryText, TellsAddressesPrefixesAndNames) {
  EXPECT_EQ(kind_of("203.0.113.7"), "203.0.113.7");
  EXPECT_EQ(kind_of("203.0.113.7/32"), "203.0.113.7");
  EXPECT_EQ(kind_of("203.0.113.7/24"), "203.0.113.0/24");
  EXPECT_EQ(kind_of("203.0.113.7:443"), "203.0.113.7");
  EXPECT_EQ(kind_of("2001:DB8::1"), "2001:db8::1");
  EXPECT_EQ(kind_of("2001:db8::/32"), "2001:db8::/32");
  EXPECT_EQ(kind_of("2001:db8::1/128"), "2001:db8::1");
  EXPECT_EQ(kind_of("[2001:db8::1]:443"), "2001:db8::1");
  EXPECT_EQ(kind_of("fe80::1"), "fe80::1");
  EXPECT_EQ(kind_of("Bad.Example."), "=bad.example");
  EXPECT_EQ(kind_of("*.bad.example"), "*bad.example");
  EXPECT_EQ(kind_of(".bad.example"), "=*bad.example");
  EXPECT_EQ(kind_of("bad.example:8080"), "=bad.example");
  EXPECT_EQ(kind_of("1.2.3.example"), "=1.2.3.example");
  EXPECT_EQ(kind_of("_dmarc.bad.example"), "=_dmarc.bad.example");
}

TEST(EntryText, TakesNothingElse) {
  for (const std::string_view text :
       {"", "1.2.3.400", "1.2.3", "203.0.113.7/33", "203.0.113.7/-1", "2001:db8::/129",
        "a..b.example", "-a.example", "a-.example", "*", "*.", ".", "a.*.example",
        "http://bad.example/x", "bad.example/path",
        "b\xc3\xa4"
        "d.example",
        "a b.example", "[2001:db8::1", "1.2.3.4:99x"})
    EXPECT_EQ(kind_of(text), "none") << text;
  EXPECT_EQ(kind_of(std::string(64, 'a') + ".example"), "none");
  EXPECT_EQ(kind_of(std::string(300, 'a')), "none");
  EXPECT_EQ(kind_of(std::string_view("1.2.3.4\0", 8)), "none");
}

TEST(EntryText, CleansReasons) {
  EXPECT_EQ(clean_reason("  SBL123\t"), "SBL123");
  EXPECT_EQ(clean_reason("a\nb\x1b[31mc"), "a b [31mc");
  EXPECT_EQ(clean_reason("\xff"
                         "a\xc3\xa9"),
            "?a\xc3\xa9");
  const std::string cut = clean_reason(std::string(kMostReason - 1, 'x') + "\xc3\xa9");
  EXPECT_EQ(cut.size(), kMostReason - 1);
  EXPECT_TRUE(is_utf8(cut));
}

}  // namespace
}  // namespace netprobe::intel
