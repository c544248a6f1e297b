// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "model/address_watchlist.h"
#include "model/detector.h"
#include "sketch/idle_map.h"
#include "sketch/keyed_hash.h"

namespace netprobe {

struct IntelDetectorOptions {
  /// Pairs of one of us and a listed entry that are followed at once; each is 1 to 2 KiB.
  std::size_t most_pairs = 4096;
  /// A pair that is quiet this long is over.
  Micros quiet = Micros{900} * 1'000'000;
  /// An entry that goes on is told again this often; one that got worse at once.
  Micros again = Micros{10} * 1'000'000;
  /// As many findings a tick; the rest wait for the next.
  std::size_t most_findings = 256;
};

/// Flows of which an end outside is on a watchlist ("threat_intel"). One finding a pair of a
/// workload (without Kubernetes: an address) of ours and a listed entry, and direction:
/// - ours calls it: as bad as the list says, T1071, whether or not it was answered;
/// - it knocks: low, T1595; medium once it was answered. Never worse than the list says.
/// An end that is a pod, a service or a node is never outside.
/// Names that are asked for by DNS are held against lists as well: T1071.004. A server of DNS
/// that asks for what somebody else asked for just now does so for them.
class IntelDetector final : public Detector {
 public:
  /// `watchlist` is asked for the current one once a tick.
  explicit IntelDetector(WatchlistSource watchlist, IntelDetectorOptions options = {});

  [[nodiscard]] std::string_view name() const override { return "threat_intel"; }
  void on_flow(const FlowRecord& record) override;
  void on_dns(const DnsMessage& message) override;
  void tick(Micros now, const FindingSink& found) override;
  [[nodiscard]] std::size_t bytes() const override;
  [[nodiscard]] std::uint64_t not_followed() const override { return pairs_.evicted(); }
  /// Records with an end in this list, since the start.
  [[nodiscard]] std::uint64_t matches(std::string_view list) const;

 private:
  static constexpr std::size_t kEvidence = 4;

  struct PairKey {
    std::uint64_t ours = 0;   ///< hash of workload or address
    std::uint64_t entry = 0;  ///< hash of its text
    bool calls = false;       ///< ours began it
    bool operator==(const PairKey&) const = default;
  };
  struct PairKeyHash {
    std::size_t operator()(const PairKey& key) const {
      return mix_hash(mix_hash(keyed_hash(key.ours), key.entry), key.calls ? 1 : 0);
    }
  };
  struct Pair {
    FindingEnd ours;
    FindingEnd listed;
    std::string entry;
    std::string lists;  ///< "spamhaus (SBL123), own"
    Severity listed_severity = Severity::kHigh;
    double confidence = 0;
    bool calls = false;
    bool is_name = false;  ///< flows are questions for it
    bool answered = false;
    bool proven = false;  ///< a handshake was seen
    std::uint64_t flows = 0;
    std::uint64_t packets = 0;
    std::uint64_t bytes = 0;
    Micros first_seen = 0;
    Micros last_seen = 0;
    Micros touched = 0;  ///< by ticks' time
    Micros told = 0;
    Severity told_severity = Severity::kInfo;
    bool has_news = false;
    std::vector<EvidenceFlow> evidence;
  };

  void look_at(const FlowRecord& record, const IpAddress& address, bool calls);
  [[nodiscard]] bool is_forwarded(const DnsMessage& message);
  [[nodiscard]] bool is_server(const DnsMessage& message);
  void follow(Pair& pair, const FlowRecord& record);
  static void list(Pair& pair, const std::vector<WatchlistMatch>& matches);
  void begin(Pair& pair, const FlowRecord& record, const IpAddress& address, bool calls,
             const std::vector<WatchlistMatch>& matches);
  static void add_flow(std::vector<EvidenceFlow>& evidence, const FlowRecord& record);
  [[nodiscard]] static Severity severity_of(const Pair& pair);
  [[nodiscard]] static Finding finding_of(const Pair& pair);

  const WatchlistSource source_;
  const IntelDetectorOptions options_;
  AddressWatchlistPtr watchlist_;
  std::map<std::string, std::uint64_t, std::less<>> matches_;  ///< by list: there are few
  IdleMap<PairKey, Pair, PairKeyHash> pairs_;
  struct Asked {
    IpAddress client;
    Micros time = 0;
  };
  struct NameHash {
    std::size_t operator()(std::uint64_t hash) const { return keyed_hash(hash); }
  };
  IdleMap<std::uint64_t, Asked, NameHash> asked_{256};  ///< listed names, by whom first
  struct ServerHash {
    std::size_t operator()(const IpAddress& address) const { return keyed_hash(address); }
  };
  IdleMap<IpAddress, Micros, ServerHash> servers_{1024};  ///< of DNS: when one was asked last
  std::size_t texts_ = 0;  ///< bytes that pairs hold beside themselves, as of the last tick
  Micros now_ = 0;
};

}  // namespace netprobe
