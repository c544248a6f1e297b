// SPDX-License-Identifier: Apache-2.0
#include "model/technique.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <regex>
#include <set>
#include <string>

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

std::set<std::string> ids_in(const std::filesystem::path& file, const std::regex& form) {
  std::ifstream in(file);
  const std::string text{std::istreambuf_iterator<char>(in), {}};
  std::set<std::string> ids;
  for (std::sregex_iterator at(text.begin(), text.end(), form), end; at != end; ++at)
    ids.insert((*at)[1]);
  return ids;
}

/// All that stand in detectors' sources, their tests aside.
std::set<std::string> ids_of_detectors() {
  static const std::regex kLiteral(R"re("(T[0-9]{4}(?:\.[0-9]+)?)")re");
  std::set<std::string> ids;
  for (const auto& entry :
       std::filesystem::recursive_directory_iterator(NETPROBE_SOURCES "/src/detect")) {
    const std::string name = entry.path().filename();
    if (!name.ends_with(".cc") && !name.ends_with(".h")) continue;
    if (name.ends_with("_test.cc") || name.ends_with("_fuzz.cc")) continue;
    ids.merge(ids_in(entry.path(), kLiteral));
  }
  return ids;
}

TEST(Technique, DetectorsNameThoseOfTheListAndAllOfThem) {
  const auto ids = ids_of_detectors();
  for (const std::string& id : ids)
    EXPECT_NE(find_technique(id), nullptr) << id << " is not in technique.cc";
  for (const Technique& technique : techniques())
    EXPECT_TRUE(ids.contains(std::string(technique.id))) << technique.id << " is nobody's";
}

TEST(Technique, DocsNameThoseOfTheList) {
  static const std::regex kWord(R"re(\b(T[0-9]{4}(?:\.[0-9]{3})?)\b)re");
  const auto ids = ids_in(NETPROBE_SOURCES "/docs/detectors.md", kWord);
  EXPECT_GT(ids.size(), 10U);
  for (const std::string& id : ids) EXPECT_NE(find_technique(id), nullptr) << id;
}

}  // namespace
}  // namespace netprobe
