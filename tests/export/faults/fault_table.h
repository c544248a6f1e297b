// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <csignal>
#include <cstdint>
#include <initializer_list>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "export/export_testing.h"
#include "export/faulty_stream.h"

// Each exporter with a receiver that is down, slow, breaks off, or rejects a part: every
// record is sent or lost by name, and nothing is there twice where the protocol can tell.
// Prints what came of each: the table of docs/export.md.
namespace netprobe::test {

constexpr std::size_t kBatches = 20;
constexpr std::size_t kOfEach = 500;
constexpr std::size_t kAll = kBatches * kOfEach;

enum class Fault : std::uint8_t { kDown, kSlow, kBreaks, kRejects };
inline constexpr std::array<std::string_view, 4> kFaultNames{
    "down, then back", "hangs, then goes on", "breaks mid-batch", "rejects half"};

/// A receiver, and what it has in the end.
class Receiver {
 public:
  virtual ~Receiver() = default;
  [[nodiscard]] virtual std::string url() const = 0;
  [[nodiscard]] virtual Result<std::unique_ptr<RecordSender>> make(
      const ExportTarget& target) const = 0;
  [[nodiscard]] virtual ExportScheme scheme() const = 0;
  virtual void begin(Fault fault) = 0;
  virtual void mend() = 0;
  [[nodiscard]] virtual std::vector<std::uint64_t> ids() = 0;
  /// Records that may be there twice: of sends whose answer was lost.
  [[nodiscard]] virtual std::size_t most_twice() const = 0;
  /// What a fault is called, where it is another one with this receiver.
  [[nodiscard]] virtual std::string_view name_of(Fault fault) const {
    return kFaultNames.at(static_cast<std::size_t>(fault));
  }
};

/// `"flow_id":17` of each line or message.
void add_ids(const std::string& text, std::vector<std::uint64_t>& ids);

/// What all have that speak TCP.
template <typename Port>
class StreamReceiver : public Receiver {
 public:
  void begin(Fault fault) override {
    StreamFaults& faults = port().faults;
    faults.away = fault == Fault::kDown;
    faults.hung = fault == Fault::kSlow;
    if (faults.away) port().await_away();
    if (fault != Fault::kBreaks) return;
    faults.cuts = 3;
    faults.cut_after = cut_;
  }
  void mend() override {
    port().faults.away = false;
    port().faults.hung = false;
  }

 protected:
  explicit StreamReceiver(std::size_t cut) : cut_(cut) {}
  virtual Port& port() = 0;

 private:
  const std::size_t cut_;
};

/// Sends everything while the fault lasts and when it is over.
void check_fault(Receiver& receiver, Fault fault);

template <typename Kind>
void check_faults(std::initializer_list<Fault> faults) {
  (void)std::signal(SIGPIPE, SIG_IGN);
  for (const Fault fault : faults) {
    Kind receiver;
    check_fault(receiver, fault);
  }
}

}  // namespace netprobe::test
