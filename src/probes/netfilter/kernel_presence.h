// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

/// What of netfilter is there already. Asking over netlink for a subsystem
/// that is not would make the kernel load its module.
namespace netprobe {

/// Watches for a module that is loaded, or built in. `symbol` is a function of
/// it, looked for once: a kernel's own code does not come later.
class ModulePresence {
 public:
  ModulePresence(std::string module, std::string symbol)
      : module_(std::move(module)), symbol_(std::move(symbol)) {}
  [[nodiscard]] bool present();

 private:
  std::string module_;
  std::string symbol_;
  bool present_ = false;
  bool looked_inside_ = false;
};

/// Names in a file with one a line; empty where there is no file.
[[nodiscard]] std::vector<std::string> lines_of(const std::string& path);
/// The number in a one-line file; `otherwise` without.
[[nodiscard]] std::uint64_t number_in(const std::string& path, std::uint64_t otherwise);

/// Tables of iptables legacy that this network namespace uses.
[[nodiscard]] std::vector<std::string> legacy_tables(bool ipv6);
/// Does IPVS take packets out of their way here?
[[nodiscard]] bool ipvs_in_use();
/// Does a program of user space decide about packets here (NFQUEUE)?
[[nodiscard]] bool queues_in_use();

}  // namespace netprobe
