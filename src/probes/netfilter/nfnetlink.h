// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <libmnl/libmnl.h>
#include <linux/netfilter/nfnetlink.h>

#include <array>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "base/netlink.h"
#include "base/result.h"

/// The netfilter dialect of netlink: subsystems, and a header of its own in
/// front of the attributes (include/uapi/linux/netfilter/nfnetlink.h).
namespace netprobe::nfnl {

/// A request under construction.
class Request {
 public:
  /// `flags` besides NLM_F_REQUEST; `family` as in enum nfproto, 0 for all.
  Request(std::uint8_t subsystem, std::uint8_t message, std::uint16_t flags, std::uint8_t family);
  Request& text(std::uint16_t attribute, const std::string& value);
  [[nodiscard]] nlmsghdr* header() { return header_; }

 private:
  alignas(nlmsghdr) std::array<char, 1024> buffer_{};
  nlmsghdr* header_;
};

/// A netlink socket to netfilter. Move-only; one thread.
[[nodiscard]] Result<netlink::Socket> open_socket();

/// What a dump was besides its messages.
struct DumpResult {
  bool interrupted = false;  ///< what was listed changed meanwhile: not all of it
  std::uint64_t messages = 0;
};
/// Sends the request and hands over every answer, waiting at most two seconds
/// for each. Handlers that return false are not called again.
[[nodiscard]] Result<DumpResult> dump(Request& request,
                                      const std::function<bool(const nlmsghdr*)>& on_message);

/// The same for messages in memory, without a kernel: what a parser gets.
void for_each_message(const void* bytes, std::size_t size,
                      const std::function<void(const nlmsghdr*)>& on_message);

[[nodiscard]] std::uint8_t family_of(const nlmsghdr* message);
/// Is the message long enough to have attributes behind its header?
[[nodiscard]] bool has_header(const nlmsghdr* message);

template <typename Each>
void for_each_attribute(const nlmsghdr* message, Each each) {
  if (has_header(message)) netlink::for_each_attribute(message, sizeof(nfgenmsg), each);
}

// Values of attributes, in host byte order; 0 or empty where an attribute is
// too short for what it should have.
[[nodiscard]] std::uint8_t u8_of(const nlattr* attribute);
[[nodiscard]] std::uint16_t be16_of(const nlattr* attribute);
[[nodiscard]] std::uint32_t be32_of(const nlattr* attribute);
[[nodiscard]] std::uint64_t be64_of(const nlattr* attribute);
/// Up to the first zero byte.
[[nodiscard]] std::string_view text_of(const nlattr* attribute);

}  // namespace netprobe::nfnl
