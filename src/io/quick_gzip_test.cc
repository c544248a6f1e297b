// SPDX-License-Identifier: Apache-2.0
#include "io/quick_gzip.h"

#include <gtest/gtest.h>

#include <random>
#include <string>

#include "io/prefix_code.h"
#include "io/testing/gunzip.h"

namespace netprobe {
namespace {

using testing::gunzip;

void expect_same(QuickGzip& gzip, const std::string& text) {
  const std::string packed(gzip.compress(text));
  const auto back = gunzip(packed);
  ASSERT_TRUE(back) << "of " << text.size() << " bytes: zlib does not read it";
  ASSERT_EQ(back->size(), text.size());
  EXPECT_TRUE(*back == text) << "of " << text.size() << " bytes";
}

std::string lines(std::size_t count) {
  std::string text;
  std::mt19937 random(7);
  for (std::size_t i = 0; i < count; ++i)
    text += R"({"kind":"flows","src.name":"web-)" + std::to_string(random() % 50) +
            R"(","dst.port":443,"bytes":)" + std::to_string(random()) + "}\n";
  return text;
}

TEST(QuickGzip, ZlibReadsTextsOfEverySize) {
  QuickGzip gzip;
  const std::string all = lines(20'000);
  for (std::size_t size : {std::size_t{0}, std::size_t{1}, std::size_t{4095}, std::size_t{4096},
                           std::size_t{4097}, std::size_t{262'143}, std::size_t{262'144},
                           std::size_t{262'145}, std::size_t{262'150}, all.size()})
    expect_same(gzip, all.substr(0, size));
  for (std::size_t size = 4'096; size < 4'200; ++size) expect_same(gzip, all.substr(size, size));
}

TEST(QuickGzip, WhatIsAlikeBecomesSmall) {
  QuickGzip gzip;
  const std::string text = lines(20'000);
  EXPECT_LT(gzip.compress(text).size(), text.size() / 4);
}

TEST(QuickGzip, ZlibReadsWhatIsNotAlikeAtAll) {
  QuickGzip gzip;
  std::mt19937 random(1);
  for (const unsigned letters : {1U, 2U, 3U, 16U, 255U, 256U}) {
    std::string text(300'000, '\0');
    for (char& c : text) c = static_cast<char>(random() % letters);
    expect_same(gzip, text);
    // No more than an eighth and the codes.
    EXPECT_LT(gzip.compress(text).size(), text.size() * 9 / 8 + 1'000);
  }
}

TEST(QuickGzip, RepeatsOfEveryLengthAndDistance) {
  QuickGzip gzip;
  std::mt19937 random(3);
  std::string text;
  for (std::size_t length = 1; length < 800; ++length) {
    std::string piece(length, '\0');
    for (char& c : piece) c = static_cast<char>(random());
    text += piece + piece;
  }
  for (int i = 0; i < 3'000; ++i) {
    const std::size_t length = 1 + random() % 40;
    const std::size_t back = std::min(text.size(), std::size_t{1} + random() % 40'000);
    if (back < length) continue;
    text += text.substr(text.size() - back, length);
  }
  expect_same(gzip, text);
}

TEST(QuickGzip, RandomMixtures) {
  QuickGzip gzip;
  std::mt19937 random(5);
  for (int round = 0; round < 200; ++round) {
    std::string text;
    const std::size_t size = 4'096 + random() % 20'000;
    const unsigned letters = 1 + random() % 200;
    while (text.size() < size) {
      if (random() % 3 != 0 && text.size() > 10) {
        const std::size_t from = random() % text.size();
        text += text.substr(from, random() % 600);
      } else {
        text += static_cast<char>(random() % letters);
      }
    }
    expect_same(gzip, text);
  }
}

TEST(PrefixCodes, AreNoLongerThanTheyMayBeAndWhole) {
  std::mt19937 random(1);
  for (int round = 0; round < 300; ++round) {
    const unsigned most = round % 2 == 0 ? 15 : 7;
    std::vector<std::uint32_t> counts(round % 2 == 0 ? 2 + random() % 285 : 2 + random() % 15);
    // As uneven as it gets: Fibonacci's numbers make the longest codes.
    std::uint32_t a = 1;
    std::uint32_t b = 1;
    for (std::uint32_t& count : counts) {
      count = round % 3 == 0 ? a : random() % 1'000;
      a = std::exchange(b, std::min(a + b, 1U << 30U));
    }
    counts[0] = std::max(counts[0], 1U);
    counts[1] = std::max(counts[1], 1U);
    std::vector<PrefixCode> codes(counts.size());
    make_prefix_codes(counts, most, codes);
    std::uint64_t used = 0;
    for (std::size_t i = 0; i < codes.size(); ++i) {
      ASSERT_EQ(codes[i].length == 0, counts[i] == 0);
      ASSERT_LE(codes[i].length, most);
      if (codes[i].length > 0) used += std::uint64_t{1} << (most - codes[i].length);
    }
    EXPECT_EQ(used, std::uint64_t{1} << most);
  }
}

}  // namespace
}  // namespace netprobe
