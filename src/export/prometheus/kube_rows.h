// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "export/prometheus/metric_writer.h"
#include "model/identity.h"

namespace netprobe {

/// The families of the connection to the Kubernetes API and of the index of
/// identities. Nothing where Kubernetes is off.
void write_kube(MetricWriter& out, const KubeView& kube);

}  // namespace netprobe
