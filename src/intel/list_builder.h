// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "base/clock.h"
#include "intel/entry_text.h"
#include "intel/guard.h"
#include "intel/list_index.h"
#include "intel/refusal.h"

namespace netprobe::intel {

/// What reading a feed came to.
struct ListCounts {
  std::uint64_t taken = 0;       ///< entries, those that stand there twice among them
  std::uint64_t trimmed = 0;     ///< of them prefixes of which a part is guarded
  std::uint64_t notes_lost = 0;  ///< entries whose reason had no room
  RefusalCounts refused;
  /// The first that was refused, for the log: "'10.0.0.0/8' is private".
  std::string example;
};

/// Takes what a parser finds, refuses what no list may name, and makes the index of it.
/// Bounded: by `most` entries of a few bytes, and 65,535 reasons.
class ListBuilder {
 public:
  /// `now`: wall, what validity is held against.
  ListBuilder(GuardPtr guard, std::uint64_t most, Nanos now)
      : guard_(std::move(guard)), most_(most), now_(now) {}

  /// `where`: the entry's own text, for the log.
  void add(const FeedEntry& entry, std::string_view where, const Note& note = {});
  void refuse(Refusal why, std::string_view where);
  /// An entry's validity ends or begins at this time: the list is another then.
  void change_at(Nanos wall);

  [[nodiscard]] const ListCounts& counts() const { return counts_; }
  [[nodiscard]] Nanos now() const { return now_; }
  /// The next time that an entry's validity ends or begins; 0: never.
  [[nodiscard]] Nanos next_change() const { return next_change_; }
  /// Once, as the last.
  [[nodiscard]] ListIndexPtr finish();

 private:
  [[nodiscard]] NoteId id_of(const Note& note);
  void put(const FeedEntry& entry, NoteId note);

  GuardPtr guard_;
  std::uint64_t most_;
  Nanos now_;
  Nanos next_change_ = 0;
  ListCounts counts_;
  std::vector<std::pair<V4Key, NoteId>> v4_;
  std::vector<std::pair<V6Key, NoteId>> v6_;
  std::vector<RawPrefix<V4Key>> v4_prefixes_;
  std::vector<RawPrefix<V6Key>> v6_prefixes_;
  std::vector<std::pair<std::uint64_t, NoteId>> names_;
  std::vector<Note> notes_{Note{}};
  std::unordered_map<std::string, NoteId> ids_;
  std::size_t note_bytes_ = 0;
};

}  // namespace netprobe::intel
