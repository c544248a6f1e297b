// SPDX-License-Identifier: Apache-2.0
#include "probes/drop/kernel_names.h"

#include <malloc.h>

#include <utility>

namespace netprobe {

KernelNames::KernelNames(const Clock& clock, Ask ask, Load load)
    : clock_(clock), ask_(std::move(ask)), load_(std::move(load)) {}

std::string KernelNames::look_up(std::uint64_t address) {
  if (auto told = ask_(address)) return *std::move(told);
  if (!std::exchange(loaded_, true))
    if (auto table = load_()) table_ = std::move(*table);
  return table_.name_of(address);
}

const std::string& KernelNames::name_of(std::uint64_t address) {
  const Nanos now = clock_.monotonic();
  if (names_.size() >= kMostNames && !names_.contains(address)) names_.clear();
  const auto [entry, is_new] = names_.try_emplace(address);
  Name& name = entry->second;
  if (!is_new && (!name.text.empty() || now - name.looked_for < kAge)) return name.text;
  name = {look_up(address), now};
  return name.text;
}

void KernelNames::release() {
  if (!std::exchange(loaded_, false)) return;
  table_ = {};
  ::malloc_trim(0);  // malloc would keep some of it
}

}  // namespace netprobe
