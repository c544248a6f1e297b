// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <boost/container/small_vector.hpp>
#include <boost/unordered/unordered_flat_map.hpp>
#include <boost/unordered/unordered_map.hpp>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "kube/identity/address_book.h"
#include "kube/identity/label_pool.h"
#include "kube/identity/nodes.h"
#include "kube/identity/object_list.h"
#include "kube/identity/workloads.h"
#include "model/identity.h"

namespace netprobe {

/// The pods, those that are gone too for a while: what each is called, which
/// addresses it claims and which containers are its. One thread.
class PodTable {
 public:
  struct Limits {
    std::size_t claims = 0;  ///< addresses of pods, of now and before
    Nanos keep_past = 0;
  };
  PodTable(Limits limits, AddressBook& book, LabelPool& labels, const NodeTable& nodes,
           Workloads& workloads)
      : limits_(limits), book_(book), labels_(labels), nodes_(nodes), workloads_(workloads) {}

  ObjectList<KubePod> objects;  ///< for readers

  void apply(const KubePodPtr& pod, bool deleted, Nanos seen);
  /// A ReplicaSet or Job came: names the pods that wait for it.
  void owner_came(const KubeController& controller);
  /// One that was known has another owner. Looks at every pod.
  void owner_changed(const KubeController& controller);
  void node_changed(const std::string& node);
  /// Forgets some of what has been past for long.
  void tick(Nanos now);

  /// Valid until the next change; null: not known.
  [[nodiscard]] const IdentityPtr* by_container(std::string_view id) const;
  [[nodiscard]] const IdentityPtr* by_uid(const TextKey& uid) const;
  /// Are there pods on this node that use its own address?
  [[nodiscard]] bool has_host_pods(const std::string& node) const;
  /// Their containers, by id; also of those that are gone and not forgotten.
  [[nodiscard]] std::vector<std::pair<std::string, IdentityPtr>> host_containers(
      const std::string& node) const;

  [[nodiscard]] std::size_t size() const { return pods_.size(); }
  [[nodiscard]] std::uint64_t skipped() const { return skipped_; }
  [[nodiscard]] std::uint64_t evicted() const { return evicted_; }
  [[nodiscard]] std::size_t bytes() const;

 private:
  struct Record : Holder {
    KubePodPtr pod;
    TextKey uid;
    boost::container::small_vector<IpAddress, 1> addresses;  ///< claimed, or claimed before
    boost::container::small_vector<TextKey, 1>
        containers;                   ///< that are or were its; the newest last
    Nanos forget_at = 0;              ///< 0: not yet
    std::uint32_t node_position = 0;  ///< in by_node_
    bool queued = false;              ///< in past_
    bool gone = false;                ///< its object is
    bool workload_known = false;
    bool waits = false;  ///< in waiting_
  };
  struct Past {
    Nanos at = 0;
    TextKey uid;
  };

  Record& record_of(const KubePodPtr& pod, const TextKey& uid, Nanos seen);
  void take(Record& record, const KubePodPtr& pod);
  void put_on_node(Record& record);
  void take_off_node(Record& record);
  void wait_for_owner(Record& record, bool waits);
  /// Gives it the name that it has by now; true: another than before.
  bool name(Record& record, Nanos labels_since);
  void rename(Record& record);
  void claim(Record& record, bool deleted, Nanos seen);
  void claim_one(Record& record, const IpAddress& address, const Tenure& told, bool replaces);
  void know_containers(Record& record);
  void retire(Record& record, Nanos seen);
  void forget(Record& record);
  /// Forgets what is past until a claim finds room, but not `claiming`, whose
  /// claim it is. False: nothing more is past.
  bool make_room(const Record& claiming);

  const Limits limits_;
  AddressBook& book_;
  LabelPool& labels_;
  const NodeTable& nodes_;
  Workloads& workloads_;
  boost::unordered_flat_map<TextKey, std::unique_ptr<Record>, TextKeyHash> pods_;  ///< by uid
  boost::unordered_flat_map<TextKey, Record*, TextKeyHash> by_name_;  ///< newest of the name
  boost::unordered_flat_map<TextKey, Record*, TextKeyHash> by_container_;
  boost::unordered_map<std::string, std::vector<Record*>> by_node_;
  /// Pods whose owner's object has not come, by its uid.
  boost::unordered_flat_map<TextKey, std::vector<Record*>, TextKeyHash> waiting_;
  std::deque<Past> past_;
  std::size_t identity_bytes_ = 0;
  std::uint64_t skipped_ = 0;
  std::uint64_t evicted_ = 0;
};

}  // namespace netprobe
