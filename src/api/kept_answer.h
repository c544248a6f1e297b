// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>

#include "api/asker.h"

namespace netprobe {

/// How a list is answered that is of what is live, and of history where that is
/// not all.
struct KeptList {
  Source source = Source::kAuto;
  bool with_flows = false;  ///< the live list needs them
  std::function<bool(const Snapshot&)> reaches_beyond;
  std::function<std::string(const Snapshot&)> live_page;
  std::function<Ask()> ask;  ///< the question to history
  std::function<std::string(const Found&)> kept_page;
};

/// Answers with what is live where that is all that is asked for, or history is
/// off; else from history.
void answer_list(const ApiContextPtr& context, const HttpReply& reply, KeptList list);

/// What an answer from history is told with.
[[nodiscard]] AnswerPage page_of(const Found& found);

}  // namespace netprobe
