// SPDX-License-Identifier: Apache-2.0
#include "api/live_window.h"

#include <algorithm>

#include "api/answer_page.h"
#include "query/column.h"

namespace netprobe {

LiveWindow::LiveWindow(std::shared_ptr<const Query> query, Micros now) : query_(std::move(query)) {
  open(now);
}

void LiveWindow::open(Micros at) {
  start_ = at - at % *query_->every;
  from_ = at;
  groups_ = std::make_unique<Groups>(*query_);
  left_out_ = late_ = missing_ = 0;
  left_out_both_ = {};
}

std::string LiveWindow::advance(Micros now) {
  const Micros end = start_ + *query_->every;
  const bool set_back = now < start_ - *query_->every;
  if (now < end && !set_back) return {};
  std::string text = event();
  // Steps in which nobody looked (the machine slept) are not made up.
  open(set_back ? now : std::max(end, now - now % *query_->every));
  return text;
}

void LiveWindow::add(FlowRecord& record, std::string_view node) {
  if (record.time < start_) ++late_;
  record.time = std::clamp(record.time, start_, start_ + *query_->every - 1);
  if (groups_->add(row_of(RecordRef{RecordKind::kFlow, &record, node}), kRoom)) return;
  ++left_out_;
  left_out_both_ += record.forward;
  left_out_both_ += record.reverse;
}

std::string LiveWindow::event() const {
  QueryAnswer answer;
  answer.columns = answer_columns(*query_);
  answer.rows = groups_->rows();
  const std::size_t total = answer.rows.size();
  const std::size_t shown = std::min(total, query_->limit.value_or(total));
  std::string out = "event: window\ndata: ";
  JsonObject json(out);
  json.time("since", from_ * kMicrosecond);
  json.time("until", (start_ + *query_->every) * kMicrosecond);
  append_columns(json, out, answer);
  json.key("rows");
  JsonArray rows(out);
  for (std::size_t i = 0; i < shown; ++i) {
    rows.next();
    append_values(out, answer, answer.rows[i]);
  }
  rows.close();
  json.number("total", total);
  json.flag("truncated", shown < total);
  json.flag("partial", from_ > start_);
  json.key("left_out");
  JsonObject left(out);
  left.number("records", left_out_);
  left.number("packets", left_out_both_.packets);
  left.number("bytes", left_out_both_.bytes);
  left.close();
  json.number("late", late_);
  json.number("missing", missing_);
  json.close();
  out += "\n\n";
  return out;
}

}  // namespace netprobe
