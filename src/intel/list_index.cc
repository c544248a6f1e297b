// SPDX-License-Identifier: Apache-2.0
#include "intel/list_index.h"

#include "intel/name_hash.h"

namespace netprobe::intel {
namespace {

/// The networks that first to last are made of, widest first where they begin.
template <typename Key>
void append_networks(std::vector<IpPrefix>& out, Key first, Key last) {
  constexpr int kBits = static_cast<int>(sizeof(Key)) * 8;
  for (;;) {
    int length = kBits;
    while (length > 0) {
      const Key low = last_of(Key{0}, length - 1);  // host bits of a network twice as large
      if ((first & low) != 0 || last - first < low) break;
      --length;
    }
    out.push_back(IpPrefix::of(address_of(first), length));
    const Key end = last_of(first, length);
    if (end >= last) return;
    first = static_cast<Key>(end + 1);
  }
}

/// Stretches that touch come together first, as `each` tells of them in order.
template <typename Key, typename ForEach>
void append_ranges(std::vector<IpPrefix>& out, ForEach for_each) {
  std::optional<std::pair<Key, Key>> open;
  for_each([&](Key first, Key last) {
    if (open && open->second != static_cast<Key>(~Key{0}) &&
        static_cast<Key>(open->second + 1) == first) {
      open->second = last;
      return;
    }
    if (open) append_networks(out, open->first, open->second);
    open = {first, last};
  });
  if (open) append_networks(out, open->first, open->second);
}

}  // namespace

std::vector<IpPrefix> ListIndex::networks() const {
  std::vector<IpPrefix> out;
  out.reserve(addresses() + prefixes());
  const auto singles = [&]<typename Key>(const SortedKeys<Key>& keys) {
    for (std::size_t i = 0; i < keys.size(); ++i)
      out.push_back(IpPrefix::of(address_of(keys.key(i)), 128));
  };
  singles(v4_);
  singles(v6_);
  append_ranges<V4Key>(out, [this](auto each) { v4_prefixes_.for_each_range(each); });
  append_ranges<V6Key>(out, [this](auto each) { v6_prefixes_.for_each_range(each); });
  return out;
}

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
