// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <string>

#include "export/syslog/channel.h"
#include "export/syslog/syslog_message.h"
#include "outbox/record_sender.h"

namespace netprobe {

/// Over a connection. The protocol has no answers: what the kernel of the server has
/// acknowledged is taken, and what it has not when a connection breaks goes again.
class SyslogStreamSender final : public RecordSender {
 public:
  using Connect = Result<std::unique_ptr<Channel>> (*)(const ExportTarget&, HostLookup&,
                                                       const Patience&);
  SyslogStreamSender(ExportTarget target, SyslogBatch batch, Connect connect, const Clock& clock)
      : target_(std::move(target)), batch_(std::move(batch)), connect_(connect), clock_(clock) {}

  SendOutcome send(std::span<const RecordRef> records) override;
  void stop() override { stopping_ = true; }

 private:
  /// How many messages the server has; why not all.
  std::size_t push(const Patience& patience, std::string& problem);

  const ExportTarget target_;
  SyslogBatch batch_;
  const Connect connect_;
  HostLookup lookup_;
  const Clock& clock_;
  std::unique_ptr<Channel> channel_;
  std::atomic<bool> stopping_{false};
};

/// What is said of records of which the first so many are settled.
[[nodiscard]] SendOutcome syslog_outcome(const SyslogBatch& batch, std::size_t settled,
                                         std::string problem);

}  // namespace netprobe
