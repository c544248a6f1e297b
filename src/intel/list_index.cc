// SPDX-License-Identifier: Apache-2.0
#include "intel/list_index.h"

#include "intel/name_hash.h"

namespace netprobe::intel {

template <typename Key>
std::optional<ListMatch> ListIndex::find_key(const SortedKeys<Key>& singles,
                                             const PrefixRanges<Key>& prefixes, Key key) const {
  if (const std::size_t i = singles.find(key); i != SortedKeys<Key>::kNone)
    return ListMatch{address_of(key).to_string(), &notes_[singles.note(i)]};
  const auto prefix = prefixes.find(key);
  if (!prefix) return {};
  return ListMatch{IpPrefix::of(address_of(prefix->first), prefix->length).to_string(),
                   &notes_[prefix->note]};
}

bool ListIndex::has(const IpAddress& address) const {
  if (address.is_v4()) {
    const V4Key key = v4_key(address);
    return v4_.find(key) != SortedKeys<V4Key>::kNone || v4_prefixes_.find(key).has_value();
  }
  if (v6_.size() == 0 && v6_prefixes_.size() == 0) return false;
  const V6Key key = whole_key(address);
  return v6_.find(key) != SortedKeys<V6Key>::kNone || v6_prefixes_.find(key).has_value();
}

std::optional<ListMatch> ListIndex::find(const IpAddress& address) const {
  return address.is_v4() ? find_key(v4_, v4_prefixes_, v4_key(address))
                         : find_key(v6_, v6_prefixes_, whole_key(address));
}

std::optional<ListMatch> ListIndex::find_name(std::string_view name) const {
  if (names_.size() == 0 || name.empty()) return {};
  std::optional<ListMatch> best;
  NameHash hash;
  for (std::size_t i = name.size(); i-- > 0;) {
    if (name[i] == '.') {
      // What ends here is the end of a longer name.
      const std::size_t at = names_.find(hash.beneath());
      if (at != SortedKeys<std::uint64_t>::kNone)
        best = ListMatch{"*." + std::string(name.substr(i + 1)), &notes_[names_.note(at)]};
    }
    hash.add(name[i]);
  }
  const std::size_t at = names_.find(hash.itself());
  if (at != SortedKeys<std::uint64_t>::kNone)
    best = ListMatch{std::string(name), &notes_[names_.note(at)]};
  return best;
}

std::size_t ListIndex::bytes() const {
  return v4_.bytes() + v6_.bytes() + v4_prefixes_.bytes() + v6_prefixes_.bytes() + names_.bytes() +
         notes_.capacity() * sizeof(Note) + note_bytes_;
}

}  // namespace netprobe::intel
