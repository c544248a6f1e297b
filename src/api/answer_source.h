// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <string>

#include "api/asker.h"
#include "io/body_source.h"

namespace netprobe {

/// Writes an answer while it is sent, as JSON, JSON lines or CSV: rows go as they
/// are written, and pages are asked for when the client has those before. A page,
/// and a piece of text, is all that it holds.
class AnswerSource final : public BodySource {
 public:
  AnswerSource(Found found, AnswerFormat format, bool objects);
  /// The client has gone, or has all: no more is asked for.
  ~AnswerSource() override;
  AnswerSource(const AnswerSource&) = delete;
  AnswerSource& operator=(const AnswerSource&) = delete;

  /// Of what is there already.
  [[nodiscard]] BodyPiece first();
  void next(std::function<void(BodyPiece)> done) override;

 private:
  struct State;
  std::shared_ptr<State> state_;  ///< shared with a page that is on its way
};

/// Headers, or trailers, of what a file has no place for.
[[nodiscard]] std::vector<HttpHeader> page_headers(const QueryAnswer& answer);

}  // namespace netprobe
