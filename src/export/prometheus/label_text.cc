// SPDX-License-Identifier: Apache-2.0
#include "export/prometheus/label_text.h"

#include "base/utf8.h"

namespace netprobe {

LabelText::LabelText(std::initializer_list<std::pair<std::string_view, std::string_view>> labels) {
  for (const auto& [name, value] : labels) append(name, value);
}

LabelText LabelText::with(std::string_view name, std::string_view value) const {
  LabelText more = *this;
  more.append(name, value);
  return more;
}

void LabelText::append(std::string_view name, std::string_view value) {
  if (!text_.empty()) text_ += ',';
  text_ += name;
  text_ += "=\"";
  for (std::size_t i = 0; i < value.size();) {
    const char c = value[i];
    const std::size_t size = utf8_length(value, i);
    if (c == '\\' || c == '"') {
      text_ += '\\';
      text_ += c;
    } else if (c == '\n') {
      text_ += "\\n";
    } else if (size == 0) {
      text_ += kReplacement;  // one bad byte would spoil the whole page
    } else {
      text_ += value.substr(i, size);
    }
    i += size == 0 ? 1 : size;
  }
  text_ += '"';
}

}  // namespace netprobe
