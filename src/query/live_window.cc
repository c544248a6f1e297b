// SPDX-License-Identifier: Apache-2.0
#include "query/live_window.h"

#include <algorithm>

#include "query/column.h"

namespace netprobe {

std::expected<void, QueryFailure> LiveWindow::check(const Query& query) {
  using enum QueryFailure::Kind;
  if (query.kind != RecordKind::kFlow)
    return std::unexpected(QueryFailure{
        kBadQuery, "only flows are live: ask for drops, connections and alerts without live"});
  if (query.is_aggregate() && (!query.every || *query.every <= 0))
    return std::unexpected(QueryFailure{
        kBadQuery, "a live aggregate needs a step: add 'every 5s' to the query, for example"});
  return {};
}

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

std::optional<LiveWindow::Step> LiveWindow::advance(Micros now) {
  const Micros end = start_ + *query_->every;
  const bool set_back = now < start_ - *query_->every;
  if (now < end && !set_back) return std::nullopt;
  Step told = step();
  // Steps in which nobody looked (the machine slept) are not made up.
  open(set_back ? now : std::max(end, now - now % *query_->every));
  return told;
}

void LiveWindow::add(FlowRecord& record, std::string_view node) {
  if (record.time < start_) ++late_;
  record.time = std::clamp(record.time, start_, start_ + *query_->every - 1);
  if (groups_->add(row_of(RecordRef{RecordKind::kFlow, &record, node}), kRoom)) return;
  ++left_out_;
  left_out_both_ += record.forward;
  left_out_both_ += record.reverse;
}

LiveWindow::Step LiveWindow::step() const {
  Step told;
  told.answer.columns = answer_columns(*query_);
  told.answer.rows = groups_->rows();
  told.answer.tier = Tier::kLive;
  told.answer.since = from_;
  told.answer.until = start_ + *query_->every;
  told.total = told.answer.rows.size();
  if (query_->limit && told.total > *query_->limit) {
    told.answer.rows.resize(*query_->limit);
    told.answer.truncated = true;
  }
  told.partial = from_ > start_;
  told.left_out = left_out_;
  told.left_out_both = left_out_both_;
  told.late = late_;
  told.missing = missing_;
  return told;
}

}  // namespace netprobe
