// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <memory>
#include <string>

#include "kube/identity/flow_namer.h"
#include "kube/identity/identity_index.h"

namespace {

using namespace netprobe;

/// Reads made-up objects from bytes; zeros when they are used up.
class Bytes {
 public:
  Bytes(const std::uint8_t* data, std::size_t size) : data_(data), left_(size) {}

  [[nodiscard]] bool more() const { return left_ > 0; }
  std::uint8_t byte() {
    if (left_ == 0) return 0;
    --left_;
    return *data_++;
  }
  std::size_t below(std::size_t n) { return byte() % n; }
  bool flag() { return (byte() & 1) != 0; }
  /// Few different ones, so that objects meet.
  std::string name() {
    const std::size_t n = below(9);
    return n == 8 ? std::string() : std::string(1, static_cast<char>('a' + n));
  }
  Nanos time() {
    const std::size_t n = below(70);
    if (n == 69) return std::numeric_limits<Nanos>::min();
    if (n == 68) return std::numeric_limits<Nanos>::max() / 2;
    return static_cast<Nanos>(n) * kSecond;
  }
  IpAddress address() {
    const std::size_t n = below(12);
    if (n == 10) return {};
    if (n == 11) return IpAddress::v4(0x7f000001);
    return n < 6 ? IpAddress::v4(0x0a000000U + static_cast<std::uint32_t>(n))
                 : *IpAddress::parse("fd00::" + std::to_string(n));
  }
  template <typename Make>
  auto list(std::size_t most, Make&& make) {
    std::vector<decltype(make())> result;
    for (std::size_t n = below(most + 1); n > 0; --n) result.push_back(make());
    return result;
  }
  KubeMeta meta() { return {name(), flag() ? "x" : "y", name(), time(), time()}; }
  KubeLabels labels() {
    return list(2, [&] {
      static constexpr const char* kNames[]{"pod-template-hash", "topology.kubernetes.io/zone",
                                            "l"};
      return std::pair<std::string, std::string>(kNames[below(3)], name());
    });
  }
  std::optional<KubeOwner> owner() {
    static constexpr const char* kKinds[]{"ReplicaSet", "Job", "Node", "DaemonSet"};
    if (flag()) return std::nullopt;
    return KubeOwner{kKinds[below(4)], name(), name()};
  }
  KubePort port() {
    return {"", static_cast<std::uint16_t>(below(3)), kProtoTcp,
            static_cast<std::uint16_t>(below(3))};
  }

 private:
  const std::uint8_t* data_;
  std::size_t left_;
};

KubeObject pod(Bytes& in) {
  KubePod result;
  result.meta = in.meta();
  result.labels = in.labels();
  result.controller = in.owner();
  result.node = in.name();
  static constexpr const char* kPhases[]{"Pending", "Running", "Succeeded", "Failed", ""};
  result.phase = kPhases[in.below(5)];
  result.ips = in.list(3, [&] { return in.address(); });
  result.host_network = in.below(8) == 0;
  result.started = in.time();
  result.network_ready = in.time();
  result.containers =
      in.list(2, [&] { return KubeContainer{"", in.name(), in.time(), in.time()}; });
  return std::make_shared<const KubePod>(result);
}

KubeObject other(Bytes& in, std::size_t kind) {
  if (kind == 0) {
    KubeNode result;
    result.meta = in.meta();
    result.labels = in.labels();
    result.internal_ips = in.list(2, [&] { return in.address(); });
    if (in.flag()) result.pod_cidrs.push_back(*IpPrefix::parse("10.0.0.0/24"));
    if (in.flag()) result.annotations = {{"flannel.alpha.coreos.com/x", ""}};
    return std::make_shared<const KubeNode>(result);
  }
  if (kind == 1) {
    KubeService result;
    result.meta = in.meta();
    result.cluster_ips = in.list(2, [&] { return in.address(); });
    result.external_ips = in.list(1, [&] { return in.address(); });
    result.ports = in.list(2, [&] { return in.port(); });
    return std::make_shared<const KubeService>(result);
  }
  if (kind == 2) {
    KubeEndpointSlice result;
    result.meta = in.meta();
    result.service = in.name();
    result.ports = in.list(2, [&] { return in.port(); });
    result.endpoints = in.list(3, [&] {
      KubeEndpoint endpoint;
      endpoint.addresses = in.list(2, [&] { return in.address(); });
      endpoint.ready = in.flag();
      endpoint.pod_uid = in.name();
      return endpoint;
    });
    return std::make_shared<const KubeEndpointSlice>(result);
  }
  KubeController result;
  result.kind = in.flag() ? "Job" : "ReplicaSet";
  result.meta = in.meta();
  result.controller = in.owner();
  return std::make_shared<const KubeController>(result);
}

void require(bool what) {
  if (!what) std::abort();
}

void check(IdentityIndex& index, Nanos now) {
  const auto view = index.view({}, now);
  std::uint64_t living = 0;
  for (std::size_t i = 0; i < view->claims.size(); ++i) {
    const AddressClaim& claim = view->claims[i];
    require(claim.identity != nullptr && !claim.identity->name.empty());
    require(claim.until == 0 || claim.until > claim.from);
    const IdentityPtr* holder = index.find(claim.address, claim.from, claim.from);
    require(holder != nullptr && *holder == claim.identity);
    living += claim.until == 0 ? 1 : 0;
    if (i + 1 == view->claims.size() || view->claims[i + 1].address != claim.address) continue;
    require(claim.until != 0 && view->claims[i + 1].from >= claim.until);
  }
  require(view->stats.addresses == living);
  require(view->stats.claims <= 40);
}

}  // namespace

/// Objects that nobody would make, in any order: what is known stays sound and
/// bounded.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const IdentityOptions options{.node_name = "a",
                                .external_names = {{"net", *IpPrefix::parse("fd00::/112")}},
                                .max_claims = 20,
                                .keep_past = 10 * kSecond};
  IdentityIndex index(options);
  const FlowNamer namer(index, options);
  Bytes in(data, size);
  Nanos now = 0;
  while (in.more()) {
    const std::size_t what = in.below(16);
    now += static_cast<Nanos>(in.below(3)) * kSecond;
    if (what < 12) {
      const bool deleted = in.below(4) == 0;
      index.apply({deleted, now, what < 8 ? pod(in) : other(in, what - 8)});
    } else if (what == 12) {
      index.tick(now);
    } else if (what == 13) {
      check(index, now);
      now += kSecond;  // the next view is another
    } else {
      Flow flow;
      flow.tuple = {in.address(), in.address(), 1, static_cast<std::uint16_t>(in.below(3)),
                    kProtoTcp};
      flow.nat = in.flag();
      flow.translated = {in.address(), in.address(), 1, 2, kProtoTcp};
      flow.first_seen = in.time();
      flow.last_seen = in.time();
      ProcessRef process;
      process.container = in.name();
      if (in.flag()) flow.client_process = std::make_shared<const ProcessRef>(process);
      namer.name(flow);
      require((flow.service != nullptr) == (flow.service_by != ServiceBy::kNone));
      require(!flow.service || flow.service->kind == IdentityKind::kService);
    }
  }
  check(index, now + 100 * kSecond);
  return 0;
}
