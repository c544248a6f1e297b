// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "support/process.h"

namespace netprobe::test {

/// Why tests with namespaces cannot run here; empty where they can.
[[nodiscard]] std::string netns_obstacle();

/// A network namespace that lives as long as this object. Its name tells the
/// process that made it (np-t-<pid>-<n>), so that what a crash left behind is
/// recognised and removed by the next test. Interfaces are made inside
/// namespaces from the start: the machine's own is never touched.
class NetNamespace {
 public:
  /// Loopback is up, IPv6 addresses need no duplicate detection, and the
  /// kernel sends no router solicitations: what a test sees is what it sent.
  [[nodiscard]] static Result<NetNamespace> create();
  NetNamespace(NetNamespace&& other) noexcept;
  NetNamespace& operator=(NetNamespace&& other) noexcept;
  ~NetNamespace();

  [[nodiscard]] const std::string& name() const { return name_; }
  /// For setns() and nsenter --net=.
  [[nodiscard]] std::string path() const;

  /// `address` with its prefix length: "10.1.0.1/24", "fd01::1/64".
  [[nodiscard]] Status add_address(const std::string& device, const std::string& address) const;
  [[nodiscard]] Status set_up(const std::string& device) const;
  /// `ip ARGUMENTS` inside.
  [[nodiscard]] Status ip(std::vector<std::string> arguments) const;
  /// The arguments that run a command inside. nsenter rather than `ip netns
  /// exec`, which mounts a new /sys and so hides bpffs, cgroups and tracefs.
  [[nodiscard]] std::vector<std::string> inside(std::vector<std::string> command) const;
  [[nodiscard]] Result<Process> start(std::vector<std::string> command,
                                      const ProcessOptions& options = {}) const;
  [[nodiscard]] Result<std::string> run(std::vector<std::string> command,
                                        Nanos timeout = 60 * kSecond) const;
  [[nodiscard]] Result<unsigned> ifindex(const std::string& device) const;

 private:
  explicit NetNamespace(std::string name) : name_(std::move(name)) {}
  void remove() noexcept;
  std::string name_;
};

/// A veth pair between two namespaces (or within one), both ends up.
[[nodiscard]] Status add_veth(const NetNamespace& left, const std::string& left_device,
                              const NetNamespace& right, const std::string& right_device);

/// Two namespaces that a veth pair joins, x0 in both: 10.8.0.1 and fd08::1 here, .2, .3, ::2
/// and ::3 there.
struct TwoHosts {
  NetNamespace here;
  NetNamespace there;

  [[nodiscard]] static Result<TwoHosts> make();
};

}  // namespace netprobe::test
