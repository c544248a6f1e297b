// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <vector>

#include "base/result.h"
#include "model/response.h"

namespace netprobe {

/// Networks that no block may touch. A value.
class AllowList {
 public:
  AllowList() = default;
  explicit AllowList(std::vector<AllowedNetwork> networks);
  /// One that has an address in common with `what`; null where none has. Of a list of n
  /// networks with p lengths it takes p × log n steps: lists of a million are held against it.
  [[nodiscard]] const AllowedNetwork* touched_by(const IpPrefix& what) const;
  [[nodiscard]] const std::vector<AllowedNetwork>& networks() const { return networks_; }

 private:
  /// What lies in `what`, or null.
  [[nodiscard]] const AllowedNetwork* first_from(const IpPrefix& what) const;

  std::vector<AllowedNetwork> networks_;
  std::vector<std::size_t> order_;  ///< places in it, by network and length
  std::vector<int> lengths_;        ///< that there are, of 128, the shortest first
};

/// May it be blocked at all? The error says which network or bound forbids it.
[[nodiscard]] Status check_block(const IpPrefix& what, const AllowList& allowed,
                                 const BlockCaps& caps);
/// The words and the time of a request.
[[nodiscard]] Status check_words(const std::string& reason, const std::string& who, Nanos lasting,
                                 const BlockCaps& caps);
/// A limit that would let nothing through is a block, and refused as one is.
[[nodiscard]] Status check_limit(const PlaneLimit& limit, const AllowList& allowed);

/// At most so many a minute: a token bucket. Pure.
class MinuteCap {
 public:
  explicit MinuteCap(std::size_t a_minute) : most_(static_cast<double>(a_minute)), tokens_(most_) {}
  [[nodiscard]] bool take(Nanos now);

 private:
  double most_;
  double tokens_;
  Nanos last_ = 0;
};

}  // namespace netprobe
