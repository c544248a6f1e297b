// SPDX-License-Identifier: Apache-2.0
// What is compressed, as zlib reads it.
#include "io/deflate.h"

#include <gtest/gtest.h>
#include <zlib.h>

#include <random>

namespace netprobe {
namespace {

using Flush = DeflateStream::Flush;
using Frame = DeflateStream::Frame;

struct Inflated {
  std::string text;
  bool ended = false;     ///< the stream is whole
  std::size_t after = 0;  ///< bytes behind its end
};

Inflated inflated(std::string_view packed, Frame frame = Frame::kGzip) {
  Inflated all;
  z_stream stream{};
  EXPECT_EQ(::inflateInit2(&stream, frame == Frame::kGzip ? 15 + 16 : -15), Z_OK);
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(packed.data()));
  stream.avail_in = static_cast<uInt>(packed.size());
  std::string room(64UL * 1024, '\0');
  int state = Z_OK;
  while (state == Z_OK) {
    stream.next_out = reinterpret_cast<Bytef*>(room.data());
    stream.avail_out = static_cast<uInt>(room.size());
    state = ::inflate(&stream, Z_NO_FLUSH);
    all.text.append(room.data(), room.size() - stream.avail_out);
  }
  all.ended = state == Z_STREAM_END;
  all.after = stream.avail_in;
  EXPECT_TRUE(all.ended || state == Z_BUF_ERROR) << state;
  ::inflateEnd(&stream);
  return all;
}

/// Lines that are like each other, as records are.
std::string lines(std::size_t bytes, std::mt19937_64& random) {
  std::string out;
  while (out.size() < bytes)
    out += R"({"kind":"flows","src.ip":"10.1.)" + std::to_string(random() % 256) + R"(","bytes":)" +
           std::to_string(random() % 100'000) + "}\n";
  out.resize(bytes);
  return out;
}

std::string noise(std::size_t bytes, std::mt19937_64& random) {
  std::string out(bytes, '\0');
  for (char& c : out) c = static_cast<char>(random());
  return out;
}

TEST(Deflate, PacksWholeTexts) {
  std::mt19937_64 random(1);
  for (const std::size_t size : {0UL, 1UL, 17UL, 300UL, 32'768UL, 65'536UL, 300'000UL, 5'000'000UL})
    for (const std::string& text : {lines(size, random), noise(size, random)}) {
      const std::string packed = gzip(text);
      const Inflated back = inflated(packed);
      EXPECT_TRUE(back.ended) << size;
      EXPECT_EQ(back.after, 0U) << size;
      EXPECT_TRUE(back.text == text) << size;
    }
  const std::string text = lines(1'000'000, random);
  EXPECT_LT(gzip(text).size() * 4, text.size());
}

TEST(Deflate, OneObjectMakesOneStreamAfterTheOther) {
  std::mt19937_64 random(2);
  DeflateStream stream;
  for (int i = 0; i < 50; ++i) {
    const std::string text = lines(random() % 100'000, random);
    std::string packed;
    stream.add(text, Flush::kEnd, packed);
    const Inflated back = inflated(packed);
    EXPECT_TRUE(back.ended);
    EXPECT_EQ(back.after, 0U);
    EXPECT_TRUE(back.text == text) << i;
  }
}

TEST(Deflate, PiecesCanBeReadAsFarAsTheyWereFlushed) {
  std::mt19937_64 random(3);
  for (const Frame frame : {Frame::kGzip, Frame::kNone})
    for (int round = 0; round < 20; ++round) {
      DeflateStream stream(frame);
      std::string packed;
      std::string text;
      for (int i = 0; i < 30; ++i) {
        const std::size_t size = random() % 4 == 0 ? random() % 200'000 : random() % 500;
        const std::string piece = random() % 2 == 0 ? lines(size, random) : noise(size, random);
        const auto flush = std::array{Flush::kNone, Flush::kSync, Flush::kApart}.at(random() % 3);
        stream.add(piece, flush, packed);
        text += piece;
        const Inflated back = inflated(packed, frame);
        EXPECT_FALSE(back.ended);
        if (flush == Flush::kNone)
          ASSERT_TRUE(text.starts_with(back.text));
        else
          ASSERT_TRUE(back.text == text) << i;
      }
      stream.add({}, Flush::kEnd, packed);
      const Inflated back = inflated(packed, frame);
      EXPECT_TRUE(back.ended);
      EXPECT_EQ(back.after, 0U);
      EXPECT_TRUE(back.text == text);
    }
}

TEST(Deflate, WhatItPackedItUnpacks) {
  std::mt19937_64 random(5);
  for (const std::size_t size : {0UL, 1UL, 1000UL, 3'000'000UL}) {
    const std::string text = lines(size, random);
    EXPECT_TRUE(gunzip(gzip(text)) == text) << size;
  }
  // Much of nothing, which fills each room that is made for it.
  const std::string zeros(20'000'000, '\0');
  EXPECT_TRUE(gunzip(gzip(zeros)) == zeros);
}

// As an insert is made: two streams, each by itself, are one.
TEST(Deflate, WhatStandsApartGoesOnWithAnotherStream) {
  std::mt19937_64 random(4);
  for (const std::size_t size : {0UL, 1UL, 100UL, 100'000UL}) {
    const std::string first = lines(size, random);
    const std::string rest = lines(70'000, random);
    std::string packed;
    DeflateStream(Frame::kNone).add(first, Flush::kApart, packed);
    DeflateStream(Frame::kNone).add(rest, Flush::kEnd, packed);
    const Inflated back = inflated(packed, Frame::kNone);
    EXPECT_TRUE(back.ended);
    EXPECT_TRUE(back.text == first + rest) << size;
  }
}

}  // namespace
}  // namespace netprobe
