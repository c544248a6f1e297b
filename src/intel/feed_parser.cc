// SPDX-License-Identifier: Apache-2.0
// What a feed is, by its beginning, and the parser for it.
#include "intel/feed_parser.h"

#include <algorithm>
#include <utility>

#include "intel/csv_rows.h"
#include "intel/entry_text.h"

namespace netprobe::intel {
namespace {

/// Enough for the comments that lists begin with.
constexpr std::size_t kBeginning = 16UL * 1024;
constexpr std::size_t kSampleLines = 20;
constexpr std::uint64_t kGiveUp = 100'000;
constexpr std::string_view kByteOrderMark = "\xef\xbb\xbf";

Status check_text(std::string_view beginning) {
  if (beginning.starts_with("\x1f\x8b") || beginning.starts_with("BZh") ||
      beginning.starts_with("\xfd"
                            "7zXZ") ||
      beginning.starts_with("PK\x03\x04"))
    return fail("it is compressed: unpack it first");
  if (beginning.find('\0') != std::string_view::npos) return fail("it is binary, not text");
  if (trimmed(beginning).starts_with('<')) return fail("it is a web page or XML, not a list");
  return {};
}

/// A word without a dot or colon may be anything.
bool is_entry(std::string_view word) {
  const auto entry = parse_entry(word);
  if (!entry) return false;
  const auto* name = std::get_if<NameEntry>(&*entry);
  return name == nullptr || name->name.find('.') != std::string::npos;
}

/// Has this line fields? Behind white space, '#' or ';' a plain list has its reasons, in which
/// a comma means nothing.
bool looks_like_csv(std::string_view line) {
  const char separator = guess_separator(line);
  const auto end = line.find(separator);
  if (end == std::string_view::npos) return false;
  if (line.starts_with('"')) return true;
  const std::string_view before = line.substr(0, end);
  // "a.example; why" is a plain list with a comment, "ip;why" the header of a table; and a
  // hosts file has tabs.
  if (separator == ';' || separator == '\t') return !is_entry(trimmed(before));
  const auto word = before.substr(0, before.find_first_of(" \t#;"));
  return word == before || !is_entry(word);
}

class AnyParser final : public FeedParser {
 public:
  AnyParser(FeedSyntax syntax, ListBuilder& builder)
      : syntax_(std::move(syntax)), builder_(builder) {}

  Status take(std::string_view piece) override {
    if (parser_) return pass(piece);
    beginning_ += piece;
    return beginning_.size() < kBeginning ? Status() : begin();
  }
  Status finish() override {
    if (!parser_)
      if (auto begun = begin(); !begun) return begun;
    return parser_->finish();
  }

 private:
  Status begin() {
    std::string_view text = beginning_;
    if (text.starts_with(kByteOrderMark)) text.remove_prefix(kByteOrderMark.size());
    if (auto is_text = check_text(text.substr(0, kBeginning)); !is_text) return is_text;
    FeedFormat format = syntax_.format;
    if (format == FeedFormat::kAuto) {
      const auto guessed = guess_format(text.substr(0, kBeginning));
      if (!guessed) return std::unexpected(guessed.error());
      format = *guessed;
    }
    switch (format) {
      case FeedFormat::kCsv:
        parser_ = make_csv_parser(syntax_, builder_);
        break;
      case FeedFormat::kStix:
        parser_ = make_stix_parser(builder_);
        break;
      default:
        parser_ = make_plain_parser(builder_);
    }
    auto taken = pass(text);
    std::string().swap(beginning_);
    return taken;
  }
  Status pass(std::string_view piece) {
    auto taken = parser_->take(piece);
    const auto& counts = builder_.counts();
    const std::uint64_t bad = counts.refused.suspicious();
    if (taken && bad > kGiveUp && bad > counts.taken)
      return fail("most of it is no list: " + counts.refused.to_text());
    return taken;
  }

  const FeedSyntax syntax_;
  ListBuilder& builder_;
  std::string beginning_;
  FeedParserPtr parser_;
};

}  // namespace

std::string_view to_string(FeedFormat format) {
  switch (format) {
    case FeedFormat::kAuto:
      return "auto";
    case FeedFormat::kPlain:
      return "plain";
    case FeedFormat::kCsv:
      return "csv";
    case FeedFormat::kStix:
      return "stix";
  }
  return "auto";
}

Result<FeedFormat> guess_format(std::string_view beginning) {
  if (auto is_text = check_text(beginning); !is_text) return std::unexpected(is_text.error());
  const std::string_view text = trimmed(beginning);
  // No address begins so: "[2001:db8::1]:443" has no quote or brace behind it.
  if (text.starts_with('{')) return FeedFormat::kStix;
  if (text.starts_with('[')) {
    const auto next = trimmed(text.substr(1));
    if (next.empty() || next.starts_with('{') || next.starts_with(']')) return FeedFormat::kStix;
  }
  std::size_t lines = 0;
  std::size_t tables = 0;
  std::string_view rest = text;
  while (!rest.empty() && lines < kSampleLines) {
    const auto end = std::min(rest.find('\n'), rest.size());
    const std::string_view line = trimmed(rest.substr(0, end));
    rest.remove_prefix(std::min(end + 1, rest.size()));
    if (line.empty() || line.starts_with('#') || line.starts_with(';') || line.starts_with("//"))
      continue;
    // The first line of a table may say more than those that follow.
    if (lines == 0 && looks_like_csv(line) && line.find(';') != std::string_view::npos &&
        line.find(',') == std::string_view::npos)
      return FeedFormat::kCsv;
    ++lines;
    if (looks_like_csv(line)) ++tables;
  }
  return tables * 2 > lines ? FeedFormat::kCsv : FeedFormat::kPlain;
}

FeedParserPtr make_feed_parser(const FeedSyntax& syntax, ListBuilder& builder) {
  return std::make_unique<AnyParser>(syntax, builder);
}

}  // namespace netprobe::intel
