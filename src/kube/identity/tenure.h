// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <limits>

#include "base/clock.h"
#include "model/kube.h"

namespace netprobe {

inline constexpr Nanos kForever = std::numeric_limits<Nanos>::max();

/// Whose word counts more where several say that they have an address now.
enum class Rank : std::uint8_t {
  kInferred,  ///< a node's, by what its network plugin does by habit
  kPod,
  kNode,  ///< no pod can have it
};

/// What objects tell of the time that somebody had an address. The API's times
/// are whole seconds, cut off, so a thing of second 7 was between 7 and 8. All
/// times are wall; 0: not known.
struct Tenure {
  /// Not before: the kubelet took the pod then, and gave it an address later.
  Nanos earliest = 0;
  /// It had the address already: its network was ready, or a container began.
  /// It sent nothing before that second.
  Nanos sign = 0;
  Nanos seen = 0;  ///< when the address was first read
  /// The second in which its last container ended, where it will have no other.
  Nanos finish = 0;
  Nanos deletion = 0;  ///< as its object has it, once that is deleted
  Nanos gone = 0;      ///< it surely had it no longer; 0: it still has
  Rank rank = Rank::kPod;

  [[nodiscard]] Nanos until() const;
  /// Later means newer.
  [[nodiscard]] Nanos order() const { return sign != 0 ? sign : earliest; }
};

/// The newest end of a pod's containers where none is running; 0 else.
[[nodiscard]] Nanos finish_of(const KubePod& pod);
/// Its phase says that it will not run again.
[[nodiscard]] bool is_over(const KubePod& pod);

/// What this version of a pod tells of its address.
[[nodiscard]] Tenure tenure_of(const KubePod& pod, bool deleted, Nanos seen);

/// When `newer` took the address over from `older`, who had it at
/// newer.earliest still, as far as is known.
[[nodiscard]] Nanos handover(const Tenure& older, const Tenure& newer);

}  // namespace netprobe
