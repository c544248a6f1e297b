// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace netprobe {

/// Letters to add, leave out, change or swap with their neighbour to make one of
/// the other; of texts longer than 64, 65 and more.
[[nodiscard]] std::size_t edit_distance(std::string_view a, std::string_view b);

/// Those of `words` that `given` may be a slip of, nearest first, at most three.
/// Small and capital letters are alike.
[[nodiscard]] std::vector<std::string> nearest_words(std::string_view given,
                                                     std::span<const std::string_view> words);

/// "; did you mean 'a' or 'b'?", or nothing.
[[nodiscard]] std::string did_you_mean(std::span<const std::string> words);

}  // namespace netprobe
