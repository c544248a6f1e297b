// SPDX-License-Identifier: Apache-2.0
#include <optional>

#include "intel/csv_columns.h"
#include "intel/entry_text.h"
#include "intel/feed_parser.h"

namespace netprobe::intel {
namespace {

/// As many are looked at to find columns.
constexpr std::size_t kSample = 32;
/// Text that is kept until the first line is whole, which says what separates fields.
constexpr std::size_t kMostHead = kMostRow;

class CsvParser final : public FeedParser {
 public:
  CsvParser(const FeedSyntax& syntax, ListBuilder& builder) : syntax_(syntax), builder_(builder) {}

  Status take(std::string_view piece) override {
    if (rows_) {
      split(piece);
      return failed_;
    }
    head_ += piece;
    if (const auto separator = find_separator(false)) begin(*separator);
    return failed_;
  }
  Status finish() override {
    if (!rows_) begin(find_separator(true).value_or(','));
    rows_->finish([this](const CsvRow& row, bool too_long) { take_row(row, too_long); });
    if (failed_ && !columns_) decide();
    return failed_;
  }

 private:
  /// By the first line that is no comment; nothing: it has not come yet.
  [[nodiscard]] std::optional<char> find_separator(bool last) const {
    std::string_view rest = head_;
    while (!rest.empty()) {
      const auto end = rest.find('\n');
      if (end == std::string_view::npos && !last && head_.size() < kMostHead) return {};
      const std::string_view line = trimmed(rest.substr(0, end));
      if (!line.empty() && !line.starts_with('#')) return guess_separator(line);
      if (end == std::string_view::npos) break;
      rest.remove_prefix(end + 1);
    }
    if (head_.size() >= kMostHead) return ',';  // comments without end
    return {};
  }
  void begin(char separator) {
    separator_ = separator;
    rows_.emplace(separator, kMostRow);
    split(head_);
    std::string().swap(head_);
  }
  void split(std::string_view text) {
    rows_->take(text, [this](const CsvRow& row, bool too_long) { take_row(row, too_long); });
  }
  void take_row(const CsvRow& row, bool too_long) {
    if (!failed_) return;
    if (row.front().starts_with('#')) {
      if (sample_.empty() && !columns_ && !too_long)
        comment_ = split_csv_line(std::string_view(row.front()).substr(1), separator_);
      return;
    }
    if (too_long) return builder_.refuse(Refusal::kTooLong, row.front());
    if (columns_) return read(row);
    sample_.push_back(row);
    if (sample_.size() == kSample) decide();
  }
  void decide() {
    const auto columns = find_columns(syntax_, comment_, sample_);
    if (!columns) {
      failed_ = std::unexpected(columns.error());
      return;
    }
    columns_ = *columns;
    for (std::size_t i = columns_->first_is_header ? 1 : 0; i < sample_.size(); ++i)
      read(sample_[i]);
    std::vector<CsvRow>().swap(sample_);
  }
  void read(const CsvRow& row) {
    const std::string_view text = columns_->entry < row.size() ? row[columns_->entry] : row.front();
    const auto entry = columns_->entry < row.size() ? parse_entry(text) : std::nullopt;
    if (!entry) return builder_.refuse(Refusal::kNoEntry, text);
    Note note;
    if (columns_->reason < row.size()) note.reason = clean_reason(row[columns_->reason]);
    builder_.add(*entry, text, note);
  }

  const FeedSyntax syntax_;
  ListBuilder& builder_;
  Status failed_;
  std::string head_;
  char separator_ = ',';
  std::optional<CsvRows> rows_;
  std::optional<CsvColumns> columns_;
  CsvRow comment_;
  std::vector<CsvRow> sample_;
};

}  // namespace

FeedParserPtr make_csv_parser(const FeedSyntax& syntax, ListBuilder& builder) {
  return std::make_unique<CsvParser>(syntax, builder);
}

}  // namespace netprobe::intel
