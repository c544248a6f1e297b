// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "export/alertmanager/alert_labels.h"
#include "query/evaluate.h"

namespace netprobe {

struct ToldAlertsOptions {
  AlertLabels labels;             ///< of every alert
  Nanos resend = 60 * kSecond;    ///< one that goes on is sent again so often
  Nanos forget = 1200 * kSecond;  ///< of which nothing was heard for so long: its end was lost
  Nanos ended = 300 * kSecond;    ///< an end is sent again for so long: clocks differ
  std::size_t most = 4096;        ///< that are remembered; others are sent when they are told alone
};

/// What Alertmanager is to be sent, as it forgets an alert that is not sent again, and has
/// another one where a label changes. Keeps of each active alert its labels, as they were
/// when it was first told, and of one that is over for a while. Pure but for its state: times are
/// given.
class ToldAlerts {
 public:
  explicit ToldAlerts(ToldAlertsOptions options) : options_(std::move(options)) {}

  /// An element of the request, and what comes of it when it was taken.
  struct Item {
    std::string json;
    std::string id;
    std::vector<std::uint32_t> records;  ///< positions that it stands for; none: sent again
    bool over = false;
    Micros ends = 0;  ///< where it is over; 0: it ends by itself, and nothing follows
    AlertLabels labels;
    std::string annotations;
    Micros opened = 0;
  };
  /// Of these records, the newest word on each alert; and what is to be sent again by now.
  [[nodiscard]] std::vector<Item> items(std::span<const RecordRef> records, Nanos wall,
                                        Nanos monotonic) const;
  /// It was taken.
  void taken(Item&& item, Nanos monotonic);
  /// It will never be. What was only sent again waits for its next turn.
  void refused(const Item& item, Nanos monotonic);
  [[nodiscard]] std::size_t size() const { return told_.size(); }

 private:
  struct Told {
    AlertLabels labels;
    std::string annotations;
    Micros opened = 0;
    Micros ends = 0;  ///< 0: it goes on
    Nanos heard = 0;  ///< monotonic: it was last told
    Nanos sent = 0;
  };
  [[nodiscard]] Item item_of(const RecordRef& record, Nanos wall) const;
  [[nodiscard]] Nanos valid() const { return 4 * options_.resend; }
  [[nodiscard]] bool is_old(const Told& told, Nanos monotonic) const {
    return monotonic - told.heard >= (told.ends != 0 ? options_.ended : options_.forget);
  }

  const ToldAlertsOptions options_;
  std::map<std::string, Told, std::less<>> told_;  ///< by id
};

}  // namespace netprobe
