// SPDX-License-Identifier: Apache-2.0
#include "kube/identity/tenure.h"

#include <algorithm>

namespace netprobe {
namespace {

Nanos sign_of(const KubePod& pod) {
  if (pod.network_ready > 0) return pod.network_ready;
  Nanos first = 0;
  for (const KubeContainer& container : pod.containers) {
    if (container.started > 0 && (first == 0 || container.started < first))
      first = container.started;
  }
  return first;
}

}  // namespace

Nanos Tenure::until() const {
  Nanos end = gone != 0 ? gone : kForever;
  if (finish != 0) end = std::min(end, finish + kSecond);
  return end;
}

bool is_over(const KubePod& pod) { return pod.phase == "Succeeded" || pod.phase == "Failed"; }

Nanos finish_of(const KubePod& pod) {
  Nanos newest = 0;
  for (const KubeContainer& container : pod.containers) {
    if (container.started > 0 && container.finished <= 0) return 0;
    newest = std::max(newest, container.finished);
  }
  return newest;
}

Tenure tenure_of(const KubePod& pod, bool deleted, Nanos seen) {
  Tenure tenure;
  tenure.seen = seen;
  tenure.earliest = pod.started > 0 ? pod.started : pod.meta.created > 0 ? pod.meta.created : seen;
  // A clock that is ahead of ours must not make a claim that begins tomorrow.
  tenure.earliest = std::min(tenure.earliest, seen);
  tenure.sign = std::min(sign_of(pod), seen);
  if (tenure.sign != 0) tenure.sign = std::max(tenure.sign, tenure.earliest);
  // Containers that end and begin again keep the pod's address.
  if (deleted || is_over(pod) || pod.meta.deletion != 0) {
    tenure.finish = std::min(finish_of(pod), seen);
    if (tenure.finish != 0) tenure.finish = std::max(tenure.finish, tenure.order());
  }
  if (deleted) tenure.deletion = pod.meta.deletion;
  if (deleted || is_over(pod)) tenure.gone = seen;
  return tenure;
}

Nanos handover(const Tenure& older, const Tenure& newer) {
  if (newer.sign == 0) {
    // Between the kubelet's taking it and our seeing the address.
    Nanos left = 0;
    if (older.finish != 0) {
      left = older.finish + kSecond;
    } else if (older.deletion >= newer.earliest && older.deletion <= newer.seen) {
      left = older.deletion + kSecond;
    }
    return std::clamp(left, newer.earliest, std::max(newer.earliest, newer.seen));
  }
  if (older.finish == 0) return std::min(older.until(), newer.sign);
  const Nanos left = older.finish + kSecond;
  if (left <= newer.sign) return left;
  // Both in one second: the middle is as good as can be told.
  return older.finish <= newer.sign ? newer.sign + (left - newer.sign) / 2 : newer.sign;
}

}  // namespace netprobe
