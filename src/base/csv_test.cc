// SPDX-License-Identifier: Apache-2.0
#include "base/csv.h"

#include <gtest/gtest.h>

namespace netprobe {
namespace {

std::string field(std::string_view text) {
  std::string out;
  append_csv_field(out, text);
  return out;
}

std::string foreign(std::string_view text) {
  std::string out;
  append_csv_text(out, text);
  return out;
}

TEST(Csv, QuotesWhatNeedsIt) {
  EXPECT_EQ(field(""), "");
  EXPECT_EQ(field("web-1"), "web-1");
  EXPECT_EQ(field("a,b"), "\"a,b\"");
  EXPECT_EQ(field("say \"x\""), "\"say \"\"x\"\"\"");
  EXPECT_EQ(field("two\nlines"), "\"two\nlines\"");
  EXPECT_EQ(field("\r"), "\"\r\"");
  EXPECT_EQ(field(" space"), "\" space\"");
  EXPECT_EQ(field("-5"), "-5");
}

TEST(Csv, MakesNoFormulasOfForeignText) {
  EXPECT_EQ(foreign("=1+1"), "'=1+1");
  EXPECT_EQ(foreign("=HYPERLINK(\"x\",\"y\")"), "\"'=HYPERLINK(\"\"x\"\",\"\"y\"\")\"");
  for (const char* text : {"+1", "-1", "@a", "\ta"})
    EXPECT_EQ(foreign(text), "'" + std::string(text));
  EXPECT_EQ(foreign("a=1"), "a=1");
  EXPECT_EQ(foreign(""), "");
}

}  // namespace
}  // namespace netprobe
