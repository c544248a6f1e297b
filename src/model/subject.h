// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/ip_address.h"
#include "model/history.h"
#include "model/prefix_set.h"

namespace netprobe {

/// Where a side of a record is.
enum class Place : std::uint8_t {
  kNobody,   ///< loopback, link-local, multicast, broadcast, no address
  kCluster,  ///< a pod or a service, or an address of the networks told to be inside
  kNode,     ///< of the cluster, or this one by any address
  kLocal,    ///< nobody is known for it, and it is private: the network around
  kOutside,  ///< of the Internet, or a network outside the cluster that has a name
};

/// Who a side of a record is, for what is learnt of it: something that outlives a pod, a
/// process and a connection.
struct Subject {
  std::uint64_t id = 0;  ///< 0 for kNobody
  Place place = Place::kNobody;
  bool named = false;  ///< by an identity or a process: no packet can claim to be it
};

/// Tells who records are between. A pod is its workload, so that a new replica, a rollout
/// and a restart are the one that was there before; a pod without owner is itself. Where
/// nobody is known, a side that begins is its process by its name (a word of at most 15
/// letters that the process itself may set), else its address. A node that begins is node
/// and process; as a target all nodes are one, since they come and go.
///
/// Ids are hashes under a seed: who does not know it cannot choose names that meet. What is
/// kept of them over a restart is kept with the seed. One thread.
class Subjects {
 public:
  /// `inside`: networks of the cluster, for the time in which an address has no name.
  Subjects(std::uint64_t seed, std::vector<IpPrefix> inside);

  [[nodiscard]] Subject source(const RecordBase& record) const;
  /// The same of the side that answers, for what it does itself; `seen`: its address.
  [[nodiscard]] Subject server(const RecordBase& record, const IpAddress& seen) const;
  /// Behind a service the backend where it is known. `seen`: its address.
  [[nodiscard]] Subject target(const RecordBase& record, const IpAddress& seen) const;
  /// The service that the record was sent to; kNobody for none.
  [[nodiscard]] Subject service(const RecordBase& record) const;
  [[nodiscard]] Place source_place(const RecordBase& record) const;
  [[nodiscard]] Place target_place(const RecordBase& record, const IpAddress& seen) const;
  [[nodiscard]] std::uint64_t seed() const { return seed_; }
  /// From now on these are the cluster's.
  void set_inside(std::vector<IpPrefix> inside) { inside_ = PrefixSet(std::move(inside)); }

 private:
  [[nodiscard]] std::uint64_t id_of(const Identity& identity) const;
  [[nodiscard]] Subject side(const IdentityPtr& identity, const ProcessPtr& process,
                             const IpAddress& address, Place place) const;
  /// `here`: it is this node, whatever its address looks like.
  [[nodiscard]] Place place_of(const IdentityPtr& identity, const IpAddress& address,
                               bool here) const;

  std::uint64_t seed_;
  PrefixSet inside_;
};

/// A subject in words that stay: "shop/Deployment/web", "Node n1/sshd", "10.0.0.1". For keys.
[[nodiscard]] std::string subject_name(const IdentityPtr& identity, const ProcessPtr& process,
                                       const IpAddress& address);
/// A seed that nobody else knows.
[[nodiscard]] std::uint64_t random_seed();
/// The network that an address is taken to be of, where a service has many: /24, /48.
[[nodiscard]] IpAddress network_around(const IpAddress& address);

}  // namespace netprobe
