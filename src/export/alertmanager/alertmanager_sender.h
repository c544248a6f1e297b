// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>

#include "base/clock.h"
#include "base/result.h"
#include "outbox/export_target.h"
#include "outbox/record_sender.h"

namespace netprobe {

/// Alerts to Prometheus' Alertmanager, API v2. docs/export-alertmanager.md
extern const ExportScheme kAlertmanagerHttpExport;
extern const ExportScheme kAlertmanagerHttpsExport;

/// Errors are usage errors; one that is away is tried again.
[[nodiscard]] Result<std::unique_ptr<RecordSender>> make_alertmanager_sender(
    const ExportTarget& target, const Clock& clock);

}  // namespace netprobe
