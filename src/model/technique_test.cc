// SPDX-License-Identifier: Apache-2.0
#include "model/technique.h"

#include <gtest/gtest.h>

namespace netprobe {
namespace {

TEST(Technique, IsFoundByItsIdAlone) {
  ASSERT_NE(find_technique("T1046"), nullptr);
  EXPECT_EQ(find_technique("T1046")->name, "Network Service Discovery");
  EXPECT_EQ(tactic_name(find_technique("T1046")->tactic), "Discovery");
  for (const char* id : {"", "T", "T1046.001", "T9999", "t1046", "T1046 "})
    EXPECT_EQ(find_technique(id), nullptr) << id;
}

TEST(Technique, EachHasATacticThatHasAName) {
  for (const Technique& technique : techniques()) {
    EXPECT_FALSE(technique.name.empty()) << technique.id;
    EXPECT_FALSE(tactic_name(technique.tactic).empty()) << technique.id;
  }
}

}  // namespace
}  // namespace netprobe
