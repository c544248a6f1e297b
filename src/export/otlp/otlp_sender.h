// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>

#include "base/clock.h"
#include "base/result.h"
#include "outbox/export_target.h"
#include "outbox/metric_push.h"
#include "outbox/record_sender.h"

namespace netprobe {

/// OTLP 1.5: records as logs, metrics as metrics, over gRPC or HTTP. docs/export-otlp.md
extern const ExportScheme kOtlpGrpcExport;
extern const ExportScheme kOtlpGrpcsExport;
extern const ExportScheme kOtlpHttpExport;
extern const ExportScheme kOtlpHttpsExport;

/// Errors are usage errors. Null where the target wants no records.
[[nodiscard]] Result<std::unique_ptr<RecordSender>> make_otlp_sender(const ExportTarget& target,
                                                                     const Clock& clock);
/// The same; null where the target wants no metrics.
[[nodiscard]] Result<std::unique_ptr<MetricSender>> make_otlp_metric_sender(
    const ExportTarget& target, const Clock& clock);

}  // namespace netprobe
