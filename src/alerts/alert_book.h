// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "model/alert.h"
#include "query/evaluate.h"

namespace netprobe {

struct AlertBookOptions {
  std::string node;
  std::size_t most_active = 1'000;    ///< beyond, findings are counted alone
  std::size_t most_resolved = 1'000;  ///< the oldest go
  Micros resolve_after = 60'000'000;  ///< nothing new for so long, or a finding's window if longer
  /// The longest that a window keeps an alert open: slow scans have windows of hours.
  Micros longest_wait = 15LL * 60 * 1'000'000;
  Micros tell_again = 60'000'000;  ///< one that goes on is told again so often
};

/// Makes alerts of findings: one for all of one kind and key. Pure but for its state: time
/// is given. One thread.
class AlertBook {
 public:
  /// An alert was opened, became worse, went on for a while, or is over.
  using Tell = std::function<void(const AlertPtr&)>;
  /// `mutes`: alerts that match one are kept, and told nobody.
  AlertBook(AlertBookOptions options, std::vector<RecordMatcher> mutes);

  void take(Finding&& finding, Micros now);
  /// After the findings of one look: tells what changed, and resolves.
  void tick(Micros now, const Tell& tell);
  /// What it has now; detectors are left to who asks.
  [[nodiscard]] AlertReport report() const;

 private:
  struct Entry {
    std::shared_ptr<const Alert> alert;
    Micros told = 0;  ///< 0: not yet
    Severity told_severity{};
    bool changed = true;
  };
  [[nodiscard]] bool is_muted(const Alert& alert, Micros now) const;
  [[nodiscard]] std::string id_of(const Finding& finding, Micros now) const;
  void open(const std::string& place, Finding&& finding, Micros now);
  void resolve(Entry& entry, Micros now, const Tell& tell);
  [[nodiscard]] Micros patience(const Alert& alert) const;

  const AlertBookOptions options_;
  const std::vector<RecordMatcher> mutes_;
  std::map<std::string, Entry, std::less<>> active_;  ///< by kind and key
  std::vector<AlertPtr> resolved_;                    ///< oldest first
  std::map<std::pair<std::string_view, Severity>, std::uint64_t> totals_;
  std::uint64_t muted_ = 0;
  std::uint64_t not_kept_ = 0;
};

}  // namespace netprobe
