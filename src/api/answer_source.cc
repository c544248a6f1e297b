// SPDX-License-Identifier: Apache-2.0
#include "api/answer_source.h"

#include <spdlog/spdlog.h>

#include <algorithm>
#include <utility>

#include "api/kept_answer.h"

namespace netprobe {
namespace {

/// Text that is written before others get the server's thread.
constexpr std::size_t kPieceBytes = 64UL * 1024;

}  // namespace

struct AnswerSource::State {
  Found found;
  AnswerFormat format = AnswerFormat::kJson;
  bool objects = false;
  std::size_t at = 0;     ///< row of the page that is next
  std::size_t total = 0;  ///< rows written
  bool late_headers = false;

  [[nodiscard]] AnswerPage page() const {
    AnswerPage page = page_of(found);
    page.objects = objects;
    return page;
  }
  [[nodiscard]] bool has_rows() const { return at < found.answer.rows.size(); }
  [[nodiscard]] bool has_more() const { return found.more && found.more->wanted(); }
  void write(BodyPiece& piece);
  void take(QueryAnswer next);
};

void AnswerSource::State::write(BodyPiece& piece) {
  auto& rows = found.answer.rows;
  const AnswerPage told = page();
  for (; at < rows.size() && piece.text.size() < kPieceBytes; ++at, ++total) {
    append_answer_row(piece.text, format, told, rows[at], total == 0);
    rows[at] = {};  // its memory goes with it
  }
  if (has_rows() || has_more()) return;
  append_answer_tail(piece.text, format, told, total);
  if (format == AnswerFormat::kJson) piece.text += '\n';
  piece.last = true;
  if (late_headers) piece.trailers = page_headers(found.answer);
}

/// What is told of the whole is told of all its pages.
void AnswerSource::State::take(QueryAnswer next) {
  QueryAnswer& answer = found.answer;
  answer.rows = std::move(next.rows);
  at = 0;
  answer.truncated = next.truncated;
  answer.cursor = std::move(next.cursor);
  answer.exact = answer.exact && next.exact;
  answer.rows_read += next.rows_read;
  answer.took += next.took;
  for (auto& warning : next.warnings)
    if (std::ranges::find(answer.warnings, warning) == answer.warnings.end())
      answer.warnings.push_back(std::move(warning));
}

AnswerSource::AnswerSource(Found found, AnswerFormat format, bool objects)
    : state_(std::make_shared<State>()) {
  state_->found = std::move(found);
  state_->format = format;
  state_->objects = objects;
  state_->late_headers = format != AnswerFormat::kJson && state_->has_more();
}

AnswerSource::~AnswerSource() {
  if (state_->found.more) state_->found.more->cancel();
}

BodyPiece AnswerSource::first() {
  BodyPiece piece;
  append_answer_head(piece.text, state_->format, state_->page());
  state_->write(piece);
  return piece;
}

void AnswerSource::next(std::function<void(BodyPiece)> done) {
  if (state_->has_rows() || !state_->has_more()) {
    BodyPiece piece;
    state_->write(piece);
    return done(std::move(piece));
  }
  state_->found.more->next(
      [state = state_, done = std::move(done)](std::expected<QueryAnswer, QueryFailure> result) {
        BodyPiece piece;
        if (result) {
          state->take(std::move(*result));
          state->write(piece);
        } else {
          piece.failed = true;
          if (result.error().kind != QueryFailure::Kind::kCancelled)
            spdlog::error("an answer could not be ended: {}", result.error().message);
        }
        done(std::move(piece));
      });
}

std::vector<HttpHeader> page_headers(const QueryAnswer& answer) {
  std::vector<HttpHeader> headers{{"Netprobe-Truncated", answer.truncated ? "true" : "false"}};
  if (!answer.cursor.empty()) headers.push_back({"Netprobe-Next-Cursor", answer.cursor});
  return headers;
}

}  // namespace netprobe
