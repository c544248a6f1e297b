// SPDX-License-Identifier: Apache-2.0
#include "probes/xdp/block_filter.h"

#include <arpa/inet.h>
#include <endian.h>

#include <cstring>

namespace netprobe {
namespace {

struct Words {
  std::uint64_t high = 0;
  std::uint64_t low = 0;
};
Words words_of(const IpAddress& address) {
  Words words;
  std::memcpy(&words.high, address.bytes().data(), 8);
  std::memcpy(&words.low, address.bytes().data() + 8, 8);
  return words;
}

/// Programs read them meanwhile.
void put_bits(std::uint64_t& word, std::uint64_t bits) {
  __atomic_fetch_or(&word, bits, __ATOMIC_RELEASE);
}

}  // namespace

Result<BlockFilter> BlockFilter::make(const BpfObject& object, std::uint32_t half_words,
                                      std::uint64_t seed) {
  auto filter =
      MappedArray<std::uint64_t>::make(object.map_fd("block_filter"), std::size_t{2} * half_words);
  auto nets4 = MappedArray<std::uint64_t>::make(object.map_fd("block_nets4"),
                                                std::size_t{2} * NP_NETS4_WORDS);
  auto control = MappedArray<np_block_control>::make(object.map_fd(".data.block"), 1);
  if (!filter) return std::unexpected(filter.error());
  if (!nets4) return std::unexpected(nets4.error());
  if (!control) return std::unexpected(control.error());
  return BlockFilter(std::move(*filter), std::move(*nets4), std::move(*control), half_words, seed);
}

void BlockFilter::present(np_block_present what, Where where) {
  spare_present_ |= what;
  if (where == Where::kBoth) __atomic_fetch_or(&control().first_test, what, __ATOMIC_RELEASE);
}

void BlockFilter::set(std::uint64_t high, std::uint64_t low, np_block_tag tag, Where where) {
  const std::uint64_t hash = np_block_hash(high, low, seed_, tag);
  const std::uint32_t word = np_block_word(hash, half_words_ - 1);
  const std::uint64_t bits = np_block_bits(hash);
  put_bits(filter_[spare() * half_words_ + word], bits);
  if (where == Where::kBoth) put_bits(filter_[(1 - spare()) * half_words_ + word], bits);
}

void BlockFilter::set_nets4(std::uint32_t word, std::uint64_t bits, Where where) {
  put_bits(nets4_[spare() * NP_NETS4_WORDS + word], bits);
  if (where == Where::kBoth) put_bits(nets4_[(1 - spare()) * NP_NETS4_WORDS + word], bits);
}

void BlockFilter::set_net4(const IpPrefix& net, Where where) {
  std::uint32_t address = 0;
  std::memcpy(&address, net.network().bytes().data() + 12, 4);
  address = ntohl(address);
  const auto bits_of = [](std::uint32_t first, std::uint32_t count) {
    return count == 64 ? ~0ULL : ((1ULL << count) - 1) << (first & 63);
  };
  // A prefix is aligned: it fills whole words or lies in one.
  const auto fill = [&](std::uint32_t words, std::uint32_t first, std::uint32_t count) {
    const std::uint32_t step = count < 64 ? count : 64;
    for (std::uint32_t at = first; at < first + count; at += step)
      set_nets4(words + (at >> 6), bits_of(at, step), where);
  };
  const auto count = [&](int most) {
    return net.length() >= most ? 1U : 1U << (most - net.length());
  };
  fill(NP_NETS4_FIRST, address >> 8, count(24));
  fill(0, address >> 16, count(16));
  present(NP_BLOCK_NETS4, where);
}

void BlockFilter::set_net6(const IpPrefix& net, Where where) {
  const std::uint64_t high = words_of(net.network()).high;
  const std::uint64_t first32 = high & htobe64(0xffffffff00000000ULL);
  if (net.length() < 48)
    set(first32, 0, NP_TAG_NETWIDE, where);
  else
    set(high & htobe64(0xffffffffffff0000ULL), 0, NP_TAG_NET48, where);
  set(first32, 0, NP_TAG_NET32, where);
  present(NP_BLOCK_NETS6, where);
}

void BlockFilter::add_source(const IpPrefix& what, Where where) {
  if (what.bits() < 128) {
    if (what.network().is_v4())
      set_net4(what, where);
    else
      set_net6(what, where);
    return;
  }
  const Words words = words_of(what.network());
  set(words.high, words.low, NP_TAG_SOURCE, where);
  present(NP_BLOCK_ADDRESSES, where);
}

void BlockFilter::add_target(const IpAddress& address, np_block_tag tag, Where where) {
  const Words words = words_of(address);
  set(words.high, words.low, tag, where);
  present(tag == NP_TAG_SERVICE ? NP_BLOCK_SYN : NP_BLOCK_TARGETS, where);
}

void BlockFilter::begin_anew() {
  std::memset(&filter_[spare() * half_words_], 0, half_words_ * sizeof(std::uint64_t));
  std::memset(&nets4_[spare() * NP_NETS4_WORDS], 0, NP_NETS4_WORDS * sizeof(std::uint64_t));
  spare_present_ = 0;
}

void BlockFilter::end_anew() {
  // Whichever order a program sees these in: what was there stays in the half
  // that was asked, and what is new is in both.
  __atomic_store_n(&control().half, spare(), __ATOMIC_RELEASE);
  __atomic_store_n(&control().first_test, spare_present_, __ATOMIC_RELEASE);
}

void BlockFilter::pass_everything() {
  __atomic_store_n(&control().first_test, 0U, __ATOMIC_RELEASE);
}

}  // namespace netprobe
