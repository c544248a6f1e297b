// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "model/flow.h"

struct bpf_link;
struct bpf_program;

namespace netprobe {

/// How a program hangs at an interface. TCX links go with the process that
/// holds them; clsact filters stay until somebody removes them.
enum class TcMode { kAuto, kTcx, kClsact };
[[nodiscard]] std::string_view to_string(TcMode mode);

/// A program at one interface and direction; detaches when it goes.
class TcAttachment {
 public:
  /// kAuto takes TCX where the kernel has it (6.6), else clsact. Errors name
  /// the rung; kNotFound: the interface went away meanwhile.
  [[nodiscard]] static Result<TcAttachment> make(const bpf_program* program, std::uint32_t ifindex,
                                                 Direction direction, TcMode mode);
  TcAttachment(TcAttachment&&) noexcept;
  TcAttachment& operator=(TcAttachment&&) noexcept;
  ~TcAttachment();

  [[nodiscard]] TcMode mode() const;
  /// The device is gone and took the attachment along: nothing to remove.
  void abandon();

 private:
  struct State;
  explicit TcAttachment(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

/// A BPF filter found at a clsact hook.
struct TcFilter {
  std::uint32_t ifindex = 0;
  Direction direction = Direction::kIngress;
  std::uint32_t handle = 0;
  std::uint32_t priority = 0;
  std::string program;  ///< the name that the filter carries
};

/// All BPF filters at the clsact hooks of an interface; empty without clsact.
[[nodiscard]] Result<std::vector<TcFilter>> list_tc_filters(std::uint32_t ifindex);

/// Removes filters of ours that an earlier process left on any interface of
/// this network namespace. Returns one line for each.
[[nodiscard]] Result<std::vector<std::string>> remove_stale_tc_filters();

}  // namespace netprobe
