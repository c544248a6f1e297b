// SPDX-License-Identifier: Apache-2.0
#include "kube/identity/endpoints.h"

#include <algorithm>
#include <utility>

#include "kube/identity/nodes.h"

namespace netprobe {
namespace {

// Services and pods that name one end; a pod behind two services has two.
constexpr std::size_t kMostWords = 16;
constexpr int kForgetATick = 512;
constexpr Nanos kForget = -1;  // at any time

TextKey service_key(const KubeEndpointSlice& slice) {
  return text_key(slice.meta.name_space, slice.service);
}

std::size_t ends_of(const KubeEndpointSlice& slice) {
  std::size_t addresses = 0;
  for (const KubeEndpoint& endpoint : slice.endpoints) addresses += endpoint.addresses.size();
  return addresses * slice.ports.size();
}

}  // namespace

template <typename Visit>
void EndpointTable::for_each_end(const KubeEndpointSlice& slice, Visit&& visit) {
  std::size_t visited = 0;
  for (const KubeEndpoint& endpoint : slice.endpoints) {
    const TextKey pod = text_key(endpoint.pod_uid);
    for (const IpAddress& address : endpoint.addresses) {
      for (const KubePort& port : slice.ports) {
        if (++visited > kMostEndsASlice) return;
        visit(End{address, port.port, port.protocol}, pod);
      }
    }
  }
}

void EndpointTable::apply(const KubeEndpointSlicePtr& slice, bool deleted, Nanos seen) {
  const TextKey name = text_key(slice->meta.name_space, slice->meta.name);
  if (name.none()) {
    ++skipped_;
    return;
  }
  const auto found = slices_.find(name);
  const KubeEndpointSlicePtr old = found == slices_.end() ? nullptr : found->second;
  if (deleted) {
    if (old == nullptr) return;
    objects.replace(old, nullptr);
    slices_.erase(found);
    remove(*old, seen);
    change_backends(service_key(*old), old.get(), nullptr);
    return;
  }
  objects.replace(old, slice);
  slices_[name] = slice;
  // The new before the old goes: what stays is not gone for a moment.
  add(*slice, seen);
  if (old) {
    remove(*old, seen);
    if (service_key(*old) != service_key(*slice))
      change_backends(service_key(*old), old.get(), nullptr);
  }
  change_backends(service_key(*slice), old.get(), slice);
}

void EndpointTable::add(const KubeEndpointSlice& slice, Nanos seen) {
  const TextKey service = service_key(slice);
  if (const std::size_t ends = ends_of(slice); ends > kMostEndsASlice)
    skipped_ += ends - kMostEndsASlice;
  for_each_end(slice, [&](const End& end, const TextKey& pod) {
    if (end.port == 0 || !can_be_held(end.address)) {
      ++skipped_;
      return;
    }
    auto found = ends_.find(end);
    if (found == ends_.end()) {
      if (ends_.size() >= most_ && !past_.empty()) {
        ++evicted_;
        forget(past_.front(), kForget);
        past_.pop_front();
      }
      if (ends_.size() >= most_) {
        ++skipped_;
        return;
      }
      found = ends_.try_emplace(end).first;
    }
    Words& words = found->second;
    const auto same = std::ranges::find_if(
        words, [&](const Word& word) { return word.service == service && word.pod == pod; });
    if (same != words.end()) {
      ++same->slices;
      same->until = 0;
      return;
    }
    if (words.size() >= kMostWords) {
      const auto past = std::ranges::find_if(words, [](const Word& w) { return w.until != 0; });
      if (past == words.end()) {
        ++skipped_;
        return;
      }
      words.erase(past);
    }
    words.push_back({service, pod, 1, seen, 0});
  });
}

void EndpointTable::remove(const KubeEndpointSlice& slice, Nanos seen) {
  const TextKey service = service_key(slice);
  for_each_end(slice, [&](const End& end, const TextKey& pod) {
    const auto found = ends_.find(end);
    if (found == ends_.end()) return;
    for (Word& word : found->second) {
      if (word.service != service || word.pod != pod || word.slices == 0) continue;
      if (--word.slices > 0) return;
      word.until = std::max<Nanos>(seen, 1);
      past_.push_back({word.until + keep_past_, end});
      return;
    }
  });
  while (past_.size() > most_) {
    ++evicted_;
    forget(past_.front(), kForget);
    past_.pop_front();
  }
}

void EndpointTable::change_backends(const TextKey& service, const KubeEndpointSlice* old,
                                    const KubeEndpointSlicePtr& now) {
  if (service.none()) return;
  Backends& backends = services_[service];
  std::erase_if(backends.slices, [&](const auto& slice) { return slice.get() == old; });
  if (now) backends.slices.push_back(now);
  if (backends.slices.empty()) {
    services_.erase(service);
    return;
  }
  backends.only = {};
  std::array<bool, 2> many{};
  for (const KubeEndpointSlicePtr& slice : backends.slices) {
    for (const KubeEndpoint& endpoint : slice->endpoints) {
      if (!endpoint.ready) continue;
      for (const IpAddress& address : endpoint.addresses) {
        const std::size_t family = address.is_v4() ? 1 : 0;
        auto& only = backends.only.at(family);
        many.at(family) = many.at(family) || (only && *only != address);
        if (!only) only = address;
      }
      if (many[0] && many[1]) break;
    }
  }
  for (std::size_t family = 0; family < 2; ++family) {
    if (many.at(family)) backends.only.at(family).reset();
  }
}

void EndpointTable::tick(Nanos now) {
  for (int i = 0; i < kForgetATick && !past_.empty() && past_.front().at <= now; ++i) {
    forget(past_.front(), now);
    past_.pop_front();
  }
}

void EndpointTable::forget(const Past& past, Nanos now) {
  const auto found = ends_.find(past.end);
  if (found == ends_.end()) return;
  Words& words = found->second;
  const auto is_past = [&](const Word& word) {
    return word.until != 0 && (now == kForget || word.until + keep_past_ <= now);
  };
  words.erase(std::remove_if(words.begin(), words.end(), is_past), words.end());
  if (words.empty()) ends_.erase(found);
}

template <typename Of>
TextKey EndpointTable::only_one(const End& end, Nanos at, Of&& of) const {
  const auto found = ends_.find(end);
  if (found == ends_.end()) return {};
  // What was known at that time; else what was learned of it later.
  for (const bool late : {false, true}) {
    TextKey only;
    for (const Word& word : found->second) {
      if ((word.until != 0 && at >= word.until) || (!late && at < word.from)) continue;
      const TextKey key = of(word);
      if (key.none()) continue;
      if (!only.none() && only != key) return {};
      only = key;
    }
    if (!only.none()) return only;
  }
  return {};
}

TextKey EndpointTable::service_of(const End& end, Nanos at, const TextKey& pod) const {
  return only_one(end, at, [&](const Word& word) {
    const bool other = !pod.none() && !word.pod.none() && word.pod != pod;
    return other ? TextKey{} : word.service;
  });
}

TextKey EndpointTable::pod_of(const End& end, Nanos at) const {
  return only_one(end, at, [](const Word& word) { return word.pod; });
}

const IpAddress* EndpointTable::only_backend(const TextKey& service, bool v4) const {
  const auto found = services_.find(service);
  if (found == services_.end()) return nullptr;
  const auto& only = found->second.only.at(v4 ? 1 : 0);
  return only ? &*only : nullptr;
}

}  // namespace netprobe
