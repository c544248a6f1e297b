// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include "export/faults/datagram_receiver.h"
#include "export/faults/fault_table.h"
#include "export/ipfix/ipfix_sender.h"
#include "export/ipfix/testing/message_reader.h"

namespace netprobe::test {
namespace {

class IpfixTcp final : public StreamReceiver<FaultySink> {
 public:
  IpfixTcp() : StreamReceiver(20'000) {}
  std::string url() const override { return "ipfix+tcp://" + sink_.at() + "?"; }
  ExportScheme scheme() const override { return kIpfixTcpExport; }
  Result<std::unique_ptr<RecordSender>> make(const ExportTarget& target) const override {
    return make_ipfix_sender(target, kClock);
  }
  std::vector<std::uint64_t> ids() override {
    std::vector<std::uint64_t> ids;
    for (const std::string& stream : sink_.streams()) {
      ipfix::testing::MessageReader reader;
      const auto byte = [&](std::size_t i) { return static_cast<std::uint8_t>(stream[i]); };
      for (std::size_t at = 0; stream.size() - at >= 16;) {
        const std::size_t length = static_cast<std::size_t>(byte(at + 2)) << 8U | byte(at + 3);
        if (length < 16 || stream.size() - at < length) break;
        EXPECT_EQ(reader.read({reinterpret_cast<const std::uint8_t*>(stream.data()) + at, length}),
                  "");
        at += length;
      }
      for (const auto& each : reader.records())
        if (!each.options) ids.push_back(each.number(0, 148));
    }
    return ids;
  }
  std::size_t most_twice() const override { return kAll; }

 private:
  FaultySink& port() override { return sink_; }
  FaultySink sink_;
};

class IpfixUdp final : public DatagramReceiver {
 public:
  std::string url() const override { return "ipfix+udp://" + at() + "?"; }
  ExportScheme scheme() const override { return kIpfixUdpExport; }
  Result<std::unique_ptr<RecordSender>> make(const ExportTarget& target) const override {
    return make_ipfix_sender(target, kClock);
  }
  std::vector<std::uint64_t> ids() override {
    std::vector<std::uint64_t> ids;
    ipfix::testing::MessageReader reader;
    for (const std::string& each : datagrams())
      EXPECT_EQ(reader.read({reinterpret_cast<const std::uint8_t*>(each.data()), each.size()}), "");
    for (const auto& each : reader.records())
      if (!each.options) ids.push_back(each.number(0, 148));
    return ids;
  }
  /// Of one datagram before each "port unreachable".
  std::size_t most_twice() const override { return 64; }
};

using enum Fault;

TEST(FaultTable, IpfixUdp) { check_faults<IpfixUdp>({kDown}); }
TEST(FaultTable, IpfixTcp) { check_faults<IpfixTcp>({kDown, kSlow, kBreaks}); }

}  // namespace
}  // namespace netprobe::test
