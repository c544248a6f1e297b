// SPDX-License-Identifier: Apache-2.0
#include "api/kept_answer.h"

namespace netprobe {
namespace {

void answer_kept(const ApiContextPtr& context, const HttpReply& reply, const KeptList& list) {
  ask(context, reply, list.ask(),
      [page = list.kept_page](const Found& found) { return json_response(page(found)); });
}

}  // namespace

void answer_list(const ApiContextPtr& context, const HttpReply& reply, KeptList list) {
  if (list.source == Source::kHistory) return answer_kept(context, reply, list);
  const bool kept = list.source == Source::kAuto && has_history(context->sources);
  // What is live is asked first: it says whether it is all that is wanted.
  const bool with_flows = list.with_flows;
  context->sources.snapshots.request(
      kSnapshotAge, with_flows,
      [context, reply, kept, list = std::move(list)](SnapshotPtr snapshot) mutable {
        reply.run([context, reply, kept, list = std::move(list), snapshot = std::move(snapshot)] {
          if (!snapshot)
            return reply(
                problem(503, "the agent has no data to answer from: it is starting or stopping"));
          if (kept && list.reaches_beyond(*snapshot)) return answer_kept(context, reply, list);
          reply(json_response(list.live_page(*snapshot)));
        });
      });
}

AnswerPage page_of(const Found& found) {
  return {.query = found.query,
          .answer = found.answer,
          .snapshot = *found.snapshot,
          .history = found.history ? &*found.history : nullptr};
}

}  // namespace netprobe
