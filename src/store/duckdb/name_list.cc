// SPDX-License-Identifier: Apache-2.0
#include "store/duckdb/name_list.h"

#include <cstring>

#include "store/duckdb/text.h"

namespace netprobe::duck {

void NameList::add(std::uint32_t number, std::string_view text) {
  ++size_;
  if (number >= places_.size()) places_.resize(number + 1, 0);
  if (text.empty()) return;
  auto found = known_.find(text);
  if (found == known_.end()) {
    char* copy = static_cast<char*>(memory_.allocate(text.size(), 1));
    std::memcpy(copy, text.data(), text.size());
    text_bytes_ += text.size();
    const std::string_view own(copy, text.size());
    found = known_.try_emplace(own, static_cast<std::uint32_t>(texts_.size())).first;
    texts_.push_back(text_of(own));
  }
  places_[number] = found->second;
}

void NameList::finish() {
  known_ = {};
  places_.shrink_to_fit();
  texts_.shrink_to_fit();
}

std::vector<bool> NameList::where(const std::function<bool(std::string_view)>& test) const {
  std::vector<bool> of_text;
  of_text.reserve(texts_.size());
  for (const Text& text : texts_) of_text.push_back(test(view_of(text)));
  std::vector<bool> result;
  result.reserve(places_.size() + 1);
  for (const std::uint32_t place : places_) result.push_back(of_text[place]);
  if (result.empty()) result.push_back(of_text[0]);
  return result;
}

std::size_t NameList::bytes() const {
  return sizeof *this + text_bytes_ + places_.size() * sizeof(std::uint32_t) +
         texts_.size() * sizeof(Text);
}

}  // namespace netprobe::duck
