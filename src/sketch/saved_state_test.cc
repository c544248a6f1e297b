// SPDX-License-Identifier: Apache-2.0
#include "sketch/saved_state.h"

#include <gtest/gtest.h>

namespace netprobe {
namespace {

std::string made() {
  std::string out = "what was there before";
  StateWriter writer(out, "thing", 3);
  writer.u8(0xfe);
  writer.u16(0xfedc);
  writer.u32(0xfedcba98);
  writer.i64(-2);
  writer.finish();
  return out;
}

TEST(SavedState, IsReadAsItWasWritten) {
  const std::string text = made();
  auto reader = StateReader::open(text, "thing", 3);
  ASSERT_TRUE(reader) << reader.error().message;
  EXPECT_EQ(reader->u8(), 0xfe);
  EXPECT_EQ(reader->u16(), 0xfedc);
  EXPECT_EQ(reader->u32(), 0xfedcba98);
  EXPECT_FALSE(reader->end("thing")) << "there is more";
  EXPECT_EQ(reader->i64(), -2);
  EXPECT_TRUE(reader->end("thing"));
  EXPECT_EQ(reader->u64(), 0U);
  EXPECT_FALSE(reader->end("thing")) << "there was no more";
}

TEST(SavedState, EveryBitThatChangedIsFound) {
  const std::string good = made();
  for (std::size_t bit = 0; bit < good.size() * 8; ++bit) {
    std::string bad = good;
    bad[bit / 8] = static_cast<char>(bad[bit / 8] ^ (1 << (bit % 8)));
    EXPECT_FALSE(StateReader::open(bad, "thing", 3)) << bit;
  }
  for (std::size_t size = 0; size < good.size(); ++size)
    EXPECT_FALSE(StateReader::open(good.substr(0, size), "thing", 3)) << size;
  EXPECT_FALSE(StateReader::open(good + "x", "thing", 3));
}

TEST(SavedState, SaysWhyItRefuses) {
  const auto why = [](const std::string& text, std::string_view name, std::uint32_t version) {
    const auto reader = StateReader::open(text, name, version);
    return reader ? std::string() : reader.error().message;
  };
  EXPECT_EQ(why(made(), "other", 3),
            "what 'other' had learnt is refused: the file is another detector's");
  EXPECT_EQ(why(made(), "thing", 4), "what 'thing' had learnt is refused: its version is 3, not 4");
  EXPECT_EQ(why("{}", "thing", 3),
            "what 'thing' had learnt is refused: it is not a file of learnt state");
  EXPECT_EQ(why(std::string(kMostStateBytes + 1, 'N'), "thing", 3),
            "what 'thing' had learnt is refused: the file is too large");
}

TEST(SavedState, CountsAreHeldAgainstWhatThereIs) {
  std::string text;
  StateWriter writer(text, "thing", 1);
  writer.u32(1000);
  writer.finish();
  auto reader = StateReader::open(text, "thing", 1);
  ASSERT_TRUE(reader);
  EXPECT_EQ(reader->count(2000), 0U) << "no room in the file for so many";
  EXPECT_FALSE(reader->ok());
}

}  // namespace
}  // namespace netprobe
