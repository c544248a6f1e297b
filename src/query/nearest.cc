// SPDX-License-Identifier: Apache-2.0
#include "query/nearest.h"

#include <algorithm>
#include <array>
#include <utility>

namespace netprobe {
namespace {

constexpr std::size_t kLongest = 64;
constexpr std::size_t kMostWords = 3;

char small(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; }

}  // namespace

std::size_t edit_distance(std::string_view a, std::string_view b) {
  if (a.size() > kLongest || b.size() > kLongest) return kLongest + 1;
  // Optimal string alignment: three rows of the table are all that is needed.
  std::array<std::array<std::size_t, kLongest + 1>, 3> rows{};
  for (std::size_t j = 0; j <= b.size(); ++j) rows[0][j] = j;
  for (std::size_t i = 1; i <= a.size(); ++i) {
    auto& row = rows[i % 3];
    const auto& above = rows[(i - 1) % 3];
    row[0] = i;
    for (std::size_t j = 1; j <= b.size(); ++j) {
      const bool same = small(a[i - 1]) == small(b[j - 1]);
      row[j] = std::min({above[j] + 1, row[j - 1] + 1, above[j - 1] + (same ? 0 : 1)});
      if (i > 1 && j > 1 && small(a[i - 1]) == small(b[j - 2]) &&
          small(a[i - 2]) == small(b[j - 1]))
        row[j] = std::min(row[j], rows[(i - 2) % 3][j - 2] + 1);
    }
  }
  return rows[a.size() % 3][b.size()];
}

std::vector<std::string> nearest_words(std::string_view given,
                                       std::span<const std::string_view> words) {
  const std::size_t most = std::clamp<std::size_t>(given.size() / 3, 1, 3);
  std::vector<std::pair<std::size_t, std::size_t>> near;  // distance, and which word
  for (std::size_t i = 0; i < words.size(); ++i) {
    const auto distance = edit_distance(given, words[i]);
    // One letter for another of a short name is another name.
    if (distance <= most && distance < words[i].size()) near.emplace_back(distance, i);
  }
  std::ranges::sort(near);
  std::vector<std::string> nearest;
  for (const auto& [distance, which] : near) {
    if (distance > near.front().first || nearest.size() == kMostWords) break;
    nearest.emplace_back(words[which]);
  }
  return nearest;
}

std::string did_you_mean(std::span<const std::string> words) {
  std::string text;
  for (std::size_t i = 0; i < words.size(); ++i)
    text += (i == 0                  ? "; did you mean '"
             : i + 1 == words.size() ? " or '"
                                     : ", '") +
            words[i] + "'";
  return text.empty() ? text : text + "?";
}

}  // namespace netprobe
