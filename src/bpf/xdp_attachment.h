// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <memory>
#include <string_view>

#include "base/result.h"

struct bpf_program;

namespace netprobe {

/// kAuto is native here: where XDP may go, and how, is decided elsewhere.
enum class XdpMode { kAuto, kNative, kGeneric };
/// "auto", "native", "generic".
[[nodiscard]] std::string_view to_string(XdpMode mode);

/// An XDP program at one interface; detaches when it goes. By a link (5.9),
/// which goes with the process that holds it; before that by netlink.
class XdpAttachment {
 public:
  /// Never replaces another's program: kBusy, and its name in the message.
  /// kUnsupported: the driver has no native XDP. kNotFound: the interface went
  /// away meanwhile.
  [[nodiscard]] static Result<XdpAttachment> make(const bpf_program* program, std::uint32_t ifindex,
                                                  XdpMode mode);
  XdpAttachment(XdpAttachment&&) noexcept;
  XdpAttachment& operator=(XdpAttachment&&) noexcept;
  ~XdpAttachment();

  [[nodiscard]] XdpMode mode() const;
  /// Still there? Somebody may have detached it.
  [[nodiscard]] bool alive() const;
  /// The device is gone and took the attachment along: nothing to remove.
  void abandon();

 private:
  struct State;
  explicit XdpAttachment(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace netprobe
