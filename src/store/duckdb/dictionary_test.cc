// SPDX-License-Identifier: Apache-2.0
// Numbers that a raw file is written with, and what they mean to those who read it.
#include "store/duckdb/dictionary.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <variant>
#include <vector>

#include "store/duckdb/names.h"
#include "store/duckdb/raw_layout.h"
#include "store/duckdb/tables.h"

namespace netprobe::duck {
namespace {

Identity pod(const std::string& name, const std::string& app) {
  Identity identity;
  identity.name = name;
  identity.name_space = "shop";
  identity.workload = "web";
  identity.workload_kind = "Deployment";
  identity.labels = {{"app", app}};
  return identity;
}

class DictionaryTest : public ::testing::Test {
 protected:
  void SetUp() override {
    const auto library = Library::load();
    if (!library) GTEST_SKIP() << library.error().message;
    auto instance = Instance::open(*library, {});
    ASSERT_TRUE(instance.has_value()) << instance.error().message;
    instance_ = std::move(*instance);
    auto session = Session::open(*instance_);
    ASSERT_TRUE(session.has_value());
    session_ = std::move(*session);
    ASSERT_TRUE(names_.make_functions(*session_).has_value());
    run("ATTACH ':memory:' AS file");
    for (const std::string& sql : make_table_sql(FileKind::kRaw, "file")) run(sql);
  }

  void run(const std::string& sql) {
    const auto done = session_->run(sql);
    ASSERT_TRUE(done.has_value()) << sql << ": " << done.error().message;
  }
  void append() { ASSERT_TRUE(dictionary_.append_new(*session_, "file").has_value()); }
  std::string text(const std::string& sql) {
    const auto value = session_->value(sql);
    EXPECT_TRUE(value.has_value()) << sql << ": " << value.error().message;
    const auto* found = value ? std::get_if<std::string>(&*value) : nullptr;
    return found != nullptr ? *found : "no text";
  }
  Result<Names::Use> use(bool writing, NameColumns columns = NameColumns().set()) {
    return names_.use(*session_, {.sequence = 1, .database = "file", .writing = writing}, columns);
  }
  /// What a statement has for a number of words.
  std::string word(const Names::Use& use, std::uint32_t number) {
    return text(fmt::format("SELECT netprobe_word({}, {}::UINTEGER)", use.number(), number));
  }

  Names names_{1U << 20U};  // of the instance, so before it
  std::unique_ptr<Instance> instance_;
  std::unique_ptr<Session> session_;
  Dictionary dictionary_;
};

TEST_F(DictionaryTest, NumbersAreLookedForAmongOthers) {
  const auto is_among = [&](std::uint64_t use, std::uint32_t number) {
    const auto value =
        session_->value(fmt::format("SELECT {}({}, {}::UINTEGER)", kAmongFunction, use, number));
    EXPECT_TRUE(value.has_value()) << value.error().message;
    return value && std::get<bool>(*value);
  };
  std::uint64_t ended = 0;
  {
    const Names::Use some = names_.use(std::vector<bool>{true, false, true});
    ended = some.number();
    EXPECT_TRUE(is_among(some.number(), 0));
    EXPECT_FALSE(is_among(some.number(), 1));
    EXPECT_TRUE(is_among(some.number(), 2));
    EXPECT_TRUE(is_among(some.number(), 3)) << "unknown ones are as 0 is";
    EXPECT_TRUE(is_among(some.number(), 4'000'000'000U));
  }
  EXPECT_FALSE(is_among(ended, 0));
}

TEST_F(DictionaryTest, SameContentSameNumber) {
  const std::string egress = "egress";
  const std::string again = "egress";
  const auto number = dictionary_.word(egress);
  EXPECT_NE(number, 0U);
  EXPECT_EQ(dictionary_.word(again), number);
  EXPECT_NE(dictionary_.word("ingress"), number);
  EXPECT_EQ(dictionary_.word(""), 0U);
  // The same text at the beginning of a longer one, at the same address.
  EXPECT_NE(dictionary_.word(std::string_view(egress).substr(0, 2)), number);

  const Identity one = pod("web-1", "a");
  const Identity same = pod("web-1", "a");
  const Identity other = pod("web-1", "b");
  const Identity nobody;
  EXPECT_EQ(dictionary_.identity(nullptr), 0U);
  EXPECT_NE(dictionary_.identity(&one), 0U);
  EXPECT_EQ(dictionary_.identity(&one), dictionary_.identity(&same));
  EXPECT_NE(dictionary_.identity(&one), dictionary_.identity(&other));
  EXPECT_NE(dictionary_.identity(&nobody), dictionary_.identity(&one));
  EXPECT_FALSE(dictionary_.is_full());
}

TEST_F(DictionaryTest, GoesOnWithWhatTheFileHas) {
  const Identity one = pod("web-1", "a");
  const auto word = dictionary_.word("egress");
  const auto identity = dictionary_.identity(&one);
  append();
  // A name that is no UTF-8 is mended in the file.
  const auto broken = dictionary_.word("\xff\xfe");
  append();
  Dictionary next;
  ASSERT_TRUE(next.load(*session_, "file").has_value());
  EXPECT_EQ(next.word("egress"), word);
  EXPECT_EQ(next.identity(&one), identity);
  EXPECT_GT(next.word("new"), broken) << "whose number would be another text's as well";
  const Identity two = pod("web-2", "a");
  EXPECT_GT(next.identity(&two), identity);
}

TEST_F(DictionaryTest, WhatWasRolledBackIsForgotten) {
  const auto kept = dictionary_.word("kept");
  append();
  run("BEGIN");
  const auto lost = dictionary_.word("lost");
  append();
  run("ROLLBACK");
  ASSERT_TRUE(dictionary_.load(*session_, "file").has_value());
  EXPECT_EQ(dictionary_.word("kept"), kept);
  EXPECT_EQ(dictionary_.word("another"), lost) << "nobody has that number";
  append();
  const auto names = use(false);
  ASSERT_TRUE(names.has_value()) << names.error().message;
  EXPECT_EQ(word(*names, lost), "another");
}

TEST_F(DictionaryTest, FillsUp) {
  EXPECT_FALSE(dictionary_.is_full());
  std::vector<std::string> words;
  for (int i = 0; i < 100'000; ++i) words.push_back(fmt::format("another word {}", i));
  for (const std::string& text : words) (void)dictionary_.word(text);
  EXPECT_TRUE(dictionary_.is_full());
  dictionary_.clear();
  EXPECT_FALSE(dictionary_.is_full());
}

TEST_F(DictionaryTest, StatementsHaveNamesForNumbers) {
  const Identity one = pod("web-1", "a");
  const auto egress = dictionary_.word("egress");
  const auto identity = dictionary_.identity(&one);
  append();
  const auto names = use(false);
  ASSERT_TRUE(names.has_value()) << names.error().message;
  EXPECT_EQ(word(*names, egress), "egress");
  EXPECT_EQ(word(*names, 0), "");
  EXPECT_EQ(word(*names, 1'000'000), "");
  const auto end = [&](std::string_view column) {
    return text(
        fmt::format("SELECT netprobe_{}({}, {}::UINTEGER)", column, names->number(), identity));
  };
  EXPECT_EQ(end("kind"), "pod");
  EXPECT_EQ(end("name"), "web-1");
  EXPECT_EQ(end("namespace"), "shop");
  EXPECT_EQ(end("workload"), "web");
  EXPECT_EQ(end("labels"),
            "\x1f"
            "app=a\x1f");
  // Of a use that has ended, or never was, nothing is known.
  EXPECT_EQ(
      text(fmt::format("SELECT netprobe_word({}, {}::UINTEGER)", names->number() + 1, egress)), "");
}

TEST_F(DictionaryTest, WhatIsWrittenMeanwhileIsThereForTheNext) {
  const auto first = dictionary_.word("first");
  append();
  const auto early = use(true);
  ASSERT_TRUE(early.has_value());
  const auto second = dictionary_.word("second");
  append();
  const auto late = use(true);
  ASSERT_TRUE(late.has_value());
  EXPECT_EQ(word(*early, first), "first");
  EXPECT_EQ(word(*late, first), "first");
  EXPECT_EQ(word(*late, second), "second");
  const auto third = dictionary_.word("third");
  append();
  // Closed: what was read before is not taken to be all.
  const auto closed = use(false);
  ASSERT_TRUE(closed.has_value());
  EXPECT_EQ(word(*closed, third), "third");
}

TEST_F(DictionaryTest, OnlyWhatIsAskedForIsRead) {
  const auto number = dictionary_.word("a word");
  append();
  const auto none = use(false, NameColumns().set(1));
  ASSERT_TRUE(none.has_value());
  EXPECT_EQ(word(*none, number), "");
  const auto both = use(false);
  ASSERT_TRUE(both.has_value());
  EXPECT_EQ(word(*both, number), "a word");
}

TEST_F(DictionaryTest, TooMuchAtOnceIsRefused) {
  const std::string text(2U << 20U, 'x');
  (void)dictionary_.word(text);
  append();
  const auto refused = use(false);
  ASSERT_FALSE(refused.has_value());
  EXPECT_EQ(refused.error().kind, ErrorKind::kNoPermission);
  // What does not need it goes on.
  EXPECT_TRUE(use(false, NameColumns().set(1)).has_value());
}

}  // namespace
}  // namespace netprobe::duck
