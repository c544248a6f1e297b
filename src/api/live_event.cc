// SPDX-License-Identifier: Apache-2.0
#include "api/live_event.h"

#include "api/answer_page.h"

namespace netprobe {

std::string window_event(const LiveWindow::Step& step) {
  const QueryAnswer& answer = step.answer;
  std::string out = "event: window\ndata: ";
  JsonObject json(out);
  json.time("since", answer.since.value_or(0) * kMicrosecond);
  json.time("until", answer.until.value_or(0) * kMicrosecond);
  append_rows(json, out, answer);
  json.number("total", step.total);
  json.flag("truncated", answer.truncated);
  const bool missing = answer.sources && answer.sources->partial();
  json.flag("partial", step.partial || missing);
  json.key("left_out");
  JsonObject left(out);
  left.number("records", step.left_out);
  left.number("packets", step.left_out_both.packets);
  left.number("bytes", step.left_out_both.bytes);
  left.close();
  json.number("late", step.late);
  json.number("missing", step.missing);
  if (answer.sources) append_sources(json, out, *answer.sources);
  json.close();
  out += "\n\n";
  return out;
}

}  // namespace netprobe
