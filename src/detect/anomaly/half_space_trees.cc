// SPDX-License-Identifier: Apache-2.0
#include "detect/anomaly/half_space_trees.h"

#include <algorithm>
#include <cmath>

#include "base/mix_hash.h"

namespace netprobe {
namespace {

/// A share below which a node is not looked into any further.
constexpr double kFew = 0.01;

double next_unit(std::uint64_t& random) {
  random = mix_hash(random, std::uint64_t{0x5eed});
  return static_cast<double>(random >> 11U) * 0x1p-53;
}

}  // namespace

HalfSpaceTrees::HalfSpaceTrees(HalfSpaceOptions options) : options_(options) {
  options_.trees = std::clamp(options_.trees, 1U, 100U);
  options_.height = std::clamp(options_.height, 1U, 12U);
  options_.window = std::max(options_.window, 10U);
  nodes_of_tree_ = (std::size_t{2} << options_.height) - 1;
  nodes_.resize(nodes_of_tree_ * options_.trees);
  std::uint64_t random = options_.seed;
  for (std::size_t tree = 0; tree < options_.trees; ++tree) grow(tree, random);
}

void HalfSpaceTrees::grow(std::size_t tree, std::uint64_t& random) {
  struct Range {
    float low, high;
  };
  using Ranges = std::array<Range, kFeatures>;
  std::vector<Ranges> ranges(nodes_of_tree_);
  // The work space of the paper: around a random point, twice as far as its far side.
  for (Range& range : ranges[0]) {
    const double middle = next_unit(random);
    const double half = 2 * std::max(middle, 1 - middle);
    range = {static_cast<float>(middle - half), static_cast<float>(middle + half)};
  }
  for (std::size_t i = 0; i < nodes_of_tree_; ++i) {
    Node& node = nodes_[tree * nodes_of_tree_ + i];
    node.feature =
        static_cast<std::uint8_t>(std::min<double>(next_unit(random) * kFeatures, kFeatures - 1));
    const Range cut = ranges[i][node.feature];
    node.split = (cut.low + cut.high) / 2;
    if (2 * i + 2 >= nodes_of_tree_) continue;
    ranges[2 * i + 1] = ranges[2 * i + 2] = ranges[i];
    ranges[2 * i + 1][node.feature].high = node.split;
    ranges[2 * i + 2][node.feature].low = node.split;
  }
}

double HalfSpaceTrees::score_and_learn(const Point& point) {
  double depth_sum = 0;
  const double few = kFew * options_.window;
  for (std::size_t tree = 0; tree < options_.trees; ++tree) {
    Node* const root = &nodes_[tree * nodes_of_tree_];
    std::size_t i = 0;
    bool alone = false;
    double ends = options_.height;
    for (unsigned depth = 0;; ++depth) {
      Node& node = root[i];
      ++node.seen;
      if (!alone && node.expected < few) {
        alone = true;
        // Between the levels by how many were there.
        ends = std::max(0.0, depth - 1 + node.expected / few);
      }
      if (depth == options_.height) break;
      i = 2 * i + (point[node.feature] < node.split ? 1 : 2);
    }
    depth_sum += ends;
  }
  if (++points_ == options_.window) {
    for (Node& node : nodes_) {
      node.expected = node.seen;
      node.seen = 0;
    }
    points_ = 0;
    ++windows_;
    if (windows_ == 1) return 0;
  }
  if (windows_ == 0) return 0;
  return 1 - depth_sum / options_.trees / options_.height;
}

}  // namespace netprobe
