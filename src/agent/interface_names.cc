// SPDX-License-Identifier: Apache-2.0
#include "agent/interface_names.h"

namespace netprobe {
namespace {

constexpr std::size_t kFormerNames = 8192;

}  // namespace

std::string_view InterfaceNames::interface_name(std::uint32_t ifindex) const {
  const InterfaceInfo* info = find(ifindex);
  return info == nullptr ? "unknown" : std::string_view(info->name);
}

Role InterfaceNames::interface_role(std::uint32_t ifindex) const {
  const InterfaceInfo* info = find(ifindex);
  return info == nullptr ? Role::kHost : info->role;
}

void InterfaceNames::remember(const InterfaceInfo& info) {
  if (known_.insert_or_assign(info.ifindex, info).second) order_.push_back(info.ifindex);
  while (order_.size() > kFormerNames) {
    if (!links_.links().contains(order_.front())) known_.erase(order_.front());
    order_.pop_front();
  }
}

const InterfaceInfo* InterfaceNames::find(std::uint32_t ifindex) const {
  if (const auto now = links_.links().find(ifindex); now != links_.links().end())
    return &now->second;
  const auto before = known_.find(ifindex);
  return before == known_.end() ? nullptr : &before->second;
}

}  // namespace netprobe
