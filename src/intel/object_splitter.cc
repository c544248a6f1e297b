// SPDX-License-Identifier: Apache-2.0
#include "intel/object_splitter.h"

#include <algorithm>

namespace netprobe::intel {
namespace {

bool is_space(char c) { return c == ' ' || c == '\n' || c == '\r' || c == '\t'; }

}  // namespace

void ObjectSplitter::keep(std::string_view text) {
  const std::size_t room = most_ - held_.size();
  too_long_ = too_long_ || text.size() > room;
  held_ += text.substr(0, room);
}

std::size_t ObjectSplitter::scan(std::string_view piece) {
  std::size_t from = 0;  // of what belongs to the object
  for (std::size_t i = 0; i < piece.size(); ++i) {
    const bool held = object_depth_ > 0;
    if (!scan_char(piece[i])) return piece.size();
    if (!held && object_depth_ > 0) from = i;
    if (whole_) {
      keep(piece.substr(from, i + 1 - from));
      return i + 1;
    }
  }
  if (object_depth_ > 0) keep(piece.substr(from));
  return piece.size();
}

bool ObjectSplitter::scan_char(char c) {
  if (in_string_) {
    if (escaped_)
      escaped_ = false;
    else if (c == '\\')
      escaped_ = true;
    else if (c == '"')
      in_string_ = false;
    return true;
  }
  if (depth_ == 0 && !is_space(c)) {
    if (began_ || (c != '{' && c != '[')) {
      failed_ = fail(began_ ? "something stands behind the end of the JSON"
                            : "it is neither a JSON object nor an array");
      return false;
    }
    began_ = true;
  }
  if (c == '"') {
    in_string_ = true;
  } else if (c == '{' || c == '[') {
    open(c);
  } else if (c == '}' || c == ']') {
    return close(c);
  }
  return true;
}

void ObjectSplitter::open(char c) {
  ++depth_;
  if (depth_ <= 2) outer_arrays_[depth_ - 1] = c == '[';
  if (object_depth_ > 0 || c != '{') return;
  const bool in_top = depth_ == 2 && outer_arrays_[0];
  const bool in_member = depth_ == 3 && !outer_arrays_[0] && outer_arrays_[1];
  if (in_top || in_member) object_depth_ = depth_;
}

bool ObjectSplitter::close(char c) {
  if (depth_ <= 2 && outer_arrays_[depth_ - 1] != (c == ']')) {
    failed_ = fail("its brackets do not match: it is no JSON");
    return false;
  }
  whole_ = depth_ == object_depth_;
  if (whole_) object_depth_ = 0;
  --depth_;
  return true;
}

Status ObjectSplitter::finish() const {
  if (!failed_) return failed_;
  if (!began_) return fail("it is empty");
  if (depth_ > 0 || in_string_) return fail("its JSON ends in the middle");
  return {};
}

}  // namespace netprobe::intel
