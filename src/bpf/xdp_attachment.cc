// SPDX-License-Identifier: Apache-2.0
#include "bpf/xdp_attachment.h"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <fmt/format.h>
#include <linux/if_link.h>
#include <net/if.h>

#include <string>

#include "base/unique_fd.h"

namespace netprobe {
namespace {

constexpr std::string_view kOurProgram = "netprobe_xdp";

std::uint32_t flag_of(XdpMode mode) {
  return mode == XdpMode::kGeneric ? XDP_FLAGS_SKB_MODE : XDP_FLAGS_DRV_MODE;
}

/// The program at an interface in either mode; 0 without.
std::uint32_t program_at(std::uint32_t ifindex) {
  LIBBPF_OPTS(bpf_xdp_query_opts, query);
  if (bpf_xdp_query(static_cast<int>(ifindex), 0, &query) != 0) return 0;
  if (query.prog_id != 0) return query.prog_id;
  return query.drv_prog_id != 0 ? query.drv_prog_id : query.skb_prog_id;
}

std::string name_of_program(std::uint32_t id) {
  const UniqueFd fd(bpf_prog_get_fd_by_id(id));
  bpf_prog_info info{};
  __u32 size = sizeof(info);
  if (!fd || bpf_prog_get_info_by_fd(fd.get(), &info, &size) != 0) return {};
  return info.name;
}

std::unexpected<Error> explain(int error, std::uint32_t ifindex, XdpMode mode) {
  if (error == ENODEV)
    return std::unexpected(Error{"the interface is gone", ErrorKind::kNotFound, error});
  if (const auto id = program_at(ifindex); (error == EBUSY || error == EEXIST) && id != 0) {
    return std::unexpected(Error{
        fmt::format("another XDP program is there and stays: '{}', id {}", name_of_program(id), id),
        ErrorKind::kBusy, error});
  }
  if (error == EOPNOTSUPP && mode != XdpMode::kGeneric)
    return std::unexpected(Error{"its driver has no native XDP", ErrorKind::kUnsupported, error});
  return fail_errno(
      fmt::format("the kernel refuses {} XDP", mode == XdpMode::kGeneric ? "generic" : "native"),
      error);
}

}  // namespace

std::string_view to_string(XdpMode mode) {
  switch (mode) {
    case XdpMode::kNative:
      return "native";
    case XdpMode::kGeneric:
      return "generic";
    case XdpMode::kAuto:
      break;
  }
  return "auto";
}

struct XdpAttachment::State {
  UniqueFd link;
  std::uint32_t ifindex = 0;
  XdpMode mode = XdpMode::kNative;
  int program = -1;   ///< not ours: the object's
  bool gone = false;  ///< nothing to remove

  State() = default;
  State(const State&) = delete;
  State& operator=(const State&) = delete;
  ~State() {
    if (link || gone) return;
    LIBBPF_OPTS(bpf_xdp_attach_opts, options, .old_prog_fd = program);
    bpf_xdp_detach(static_cast<int>(ifindex), flag_of(mode) | XDP_FLAGS_REPLACE, &options);
  }
};

XdpAttachment::XdpAttachment(std::unique_ptr<State> state) : state_(std::move(state)) {}
XdpAttachment::XdpAttachment(XdpAttachment&&) noexcept = default;
XdpAttachment& XdpAttachment::operator=(XdpAttachment&&) noexcept = default;
XdpAttachment::~XdpAttachment() = default;

XdpMode XdpAttachment::mode() const { return state_->mode; }
void XdpAttachment::abandon() { state_->gone = true; }

bool XdpAttachment::alive() const {
  if (!state_->link) return program_at(state_->ifindex) != 0;
  bpf_link_info info{};
  __u32 size = sizeof(info);
  if (bpf_link_get_info_by_fd(state_->link.get(), &info, &size) != 0) return true;
  return info.xdp.ifindex != 0;
}

Result<XdpAttachment> XdpAttachment::make(const bpf_program* program, std::uint32_t ifindex,
                                          XdpMode mode) {
  auto state = std::make_unique<State>();
  state->ifindex = ifindex;
  state->mode = mode == XdpMode::kGeneric ? XdpMode::kGeneric : XdpMode::kNative;
  state->program = bpf_program__fd(program);
  state->gone = true;  // nothing to remove until something is there
  // In generic mode the kernel takes a second program beside a native one.
  if (const auto id = program_at(ifindex); id != 0 && name_of_program(id) != kOurProgram)
    return explain(EBUSY, ifindex, mode);
  LIBBPF_OPTS(bpf_link_create_opts, options, .flags = flag_of(mode));
  state->link.reset(bpf_link_create(state->program, static_cast<int>(ifindex), BPF_XDP, &options));
  if (state->link) return XdpAttachment(std::move(state));
  // EINVAL is what kernels before 5.9 say to a link of a kind they never met.
  if (errno != EINVAL) return explain(errno, ifindex, mode);
  std::uint32_t flags = flag_of(mode) | XDP_FLAGS_UPDATE_IF_NOEXIST;
  // One of ours that is there is what a killed process left: no link held it.
  if (program_at(ifindex) != 0) flags = flag_of(mode);
  const int error = -bpf_xdp_attach(static_cast<int>(ifindex), state->program, flags, nullptr);
  if (error != 0) return explain(error, ifindex, mode);
  state->gone = false;
  return XdpAttachment(std::move(state));
}

}  // namespace netprobe
