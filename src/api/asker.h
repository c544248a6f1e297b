// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>

#include "api/ask.h"
#include "api/context.h"

namespace netprobe {

/// What was found, and what it is told with.
struct Found {
  Query query;
  QueryAnswer answer;
  SnapshotPtr snapshot;
  std::optional<HistoryStatus> history;  ///< none: answered from what is live
};

/// True where a question without a wish is answered from history.
[[nodiscard]] bool has_history(const ApiSources& sources);

/// Asks history or what is live, and answers with what `render` makes of it, on
/// a thread of the store or the server's; with a problem where there is no
/// answer. What the feed has seen so far is in the answer where the range
/// reaches now. A client that goes away cancels its question.
void ask(const ApiContextPtr& context, const HttpReply& reply, Ask ask,
         std::function<HttpResponse(const Found&)> render);

/// Why there is no answer, for the user. Never the text of an engine.
[[nodiscard]] HttpResponse failure_response(const QueryFailure& failure);

}  // namespace netprobe
