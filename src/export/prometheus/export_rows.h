// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <span>

#include "export/prometheus/text_writer.h"
#include "outbox/outbox.h"

namespace netprobe {

/// How each exporter stands.
void write_exporters(TextWriter& out, std::span<const OutboxStatus> exporters);

}  // namespace netprobe
