// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <vector>

namespace netprobe {

struct HalfSpaceOptions {
  unsigned trees = 25;
  unsigned height = 8;
  unsigned window = 1'000;  ///< points after which what was seen becomes what is expected
  std::uint64_t seed = 1;   ///< the same gives the same trees
};

/// Streaming Half-Space Trees (Tan, Ting, Liu: Fast Anomaly Detection for Streaming Data,
/// 2011). Each tree cuts the cube of features at random, halving; leaves that few points of
/// the window before reached are odd. The mass of a window replaces the one before, so it
/// follows what changes slowly, and anomalies that come packed become normal within a window.
class HalfSpaceTrees {
 public:
  static constexpr std::size_t kFeatures = 7;
  using Point = std::array<float, kFeatures>;  ///< each within 0 and 1

  explicit HalfSpaceTrees(HalfSpaceOptions options);
  /// How odd it is, from 0 to 1; 0 while the first window is not full. Then learns it.
  double score_and_learn(const Point& point);
  [[nodiscard]] bool ready() const { return windows_ > 0; }
  [[nodiscard]] std::size_t bytes() const { return nodes_.capacity() * sizeof(Node); }

 private:
  struct Node {
    std::uint32_t expected = 0;  ///< points of the window before
    std::uint32_t seen = 0;      ///< of this window
    float split = 0;
    std::uint8_t feature = 0;
  };
  void grow(std::size_t tree, std::uint64_t& random);

  HalfSpaceOptions options_;
  std::size_t nodes_of_tree_;
  std::vector<Node> nodes_;  ///< tree after tree, each as a heap
  unsigned points_ = 0;      ///< of this window
  unsigned windows_ = 0;
};

}  // namespace netprobe
