// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <boost/container/small_vector.hpp>
#include <boost/unordered/unordered_flat_map.hpp>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>
#include <vector>

#include "kube/identity/label_pool.h"
#include "kube/identity/object_list.h"
#include "kube/identity/text_key.h"
#include "model/identity.h"
#include "model/tuple_key.h"

namespace netprobe {

/// The services by their addresses and node ports, those that are gone too for
/// a while. One thread.
class ServiceTable {
 public:
  explicit ServiceTable(LabelPool& labels) : labels_(labels) {}

  ObjectList<KubeService> objects;  ///< for readers

  void apply(const KubeServicePtr& service, bool deleted, Nanos seen);
  /// Forgets some of what was deleted before this.
  void forget(Nanos before);

  struct Match {
    const IdentityPtr* service = nullptr;  ///< null: none; valid until the next change
    bool has_port = false;                 ///< the service has this port
    TextKey name;
  };
  /// By an address of its own: cluster, external or of a load balancer. Where
  /// several share it, the one with the port.
  [[nodiscard]] Match by_address(const IpAddress& address, std::uint16_t port,
                                 std::uint8_t protocol, Nanos at) const;
  [[nodiscard]] Match by_node_port(std::uint16_t port, std::uint8_t protocol, Nanos at) const;
  /// `name`: text_key of namespace and name; null: not known.
  [[nodiscard]] const IdentityPtr* by_name(const TextKey& name) const;

  /// visit(address, identity, from, until)
  template <typename Visit>
  void for_each_address(Visit&& visit) const {
    for (const auto& [address, records] : by_address_) {
      for (const Record* record : records)
        visit(address, record->identity, record->service->meta.created, record->gone);
    }
  }
  [[nodiscard]] std::size_t size() const { return services_.size(); }
  [[nodiscard]] std::uint64_t skipped() const { return skipped_; }

 private:
  struct Record {
    KubeServicePtr service;
    IdentityPtr identity;
    TextKey name;
    std::vector<IpAddress> addresses;
    Nanos gone = 0;
  };
  using Records = boost::container::small_vector<Record*, 1>;

  static std::uint32_t port_key(std::uint16_t port, std::uint8_t protocol) {
    return static_cast<std::uint32_t>(protocol) << 16 | port;
  }
  static bool has_port(const Record& record, std::uint16_t port, std::uint8_t protocol);
  template <typename HasPort>
  static Match pick(const Records& records, Nanos at, HasPort&& has);
  void put(Record& record);
  void take_out(Record& record);
  void retire(std::unique_ptr<Record> record, Nanos seen);

  LabelPool& labels_;
  boost::unordered_flat_map<TextKey, std::unique_ptr<Record>, TextKeyHash> services_;
  boost::unordered_flat_map<IpAddress, Records, AddressHash> by_address_;
  boost::unordered_flat_map<std::uint32_t, Records> by_node_port_;
  std::deque<std::unique_ptr<Record>> past_;  ///< in order of their end
  std::uint64_t skipped_ = 0;
};

}  // namespace netprobe
