// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>

#include "base/clock.h"
#include "base/result.h"
#include "outbox/export_target.h"
#include "outbox/record_sender.h"

namespace netprobe {

/// Alerts as JSON, posted to somebody's URL. docs/export-webhook.md
extern const ExportScheme kWebhookHttpExport;
extern const ExportScheme kWebhookHttpsExport;

/// Errors are usage errors; a receiver that is away is tried again.
[[nodiscard]] Result<std::unique_ptr<RecordSender>> make_webhook_sender(const ExportTarget& target,
                                                                        const Clock& clock);

}  // namespace netprobe
