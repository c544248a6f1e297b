// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <set>
#include <vector>

#include "base/ip_address.h"
#include "base/result.h"
#include "model/interface.h"

namespace netprobe {

/// Knows the interfaces and addresses of this network namespace, and hears
/// from the kernel (rtnetlink) when they change; never polls. One thread.
class LinkWatcher {
 public:
  struct Changes {
    std::vector<InterfaceInfo> changed;  ///< new, or different in any field
    std::vector<std::uint32_t> gone;     ///< ifindexes
  };

  /// Subscribes first and lists then, so that nothing falls between.
  [[nodiscard]] static Result<LinkWatcher> make();
  LinkWatcher(LinkWatcher&&) noexcept;
  LinkWatcher& operator=(LinkWatcher&&) noexcept;
  ~LinkWatcher();

  /// Readable when there is something to read().
  [[nodiscard]] int fd() const;
  /// All changes since the last call; the first call returns everything as
  /// changed. Where the kernel dropped messages it lists anew and compares.
  [[nodiscard]] Result<Changes> read();

  [[nodiscard]] const std::map<std::uint32_t, InterfaceInfo>& links() const;
  [[nodiscard]] bool is_local(const IpAddress& address) const;
  /// Times that messages were lost and the list was made anew.
  [[nodiscard]] std::uint64_t resyncs() const;

 private:
  class Impl;
  explicit LinkWatcher(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

/// What an interface is for, from its kind and surroundings.
struct LinkFacts {
  std::string kind;
  std::uint16_t link_type = 0;
  bool loopback = false;
  bool has_address = false;     ///< one that is not link-local
  bool has_bridge = false;      ///< is a bridge's port
  bool peer_elsewhere = false;  ///< its other end is in another namespace
};
[[nodiscard]] Role classify(const LinkFacts& facts);

}  // namespace netprobe
