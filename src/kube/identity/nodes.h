// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <boost/unordered/unordered_map.hpp>
#include <cstddef>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "kube/identity/address_book.h"
#include "kube/identity/label_pool.h"
#include "kube/identity/object_list.h"
#include "model/identity.h"

namespace netprobe {

/// topology.kubernetes.io/zone, or its older name; empty without.
[[nodiscard]] std::string zone_of(const KubeLabels& labels);
/// The pool or group that the node was made by, as the large providers and
/// autoscalers label it; empty without.
[[nodiscard]] std::string node_pool_of(const KubeLabels& labels);

/// The nodes and their addresses. One thread.
class NodeTable {
 public:
  NodeTable(AddressBook& book, LabelPool& labels) : book_(book), labels_(labels) {}

  ObjectList<KubeNode> objects;  ///< for readers

  /// True: the zone or pool of this node's pods is another from now on.
  /// `skipped` grows by addresses that cannot be a node's.
  bool apply(const KubeNodePtr& node, bool deleted, Nanos seen, std::uint64_t& skipped);
  /// Forgets nodes that were deleted before this.
  void forget(Nanos before);

  struct Place {
    std::string zone;
    std::string pool;
  };
  /// Null: not known.
  [[nodiscard]] const Place* find(const std::string& name) const;

  /// Is it one that a node gives its pods?
  [[nodiscard]] bool in_pod_network(const IpAddress& address) const;

  [[nodiscard]] std::size_t size() const { return nodes_.size(); }

 private:
  struct Record : Holder {
    KubeNodePtr node;
    Place place;
    std::vector<std::pair<IpAddress, Rank>> addresses;
    std::vector<std::pair<IpAddress, Rank>> former_addresses;  ///< claims of them ended
    Nanos gone = 0;
  };
  void name(Record& record);
  void claim(Record& record, Nanos seen, std::uint64_t& skipped);
  void take_pod_networks(const KubeNode* before, const KubeNode* now);

  AddressBook& book_;
  LabelPool& labels_;
  boost::unordered_map<std::string, std::unique_ptr<Record>> nodes_;
  std::map<IpPrefix, std::size_t> pod_networks_;  ///< and how many nodes have it
  std::size_t gone_ = 0;
};

/// An address that can be one pod's or node's alone.
[[nodiscard]] bool can_be_held(const IpAddress& address);

}  // namespace netprobe
