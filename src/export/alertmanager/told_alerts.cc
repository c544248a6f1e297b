// SPDX-License-Identifier: Apache-2.0
#include "export/alertmanager/told_alerts.h"

#include <algorithm>
#include <utility>

#include "base/json_writer.h"

namespace netprobe {
namespace {

const AlertEvent& alert_of(const RecordRef& record) {
  return *static_cast<const AlertEvent*>(record.record);
}

/// One alert of Alertmanager's API v2. `ends`: wall.
std::string alert_json(const AlertLabels& labels, const std::string& annotations, Micros opened,
                       Nanos ends) {
  const Nanos starts = opened * kMicrosecond;
  std::string out;
  JsonObject json(out);
  json.key("labels");
  JsonObject names(out);
  for (const auto& [name, value] : labels) names.text(name, value);
  names.close();
  json.key("annotations");
  out += annotations;
  json.time("startsAt", starts);
  json.time("endsAt", std::max(starts, ends));
  json.close();
  return out;
}

void set_severity(AlertLabels& labels, const std::string& severity) {
  for (auto& [name, value] : labels)
    if (name == "severity") value = severity;
}

}  // namespace

ToldAlerts::Item ToldAlerts::item_of(const RecordRef& record, Nanos wall) const {
  const AlertEvent& event = alert_of(record);
  Item item;
  item.id = event.id;
  item.over = event.change == AlertChange::kResolved;
  item.labels = labels_of(event, record.node, options_.labels);
  item.annotations = annotations_of(event);
  item.opened = event.opened;
  const auto told = told_.find(event.id);
  if (told == told_.end()) {
    // One that came and went while nobody could be told is active for a while all the
    // same: of what is over before it was there, Alertmanager tells nobody.
    item.json = alert_json(item.labels, item.annotations, item.opened, wall + valid());
    return item;
  }
  // A name that became known meanwhile must not make another alert of it.
  const AlertLabels& before = told->second.labels;
  AlertLabels now = before;
  const auto given = std::ranges::find(
      options_.labels, "severity", [](const auto& label) { return std::string_view(label.first); });
  if (given == options_.labels.end()) set_severity(now, event.severity);
  item.labels = std::move(now);
  // One that got worse and is over at once is active for a while, as nobody was told of it.
  const bool is_other = item.labels != before;
  if (item.over && !is_other) item.ends = std::max(event.resolved, event.opened);
  item.json = alert_json(item.labels, item.annotations, item.opened,
                         item.ends != 0 ? item.ends * kMicrosecond : wall + valid());
  // The one of less severity is over. It ends where it began: an end that is later than
  // Alertmanager's clock would count less than the one that it was told before.
  if (is_other)
    item.json += ',' + alert_json(before, told->second.annotations, told->second.opened, 0);
  return item;
}

std::vector<ToldAlerts::Item> ToldAlerts::items(std::span<const RecordRef> records, Nanos wall,
                                                Nanos monotonic) const {
  std::vector<Item> items;
  std::map<std::string_view, std::vector<std::uint32_t>> by_id;
  std::vector<std::string_view> order;
  for (std::uint32_t i = 0; i < records.size(); ++i) {
    auto& places = by_id[alert_of(records[i]).id];
    if (places.empty()) order.push_back(alert_of(records[i]).id);
    places.push_back(i);
  }
  for (const std::string_view id : order) {
    auto& places = by_id[id];
    items.push_back(item_of(records[places.back()], wall));
    items.back().records = std::move(places);
  }
  for (const auto& [id, told] : told_) {
    if (by_id.contains(id) || monotonic - told.sent < options_.resend || is_old(told, monotonic))
      continue;
    const Nanos ends = told.ends != 0 ? told.ends * kMicrosecond : wall + valid();
    Item item{.json = alert_json(told.labels, told.annotations, told.opened, ends),
              .id = id,
              .records = {},
              .labels = {},
              .annotations = {},
              .opened = told.opened};
    items.push_back(std::move(item));
  }
  return items;
}

void ToldAlerts::taken(Item&& item, Nanos monotonic) {
  if (item.records.empty()) {
    if (const auto told = told_.find(item.id); told != told_.end()) told->second.sent = monotonic;
    return;
  }
  std::erase_if(told_, [&](const auto& each) { return is_old(each.second, monotonic); });
  if (item.over && item.ends == 0) {
    told_.erase(item.id);
    return;
  }
  if (!told_.contains(item.id) && told_.size() >= options_.most) {
    // One that goes on needs its place more than one that is over.
    const auto over =
        std::ranges::find_if(told_, [](const auto& each) { return each.second.ends != 0; });
    if (over == told_.end()) return;
    told_.erase(over);
  }
  told_[item.id] = {.labels = std::move(item.labels),
                    .annotations = std::move(item.annotations),
                    .opened = item.opened,
                    .ends = item.ends,
                    .heard = monotonic,
                    .sent = monotonic};
}

void ToldAlerts::refused(const Item& item, Nanos monotonic) {
  if (!item.records.empty())
    told_.erase(item.id);
  else if (const auto told = told_.find(item.id); told != told_.end())
    told->second.sent = monotonic;
}

}  // namespace netprobe
