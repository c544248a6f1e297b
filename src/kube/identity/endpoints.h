// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <boost/container/small_vector.hpp>
#include <boost/unordered/unordered_flat_map.hpp>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <optional>
#include <vector>

#include "kube/identity/object_list.h"
#include "kube/identity/text_key.h"
#include "model/kube.h"
#include "model/tuple_key.h"

namespace netprobe {

/// What EndpointSlices say: which service and pod are behind an address and
/// port. One thread.
class EndpointTable {
 public:
  /// Ends of one slice that are taken, so that none takes long or fills the
  /// table alone: the 100 endpoints that a slice has unless its controller is
  /// told otherwise, with the 100 ports that the API allows.
  static constexpr std::size_t kMostEndsASlice = 10'000;
  /// `most`: ends (address, port, protocol) that are kept.
  EndpointTable(std::size_t most, Nanos keep_past) : most_(most), keep_past_(keep_past) {}

  ObjectList<KubeEndpointSlice> objects;  ///< for readers

  void apply(const KubeEndpointSlicePtr& slice, bool deleted, Nanos seen);
  /// Forgets some of the ends that are past for long.
  void tick(Nanos now);

  struct End {
    IpAddress address;
    std::uint16_t port = 0;
    std::uint8_t protocol = 0;
    bool operator==(const End&) const = default;
  };
  /// The service that alone had this end at that time, by text_key of its
  /// namespace and name; none: no one, or several. `pod`: the uid of who has
  /// the address, so that an end of another before it does not count; none:
  /// not known.
  [[nodiscard]] TextKey service_of(const End& end, Nanos at, const TextKey& pod) const;
  /// The uid of the one pod that is behind this end; none: no one, or several.
  [[nodiscard]] TextKey pod_of(const End& end, Nanos at) const;
  /// The address of the service's only ready backend of this family; null: it
  /// has none or several. Valid until the next change.
  [[nodiscard]] const IpAddress* only_backend(const TextKey& service, bool v4) const;

  [[nodiscard]] std::size_t size() const { return ends_.size(); }
  [[nodiscard]] std::uint64_t skipped() const { return skipped_; }
  [[nodiscard]] std::uint64_t evicted() const { return evicted_; }
  [[nodiscard]] std::size_t bytes() const {
    return ends_.bucket_count() * (sizeof(Ends::value_type) + 1) + past_.size() * sizeof(Past);
  }

 private:
  struct EndHash {
    using is_avalanching = void;
    std::size_t operator()(const End& end) const {
      TextKey key{AddressHash{}(end.address), 0};
      text_key_detail::mix(key, static_cast<std::uint64_t>(end.protocol) << 16 | end.port);
      return key.a;
    }
  };
  /// One service's word for an end.
  struct Word {
    TextKey service;  ///< none: the slice is of no service
    TextKey pod;
    std::uint32_t slices = 0;  ///< that say so
    Nanos from = 0;            ///< when it was first said
    Nanos until = 0;           ///< when the last of them no longer did; 0 while one does
  };
  using Words = boost::container::small_vector<Word, 1>;
  using Ends = boost::unordered_flat_map<End, Words, EndHash>;
  struct Past {
    Nanos at = 0;
    End end;
  };
  struct Backends {
    std::vector<KubeEndpointSlicePtr> slices;
    std::array<std::optional<IpAddress>, 2> only;  ///< IPv6, IPv4
  };

  /// The first kMostEndsASlice of them: of a slice always the same.
  template <typename Visit>
  static void for_each_end(const KubeEndpointSlice& slice, Visit&& visit);
  void add(const KubeEndpointSlice& slice, Nanos seen);
  void remove(const KubeEndpointSlice& slice, Nanos seen);
  void change_backends(const TextKey& service, const KubeEndpointSlice* old,
                       const KubeEndpointSlicePtr& now);
  void forget(const Past& past, Nanos now);
  template <typename Of>
  TextKey only_one(const End& end, Nanos at, Of&& of) const;

  const std::size_t most_;
  const Nanos keep_past_;
  Ends ends_;
  boost::unordered_flat_map<TextKey, KubeEndpointSlicePtr, TextKeyHash> slices_;
  boost::unordered_flat_map<TextKey, Backends, TextKeyHash> services_;
  std::deque<Past> past_;
  std::uint64_t skipped_ = 0;
  std::uint64_t evicted_ = 0;
};

}  // namespace netprobe
