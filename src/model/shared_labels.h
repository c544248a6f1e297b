// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <initializer_list>
#include <memory>
#include <utility>

#include "model/kube.h"

namespace netprobe {

/// Labels that many have alike: reads like KubeLabels, copies like a pointer.
/// Immutable; assigned as a whole.
class SharedLabels {
 public:
  SharedLabels() = default;
  SharedLabels(KubeLabels labels)  // NOLINT: labels are labels
      : labels_(labels.empty() ? nullptr : std::make_shared<const KubeLabels>(std::move(labels))) {}
  SharedLabels(std::initializer_list<KubeLabels::value_type> labels)
      : SharedLabels(KubeLabels(labels)) {}
  /// Null: none.
  explicit SharedLabels(std::shared_ptr<const KubeLabels> labels) : labels_(std::move(labels)) {}

  [[nodiscard]] const KubeLabels& get() const {
    static const KubeLabels kNone;
    return labels_ ? *labels_ : kNone;
  }
  operator const KubeLabels&() const { return get(); }  // NOLINT: labels are labels

  [[nodiscard]] auto begin() const { return get().begin(); }
  [[nodiscard]] auto end() const { return get().end(); }
  [[nodiscard]] std::size_t size() const { return get().size(); }
  [[nodiscard]] bool empty() const { return get().empty(); }
  [[nodiscard]] const auto& front() const { return get().front(); }
  [[nodiscard]] const auto& operator[](std::size_t i) const { return get()[i]; }

  friend bool operator==(const SharedLabels& a, const SharedLabels& b) {
    return a.labels_ == b.labels_ || a.get() == b.get();
  }

 private:
  std::shared_ptr<const KubeLabels> labels_;
};

}  // namespace netprobe
