// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "detect/brute_force/attempts.h"
#include "detect/brute_force/login_services.h"
#include "model/detector.h"
#include "sketch/idle_map.h"
#include "sketch/keyed_hash.h"

namespace netprobe {

/// Thresholds of one source at one server are the services' own (login_services.h).
struct BruteForceOptions {
  /// So large a part of the connections look like failed logins.
  double least_alike = 0.75;
  /// And their sizes differ by no more: standard deviation by mean.
  double most_variation = 0.3;
  /// One source at many servers: so many of them, with `spray_each` attempts each on
  /// average and `spray_factor` times the service's attempts together.
  std::uint32_t spray_targets = 8;
  double spray_each = 3;
  std::uint32_t spray_factor = 2;
  /// Many sources at one server, none with more than half of it.
  std::uint32_t many_sources = 10;
  std::uint32_t many_factor = 5;
  std::uint32_t repeat = 5;        ///< seconds: told again so often as long as it goes on
  std::size_t max_findings = 128;  ///< in one look

  /// Room; powers of two.
  std::size_t flows = 8192;
  std::size_t pairs = 2048;
  std::size_t sources = 1024;
  std::size_t servers = 512;
};

/// Finds guessing of passwords by the pattern of connections: many that are short, alike,
/// and have a handshake. docs/detectors.md has the definitions.
///
/// Kinds: "brute_force" (key "source>server/port"), "password_spray" (key
/// "source/service") and "distributed_brute_force" (key "server/port").
class BruteForceDetector final : public Detector {
 public:
  explicit BruteForceDetector(const BruteForceOptions& options = {});

  [[nodiscard]] std::string_view name() const override { return "brute_force"; }
  void on_flow(const FlowRecord& record) override;
  void tick(Micros now, const FindingSink& found) override;
  /// At most 8 MiB with default options.
  [[nodiscard]] std::size_t bytes() const override;
  [[nodiscard]] std::uint64_t not_followed() const override;

 private:
  struct FlowId {
    std::size_t operator()(std::uint64_t id) const { return id; }
  };
  /// A connection to such a service.
  struct Open {
    std::uint32_t client_bytes = 0;
    std::uint32_t server_bytes = 0;
    std::uint32_t packets = 0;
    bool counted = false;
  };
  /// Attempts by one source at one server, at many, or by many at one.
  struct Group {
    AttemptRate rate;
    Similarity sizes;
    OtherEnds others;
    AttemptEvidence evidence;
    IdentityPtr source;
    IdentityPtr server;
    ProcessPtr process;
    std::uint64_t count = 0;
    Micros first = 0;
    std::uint32_t last = 0;  ///< seconds
    std::uint32_t told = 0;  ///< seconds
    std::uint32_t hit = 0;   ///< seconds: it was over its threshold then
    bool dirty = false;
  };
  using Groups = IdleMap<AddressPair, Group, AddressPairHash>;
  enum class Way : std::uint8_t { kPair, kSpray, kMany };

  void count(const FlowRecord& record, const LoginService& service, const Open& flow, bool alike);
  void look_at(Way way, Groups& groups, std::uint32_t now, const FindingSink& found);
  [[nodiscard]] bool is_over(Way way, const AddressPair& key, const Group& group,
                             const LoginService& service, std::uint32_t now, Finding& finding);
  static void describe(Way way, const AddressPair& key, const Group& group,
                       const LoginService& service, Finding& finding);

  const BruteForceOptions options_;
  IdleMap<std::uint64_t, Open, FlowId> flows_;
  Groups pairs_;
  Groups sources_;  ///< their server is unspecified
  Groups servers_;  ///< their source is
  std::size_t told_ = 0;
  std::uint64_t not_told_ = 0;
};

}  // namespace netprobe
