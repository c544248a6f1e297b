// SPDX-License-Identifier: Apache-2.0
#include "kube/client/list_splitter.h"

#include <simdjson.h>

namespace netprobe::kube {
namespace {

/// Deeper than any API object; JSON bombs are nothing but depth.
constexpr int kMostDepth = 1'000;
/// Of one page, whatever is in it.
constexpr std::uint64_t kMostBytes = 1ULL << 30;

bool is_space(char c) { return c == ' ' || c == '\n' || c == '\r' || c == '\t'; }

}  // namespace

Status ListSplitter::feed(std::string_view data,
                          const std::function<void(std::string_view)>& item) {
  total_ += data.size();
  if (total_ > kMostBytes) return fail("the answer is larger than a list can be");
  while (!data.empty()) {
    if (in_item_) {
      data.remove_prefix(take_item(data));
      if (in_item_) return {};
      if (too_long_) {
        ++skipped_;
      } else {
        item_.reserve(item_.size() + simdjson::SIMDJSON_PADDING);
        item(item_);
      }
      item_.clear();
      too_long_ = false;
      continue;
    }
    const char c = data.front();
    if (in_items_ && depth_ == 2 && !in_string_ && c == '{') {
      in_item_ = true;
      junk_ = false;
      depth_ = 0;
      continue;
    }
    data.remove_prefix(1);
    if (in_items_) {
      take_between(c);
    } else if (auto taken = take_outside(c); !taken) {
      return taken;
    }
  }
  return {};
}

/// How many bytes of `data` belong to the item; it is whole where in_item_ is
/// off afterwards. The hot loop: one look at each byte.
std::size_t ListSplitter::take_item(std::string_view data) {
  std::size_t i = 0;
  for (; i < data.size() && in_item_; ++i) {
    const char c = data[i];
    if (in_string_) {
      take_in_string(c);
      continue;
    }
    switch (c) {
      case '"':
        in_string_ = true;
        break;
      case '{':
      case '[':
        ++depth_;
        break;
      case '}':
      case ']':
        if (--depth_ <= 0) in_item_ = false;
        break;
      default:
        break;
    }
  }
  if (!in_item_) depth_ = 2;
  if (item_.size() + i > max_item_) {
    too_long_ = true;
    item_.clear();
    item_.shrink_to_fit();
  }
  if (!too_long_) item_.append(data.substr(0, i));
  return i;
}

/// Between items: commas, the closing bracket, and whatever does not belong.
void ListSplitter::take_between(char c) {
  if (in_string_) return take_in_string(c);
  if (is_space(c)) return;
  if (c == '[') {
    ++depth_;
  } else if (c == ']' && --depth_ == 1) {
    in_items_ = false;
    rest_ += ']';
  }
  const bool separates = depth_ <= 2 && (c == ',' || (c == ']' && !in_items_));
  if (!separates) {
    if (!junk_) ++skipped_;
    junk_ = true;
    in_string_ = c == '"';
    return;
  }
  junk_ = false;
}

Status ListSplitter::take_outside(char c) {
  if (depth_ == 0) {
    if (is_space(c)) return {};
    if (c != '{' || !rest_.empty()) return fail("the answer is no JSON object");
  }
  if (rest_.size() >= max_rest_) return fail("the answer is larger than a list can be");
  rest_ += c;
  if (in_string_) {
    take_in_string(c);
    if (in_string_ && depth_ == 1) key_ += c;
    return {};
  }
  switch (c) {
    case '"':
      in_string_ = true;
      if (depth_ == 1) key_.clear();
      break;
    case '[':
      ++depth_;
      in_items_ = depth_ == 2 && key_ == "items";
      break;
    case '{':
      if (++depth_ > kMostDepth) return fail("the answer is nested too deeply");
      break;
    case '}':
    case ']':
      --depth_;
      break;
    default:
      break;
  }
  return {};
}

Result<std::string> ListSplitter::finish() const {
  if (rest_.empty()) return fail("the answer is empty");
  if (depth_ != 0 || in_item_ || in_items_) return fail("the answer is cut off");
  std::string rest = rest_;
  rest.reserve(rest.size() + simdjson::SIMDJSON_PADDING);
  return rest;
}

}  // namespace netprobe::kube
