// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include <netprobe/events.h>
#include <netprobe/statistics.h>
#include <netprobe/types.h>

NETPROBE_BEGIN_API

struct ManagerOptions {
  /// Of rates, and of what has to be fetched from the kernel.
  Duration collect_interval = std::chrono::seconds(1);
  std::uint32_t max_flows = 131'072;  ///< the oldest idle ones end early beyond it
  Duration flow_idle_timeout = std::chrono::seconds(120);
  /// UDP ports that VXLAN is looked for at.
  std::vector<std::uint16_t> vxlan_ports{4789, 8472};
  /// Events that wait for a handler; more are lost, and counted.
  std::size_t max_queued_events = 65'536;
  std::string node_name;  ///< in metrics; empty: the host name
};

/// Watches the network of this machine by eBPF programs: loads them, attaches them
/// and reads what they count. Needs root (CAP_BPF, CAP_NET_ADMIN, CAP_PERFMON) and
/// a kernel from 5.8 on.
///
/// It works in the network namespace of the thread that calls create(), with
/// threads of its own, which take no signals. All methods may be called from any
/// thread, also from event handlers; those that ask the kernel wait for the answer
/// (milliseconds; loading the socket monitor up to a second). Everything is
/// detached when it is destroyed. A moved-from Manager may only be destroyed or
/// assigned to.
///
/// Several may live at a time, beside netprobe-agent too. On kernels before 6.6
/// (without TCX) an interface has room for one of them all: the last to attach.
class NETPROBE_API Manager {
 public:
  /// Loads the programs of the network monitor; nothing is attached yet.
  /// kNoPermission without the rights, kUnsupported where the kernel is too old.
  [[nodiscard]] static Result<Manager> create(ManagerOptions options = {});
  Manager(Manager&& other) noexcept;
  Manager& operator=(Manager&& other) noexcept;
  /// Detaches everything and waits for its threads; not from an event handler.
  ~Manager();

  /// Counts packets and flows of an interface, both directions, from now on.
  /// Once more for the same one: nothing happens. kNotFound where there is no
  /// such interface.
  [[nodiscard]] Result<void> attach_network_monitor(std::string_view interface);
  /// kNotFound where it is not attached. Its counters are gone with it.
  [[nodiscard]] Result<void> detach_network_monitor(std::string_view interface);
  /// Those that are attached, in the order in which they were.
  [[nodiscard]] std::vector<std::string> attached_interfaces() const;

  /// Loads and attaches what follows connections of the whole machine, and calls
  /// `handler` for each event from now on. A second call changes the handler.
  /// Without a handler only statistics() and connections() tell of them.
  [[nodiscard]] Result<void> attach_socket_monitor(SocketEventHandler handler = {});
  /// When it returns the handler runs no more (except the call that it was called
  /// from). The same holds for the next.
  [[nodiscard]] Result<void> detach_socket_monitor();

  /// Calls `handler` for each tunnel that the attached interfaces meet for the
  /// first time. The network monitor decodes and counts tunnels anyway; those that
  /// were met before are in statistics(). A second call changes the handler.
  [[nodiscard]] Result<void> attach_vxlan_monitor(VxlanEventHandler handler = {});
  [[nodiscard]] Result<void> detach_vxlan_monitor();

  /// As of now.
  [[nodiscard]] Result<NetworkStatistics> statistics() const;
  /// Live flows of the attached interfaces, by id.
  [[nodiscard]] Result<std::vector<Flow>> flows() const;
  /// Needs the socket monitor; empty without. By id.
  [[nodiscard]] Result<std::vector<Connection>> connections() const;

  class Impl;

 private:
  friend class Collector;
  friend class NetworkIntegrator;
  explicit Manager(std::shared_ptr<Impl> impl) noexcept;
  std::shared_ptr<Impl> impl_;
};

NETPROBE_END_API
