// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include "export/faults/datagram_receiver.h"
#include "export/syslog/syslog_sender.h"

namespace netprobe::test {
namespace {

class SyslogTcp final : public StreamReceiver<FaultySink> {
 public:
  SyslogTcp() : StreamReceiver(30'000) {}
  std::string url() const override { return "syslog+tcp://" + sink_.at() + "?"; }
  ExportScheme scheme() const override { return kSyslogTcpExport; }
  Result<std::unique_ptr<RecordSender>> make(const ExportTarget& target) const override {
    return make_syslog_sender(target, kClock);
  }
  std::vector<std::uint64_t> ids() override {
    std::vector<std::uint64_t> ids;
    for (const std::string& stream : sink_.streams()) add_ids(stream, ids);
    return ids;
  }
  std::size_t most_twice() const override { return kAll; }

 private:
  FaultySink& port() override { return sink_; }
  FaultySink sink_;
};

class SyslogUdp final : public DatagramReceiver {
 public:
  std::string url() const override { return "syslog+udp://" + at() + "?"; }
  ExportScheme scheme() const override { return kSyslogUdpExport; }
  Result<std::unique_ptr<RecordSender>> make(const ExportTarget& target) const override {
    return make_syslog_sender(target, kClock);
  }
  std::vector<std::uint64_t> ids() override {
    std::vector<std::uint64_t> ids;
    for (const std::string& each : datagrams()) add_ids(each, ids);
    return ids;
  }
  std::size_t most_twice() const override { return 64; }
};

using enum Fault;

TEST(FaultTable, SyslogUdp) { check_faults<SyslogUdp>({kDown}); }
TEST(FaultTable, SyslogTcp) { check_faults<SyslogTcp>({kDown, kSlow, kBreaks}); }

}  // namespace
}  // namespace netprobe::test
