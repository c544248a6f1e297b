// SPDX-License-Identifier: Apache-2.0
#include "intel/list_builder.h"

#include <algorithm>
#include <cmath>
#include <memory>

#include "intel/name_hash.h"

namespace netprobe::intel {
namespace {

constexpr std::size_t kMostNotes = 65'535;  // NoteId
constexpr std::size_t kLongestExample = 60;

}  // namespace

NoteId ListBuilder::id_of(const Note& note) {
  if (note == Note{}) return 0;
  // What comes of it is kept a hundred times over: no finer than a percent.
  std::string text = std::to_string(std::lround(note.confidence * 100)) + ' ' + note.reason;
  const auto known = ids_.find(text);
  if (known != ids_.end()) return known->second;
  if (notes_.size() > kMostNotes) {
    ++counts_.notes_lost;
    return 0;
  }
  const auto id = static_cast<NoteId>(notes_.size());
  notes_.push_back(note);
  note_bytes_ += note.reason.size();
  ids_.emplace(std::move(text), id);
  return id;
}

void ListBuilder::put(const FeedEntry& entry, NoteId note) {
  if (const auto* address = std::get_if<IpAddress>(&entry)) {
    if (address->is_v4())
      v4_.emplace_back(v4_key(*address), note);
    else
      v6_.emplace_back(whole_key(*address), note);
  } else if (const auto* prefix = std::get_if<IpPrefix>(&entry)) {
    const auto length = static_cast<std::uint8_t>(prefix->length());
    if (prefix->network().is_v4())
      v4_prefixes_.push_back({v4_key(prefix->network()), length, note});
    else
      v6_prefixes_.push_back({whole_key(prefix->network()), length, note});
  } else {
    const auto& name = std::get<NameEntry>(entry);
    const NameHash hash = NameHash::of(name.name);
    if (name.itself) names_.emplace_back(hash.itself(), note);
    if (name.beneath) names_.emplace_back(hash.beneath(), note);
  }
}

void ListBuilder::add(const FeedEntry& entry, std::string_view where, const Note& note) {
  bool trimmed = false;
  if (const auto why = guard_->refuses(entry, trimmed)) return refuse(*why, where);
  if (counts_.taken >= most_) return refuse(Refusal::kTooMany, where);
  ++counts_.taken;
  if (trimmed) ++counts_.trimmed;
  put(entry, id_of(note));
}

void ListBuilder::refuse(Refusal why, std::string_view where) {
  counts_.refused.add(why);
  if (!counts_.example.empty() || !is_suspicious(why)) return;
  std::string name(to_string(why));
  std::ranges::replace(name, '_', ' ');
  const bool cut = where.size() > kLongestExample;
  counts_.example =
      "'" + clean_reason(where.substr(0, kLongestExample)) + (cut ? "…" : "") + "': " + name;
}

void ListBuilder::change_at(Nanos wall) {
  if (wall <= now_) return;
  next_change_ = next_change_ == 0 ? wall : std::min(next_change_, wall);
}

ListIndexPtr ListBuilder::finish() {
  auto list = std::make_shared<ListIndex>();
  ids_.clear();
  list->v4_ = SortedKeys<V4Key>(std::move(v4_));
  list->v6_ = SortedKeys<V6Key>(std::move(v6_));
  list->v4_prefixes_ = PrefixRanges<V4Key>(std::move(v4_prefixes_));
  list->v6_prefixes_ = PrefixRanges<V6Key>(std::move(v6_prefixes_));
  list->names_ = SortedKeys<std::uint64_t>(std::move(names_));
  list->notes_ = std::move(notes_);
  list->note_bytes_ = note_bytes_;
  return list;
}

}  // namespace netprobe::intel
