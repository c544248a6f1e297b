// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "base/clock.h"
#include "base/result.h"
#include "support/netns.h"
#include "support/process.h"

namespace netprobe::test {

/// Hosts on two links: a service and who asks it, and beside them one to whom
/// frames can be sent that nobody takes. Each veth has a queue a CPU, and what
/// a CPU sends goes by its own: so a network card with receive side scaling has
/// a CPU for each queue, and who floods on one CPU is served by that one.
struct SynLab {
  static constexpr std::uint16_t kPort = 7'400;
  NetNamespace service;  ///< x0: 10.8.0.1, fd08::1
  NetNamespace clients;  ///< x0: 10.8.0.2, fd08::2, where answers to all other sources go; y0
  NetNamespace nobody;   ///< y0
  std::array<std::uint8_t, 6> service_mac{};

  /// `queues`: of each end, or fewer than CPUs.
  [[nodiscard]] static Result<SynLab> make(unsigned queues);
  /// Runs `work` in the service's namespace; the caller stays where it is.
  void in_service(const std::function<void()>& work) const;
  /// net.ipv4.tcp_syncookies of the service; of IPv6 as well.
  [[nodiscard]] Status set_cookies(bool on) const;
};

struct FloodOptions {
  bool six = false;
  bool one_source = false;  ///< else each frame is from another, none of which is there
  bool to_nobody = false;
  unsigned cpu = 0;
};

/// SYNs to the service, as fast as one CPU sends them, until it goes.
class SynFlood {
 public:
  [[nodiscard]] static Result<SynFlood> start(const SynLab& lab, const FloodOptions& options);
  SynFlood(SynFlood&&) noexcept;
  SynFlood& operator=(SynFlood&&) = delete;
  ~SynFlood();
  [[nodiscard]] std::uint64_t sent() const;
  /// Sending went wrong; nothing is sent any more.
  [[nodiscard]] bool failed() const;

 private:
  struct State;
  explicit SynFlood(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

/// The same by trafgen, of IPv4 and on CPU 0, where it puts its first process.
class TrafgenFlood {
 public:
  /// Waits until frames leave; an error where none do.
  [[nodiscard]] static Result<TrafgenFlood> start(const SynLab& lab, const FloodOptions& options,
                                                  const std::string& config_file);
  TrafgenFlood(TrafgenFlood&&) noexcept = default;
  TrafgenFlood& operator=(TrafgenFlood&&) = delete;
  /// Ends the process that sends as well, which is a child of the one that was started.
  ~TrafgenFlood();
  [[nodiscard]] const Process& process() const { return process_; }

 private:
  explicit TrafgenFlood(Process process) : process_(std::move(process)) {}
  Process process_;
};

/// Listens, answers each connection by three bytes, and closes it, until it goes.
class SmallService {
 public:
  [[nodiscard]] static Result<SmallService> start(const SynLab& lab, std::optional<unsigned> cpu);
  SmallService(SmallService&&) noexcept;
  SmallService& operator=(SmallService&&) = delete;
  ~SmallService();

 private:
  struct State;
  explicit SmallService(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

struct AskOptions {
  bool six = false;
  std::optional<unsigned> cpu;
  std::size_t at_once = 32;  ///< connections under way
  std::uint64_t most = UINT64_MAX;
  Nanos time = kSecond;
};

/// Connects, takes the answer, and resets, again and again; how many were answered.
[[nodiscard]] std::uint64_t ask_service(const SynLab& lab, const AskOptions& options);

}  // namespace netprobe::test
