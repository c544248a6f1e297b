// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>

#include "base/clock.h"
#include "base/result.h"
#include "outbox/export_target.h"
#include "outbox/record_sender.h"

namespace netprobe {

/// Records as JSON, each a message of a Kafka topic, by an idempotent producer.
/// docs/export-kafka.md
extern const ExportScheme kKafkaExport;
extern const ExportScheme kKafkaTlsExport;

/// Errors are usage errors; brokers that are away are tried again.
[[nodiscard]] Result<std::unique_ptr<RecordSender>> make_kafka_sender(const ExportTarget& target,
                                                                      const Clock& clock);

}  // namespace netprobe
