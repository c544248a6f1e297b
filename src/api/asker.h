// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>

#include "api/ask.h"
#include "api/context.h"

namespace netprobe {

/// The pages of an answer behind the first one. One thread at a time.
class MorePages {
 public:
  virtual ~MorePages() = default;
  /// There is one, and it belongs to the answer. Not while one is asked for.
  [[nodiscard]] virtual bool wanted() const = 0;
  /// Asks for the next one. `done` is called once, on a thread of the store.
  virtual void next(QueryDone done) = 0;
  /// Nobody wants more, nor what is being asked. Any thread.
  virtual void cancel() = 0;
};

/// What was found, and what it is told with.
struct Found {
  Query query;
  QueryAnswer answer;
  SnapshotPtr snapshot;
  std::optional<HistoryStatus> history;  ///< none: answered from what is live
  std::shared_ptr<MorePages> more;       ///< null: `answer` is all
};

/// True where a question without a wish is answered from history.
[[nodiscard]] bool has_history(const ApiSources& sources);

/// Asks history or what is live, and answers with what `render` makes of it, on
/// a thread of the store or the worker's for what is live; with a problem where there is no
/// answer. What the feed has seen so far is in the answer where the range
/// reaches now. A client that goes away cancels its question.
void ask(const ApiContextPtr& context, const HttpReply& reply, Ask ask,
         std::function<HttpResponse(Found&)> render);

/// Why there is no answer, for the user. Never the text of an engine.
[[nodiscard]] HttpResponse failure_response(const QueryFailure& failure);

}  // namespace netprobe
