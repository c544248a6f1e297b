// SPDX-License-Identifier: Apache-2.0
#include "export/json_lines/line_buffer.h"

#include <algorithm>
#include <numeric>
#include <utility>

namespace netprobe {

std::size_t LineBuffer::lines_in(std::size_t bytes) const {
  return static_cast<std::size_t>(std::ranges::upper_bound(ends_, bytes) - ends_.begin());
}

SendOutcome LineBuffer::outcome(std::size_t written, std::string problem) const {
  SendOutcome outcome;
  outcome.again.resize(ends_.size() - written);
  std::iota(outcome.again.begin(), outcome.again.end(), static_cast<std::uint32_t>(written));
  outcome.bytes = end_of_lines(written);
  outcome.problem = std::move(problem);
  return outcome;
}

}  // namespace netprobe
