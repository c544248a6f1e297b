// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>

#include "base/clock.h"
#include "base/result.h"
#include "io/http_poster.h"
#include "outbox/export_target.h"
#include "outbox/metric_push.h"

namespace netprobe {

/// Prometheus remote write 1.0: all metrics, no records. docs/export-remote-write.md
extern const ExportScheme kRemoteWriteHttpExport;
extern const ExportScheme kRemoteWriteHttpsExport;

/// Errors are usage errors.
[[nodiscard]] Result<std::unique_ptr<MetricSender>> make_remote_write_sender(
    const ExportTarget& target, const Clock& clock);

/// What an answer means for a request of `points`: 5xx and 429 again, other statuses that
/// are no success never.
[[nodiscard]] MetricOutcome read_remote_write(const PostReply& reply, std::uint64_t points);

}  // namespace netprobe
