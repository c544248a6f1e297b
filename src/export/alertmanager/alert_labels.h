// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "model/history.h"

namespace netprobe {

using AlertLabels = std::vector<std::pair<std::string, std::string>>;

/// Who an alert is to Alertmanager, which knows it by all its labels together: alertname
/// ("NetProbePortScan"), kind, key, severity, node, and where they are known source, target,
/// namespace and workload, of the target rather than the source. `given`: of the
/// configuration; they come first and win. Nothing that changes while it goes on, but
/// severity.
[[nodiscard]] AlertLabels labels_of(const AlertEvent& event, std::string_view node,
                                    const AlertLabels& given);
/// What may change: a JSON object of texts.
[[nodiscard]] std::string annotations_of(const AlertEvent& event);

/// A name that Alertmanager takes.
[[nodiscard]] bool is_alert_label(std::string_view name);

}  // namespace netprobe
