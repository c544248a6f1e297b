// SPDX-License-Identifier: Apache-2.0
#include "io/prefix_code.h"

#include <algorithm>
#include <array>
#include <utility>
#include <vector>

namespace netprobe {
namespace {

constexpr std::size_t kMostBits = 15;

struct Node {
  std::uint64_t count = 0;
  std::size_t parent = 0;
};

/// How many codes have which length, by Huffman's way with two queues: leaves, by their
/// counts, and inner nodes, which come by theirs.
std::array<std::uint32_t, 64> lengths_of(std::vector<Node>& nodes) {
  const std::size_t leaves = nodes.size();
  std::size_t leaf = 0;
  std::size_t inner = leaves;
  const auto take = [&](std::size_t parent) {
    const bool is_leaf =
        leaf < leaves && (inner >= nodes.size() || nodes[leaf].count <= nodes[inner].count);
    Node& least = nodes[is_leaf ? leaf++ : inner++];
    least.parent = parent;
    return least.count;
  };
  nodes.reserve(2 * leaves);
  for (std::size_t made = leaves; made < 2 * leaves - 1; ++made) {
    const std::uint64_t first = take(made);
    const std::uint64_t second = take(made);
    nodes.push_back({first + second, 0});
  }
  std::array<std::uint32_t, 64> lengths{};
  std::vector<std::uint8_t> depth(nodes.size());
  for (std::size_t i = nodes.size() - 1; i-- > 0;) {
    depth[i] = static_cast<std::uint8_t>(depth[nodes[i].parent] + 1);
    if (i < leaves) ++lengths.at(std::min<std::size_t>(depth[i], lengths.size() - 1));
  }
  return lengths;
}

/// Codes that are too long become as long as may be, and shorter ones longer, until there
/// is a place for each.
void shorten(std::array<std::uint32_t, 64>& lengths, std::size_t most) {
  for (std::size_t i = most + 1; i < lengths.size(); ++i)
    lengths.at(most) += std::exchange(lengths.at(i), 0U);
  std::uint64_t used = 0;  // of the places that codes of `most` bits have
  for (std::size_t i = 1; i <= most; ++i) used += std::uint64_t{lengths.at(i)} << (most - i);
  for (; used > std::uint64_t{1} << most; --used) {
    --lengths.at(most);
    for (std::size_t i = most - 1; i > 0; --i) {
      if (lengths.at(i) == 0) continue;
      --lengths.at(i);
      lengths.at(i + 1) += 2;
      break;
    }
  }
}

std::uint16_t reversed(std::uint32_t bits, unsigned length) {
  std::uint32_t out = 0;
  for (unsigned i = 0; i < length; ++i, bits >>= 1U) out = out << 1U | (bits & 1U);
  return static_cast<std::uint16_t>(out);
}

}  // namespace

void make_prefix_codes(std::span<const std::uint32_t> counts, unsigned most,
                       std::span<PrefixCode> codes) {
  std::vector<std::uint16_t> symbols;  // that are used, rare ones first
  for (std::size_t i = 0; i < counts.size(); ++i)
    if (counts[i] > 0) symbols.push_back(static_cast<std::uint16_t>(i));
  std::ranges::sort(symbols, {}, [&](std::uint16_t i) { return std::pair(counts[i], i); });
  std::vector<Node> nodes;
  for (const std::uint16_t symbol : symbols) nodes.push_back({counts[symbol], 0});
  auto lengths = lengths_of(nodes);
  shorten(lengths, most);

  std::ranges::fill(codes, PrefixCode{});
  std::size_t next = 0;
  for (std::size_t length = most; length > 0; --length)
    for (std::uint32_t i = 0; i < lengths.at(length); ++i)
      codes[symbols[next++]].length = static_cast<std::uint8_t>(length);
  std::array<std::uint32_t, kMostBits + 1> first{};
  std::uint32_t code = 0;
  for (std::size_t length = 1; length <= most; ++length) {
    code = (code + (length > 1 ? lengths.at(length - 1) : 0)) << 1U;
    first.at(length) = code;
  }
  for (PrefixCode& each : codes)
    if (each.length > 0) each.bits = reversed(first.at(each.length)++, each.length);
}

}  // namespace netprobe
