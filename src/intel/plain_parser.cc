// SPDX-License-Identifier: Apache-2.0
#include "intel/entry_text.h"
#include "intel/feed_parser.h"
#include "intel/line_splitter.h"

namespace netprobe::intel {
namespace {

constexpr std::string_view kEndsWord = " \t\r\f\v#;";
constexpr std::string_view kBeforeReason = " \t#;/-:|";

/// The word at the front of `text`, which loses it.
std::string_view take_word(std::string_view& text) {
  const auto end = std::min(text.find_first_of(kEndsWord), text.size());
  const std::string_view word = text.substr(0, end);
  text = trimmed(text.substr(end));
  return word;
}

bool is_comment(std::string_view text) {
  return text.starts_with('#') || text.starts_with(';') || text.starts_with("//");
}

/// What hosts files send names to that are to lead nowhere.
bool is_nowhere(const FeedEntry& entry) {
  const auto* address = std::get_if<IpAddress>(&entry);
  return address != nullptr &&
         (address->is_unspecified() || address->is_loopback() || *address == IpAddress::v4(0));
}

class PlainParser final : public FeedParser {
 public:
  explicit PlainParser(ListBuilder& builder) : builder_(builder) {}

  Status take(std::string_view piece) override {
    lines_.take(piece, [this](std::string_view line, bool too_long) { take_line(line, too_long); });
    return {};
  }
  Status finish() override {
    lines_.finish([this](std::string_view line, bool too_long) { take_line(line, too_long); });
    return {};
  }

 private:
  void take_line(std::string_view line, bool too_long) {
    std::string_view rest = trimmed(line);
    if (rest.empty() || is_comment(rest)) return;
    if (too_long) return builder_.refuse(Refusal::kTooLong, rest);
    const std::string_view word = take_word(rest);
    const auto entry = parse_entry(word);
    if (!entry) return builder_.refuse(Refusal::kNoEntry, word);
    if (is_nowhere(*entry) && !rest.empty() && !is_comment(rest)) return take_names(rest);
    builder_.add(*entry, word, {.reason = reason_of(rest), .confidence = -1});
  }
  void take_names(std::string_view rest) {
    std::string_view names = rest.substr(0, std::min(rest.find('#'), rest.size()));
    const Note note{.reason = reason_of(rest.substr(names.size())), .confidence = -1};
    names = trimmed(names);
    while (!names.empty()) {
      const std::string_view word = take_word(names);
      if (word.empty()) return;  // a ';' that nobody puts there
      if (const auto name = parse_name(word))
        builder_.add(*name, word, note);
      else
        builder_.refuse(Refusal::kNoEntry, word);
    }
  }
  static std::string reason_of(std::string_view rest) {
    const auto begin = rest.find_first_not_of(kBeforeReason);
    return begin == std::string_view::npos ? std::string() : clean_reason(rest.substr(begin));
  }

  ListBuilder& builder_;
  LineSplitter lines_{kMostLine};
};

}  // namespace

FeedParserPtr make_plain_parser(ListBuilder& builder) {
  return std::make_unique<PlainParser>(builder);
}

}  // namespace netprobe::intel
