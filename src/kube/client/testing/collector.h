// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <map>
#include <mutex>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "kube/client/decode.h"
#include "kube/client/kube_client.h"

namespace netprobe::kube::testing {

/// Long, since tests may be under sanitizers and the machine busy.
inline constexpr Nanos kPatience = 30 * kSecond;

/// Waits until the condition holds; false if it did not in time.
template <typename Condition>
[[nodiscard]] bool eventually(Condition condition, Nanos timeout = kPatience) {
  const auto end = std::chrono::steady_clock::now() + std::chrono::nanoseconds(timeout);
  while (!condition()) {
    if (std::chrono::steady_clock::now() > end) return false;
    std::this_thread::sleep_for(std::chrono::milliseconds(2));
  }
  return true;
}

/// Takes what a client tells, and keeps what is there by it.
class Collector {
 public:
  [[nodiscard]] KubeSink sink() {
    return [this](std::vector<KubeChange>& changes) {
      const std::lock_guard lock(mutex_);
      if (full_) return false;
      for (auto& change : changes) {
        const std::string name = name_of(change.object);
        told_.push_back((change.deleted ? "-" : "+") + name);
        if (change.deleted)
          objects_.erase(name);
        else
          objects_[name] = change.object;
        seen_[name] = change.seen;
      }
      return true;
    };
  }
  /// Has no room from now on, or has it again.
  void set_full(bool full) {
    const std::lock_guard lock(mutex_);
    full_ = full;
  }
  /// "+pod a/b", "-node n" …, in order.
  [[nodiscard]] std::vector<std::string> told() const {
    const std::lock_guard lock(mutex_);
    return told_;
  }
  [[nodiscard]] int count(std::string_view what) const {
    const std::lock_guard lock(mutex_);
    int count = 0;
    for (const auto& told : told_) count += told == what ? 1 : 0;
    return count;
  }
  /// Objects of a kind that are there ("pod").
  [[nodiscard]] std::size_t size(const std::string& kind) const {
    const std::lock_guard lock(mutex_);
    std::size_t count = 0;
    for (const auto& [name, object] : objects_) count += name.starts_with(kind + " ") ? 1U : 0U;
    return count;
  }
  [[nodiscard]] bool has(const std::string& name) const {
    const std::lock_guard lock(mutex_);
    return objects_.contains(name);
  }
  [[nodiscard]] KubeObject get(const std::string& name) const {
    const std::lock_guard lock(mutex_);
    const auto found = objects_.find(name);
    return found == objects_.end() ? KubeObject{} : found->second;
  }
  [[nodiscard]] KubePodPtr pod(const std::string& name) const {
    const auto object = get("pod " + name);
    const auto* pod = std::get_if<KubePodPtr>(&object);
    return pod == nullptr ? nullptr : *pod;
  }

 private:
  static std::string name_of(const KubeObject& object) {
    static constexpr const char* kKinds[] = {"pod",       "service",    "slice", "node",
                                             "namespace", "controller", "policy"};
    const KubeMeta& meta = meta_of(object);
    return std::string(kKinds[object.index()]) + " " +
           (meta.name_space.empty() ? "" : meta.name_space + "/") + meta.name;
  }
  mutable std::mutex mutex_;
  bool full_ = false;
  std::vector<std::string> told_;
  std::map<std::string, KubeObject> objects_;
  std::map<std::string, Nanos> seen_;
};

}  // namespace netprobe::kube::testing
