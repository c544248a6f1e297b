// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

#include "model/dns.h"
#include "model/finding.h"
#include "sketch/hyper_log_log.h"

namespace netprobe {

/// What is asked below one registered domain, in one window after the other. 13 KiB.
class TunnelDomain {
 public:
  /// Who asks; the first eight are told apart.
  struct Client {
    IpAddress address;
    IdentityPtr identity;
    ProcessPtr process;
    std::uint64_t asks = 0;
  };
  struct Measured {
    double names = 0;        ///< different ones
    double new_share = 0;    ///< of those, that were not asked in a window before
    double once_share = 0;   ///< of those, that were not asked again later
    double bytes = 0;        ///< of different names, below the domain
    std::uint64_t data = 0;  ///< bytes of answers, where they are no addresses
    std::uint64_t asks = 0;
    std::uint64_t expansions = 0;  ///< answers that a name beside a search domain is not there
    std::uint64_t answers = 0;
    std::uint64_t other_clients = 0;  ///< asks by those that are not told apart
  };

  /// A question that nobody asked a moment ago; `hash` is of its name, `bytes` what stands
  /// below the domain.
  void ask(const DnsMessage& message, std::uint64_t hash, std::uint32_t bytes);
  void answer(const DnsMessage& message, bool is_expansion);
  /// The window is over: what it had is known from now on.
  void turn();

  [[nodiscard]] Measured measure() const;
  /// Most asks first.
  [[nodiscard]] std::vector<Client> clients() const;
  [[nodiscard]] const std::vector<EvidenceFlow>& evidence() const { return evidence_; }
  [[nodiscard]] bool is_quiet() const { return asks_ == 0; }

 private:
  static constexpr std::size_t kSample = 256;
  /// A name that is asked once more after this is asked again; before, it is the same ask
  /// (another type, a repetition, a forwarder).
  static constexpr Micros kSameAsk = 5 * 1'000'000;
  struct Name {
    std::uint32_t print = 0;
    bool again = false;
    Micros first = 0;
  };

  HyperLogLog<12> now_;
  HyperLogLog<12> known_;
  std::array<Name, kSample> sample_{};  ///< the first names of the window
  std::size_t sampled_ = 0;
  std::array<Client, 8> clients_{};
  std::uint64_t other_clients_ = 0;
  std::uint64_t asks_ = 0;
  std::uint64_t bytes_ = 0;
  std::uint64_t data_ = 0;
  std::uint64_t answers_ = 0;
  std::uint64_t expansions_ = 0;
  std::vector<EvidenceFlow> evidence_;
};

}  // namespace netprobe
