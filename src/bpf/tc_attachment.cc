// SPDX-License-Identifier: Apache-2.0
#include "bpf/tc_attachment.h"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <linux/pkt_cls.h>
#include <linux/pkt_sched.h>
#include <linux/rtnetlink.h>
#include <net/if.h>

#include <array>
#include <cstring>
#include <utility>

#include "base/netlink.h"
#include "base/unique_fd.h"

namespace netprobe {
namespace {

// From 6.6 on, commit e420bed02507; headers of older releases lack the names.
constexpr auto kTcxIngress = static_cast<bpf_attach_type>(46);
constexpr auto kTcxEgress = static_cast<bpf_attach_type>(47);

// Ours among all filters of a hook: "NP" in the handle, and a priority that
// leaves the first ones to CNI plugins, which expect them free.
constexpr std::uint32_t kHandle = 0x4e50;
constexpr std::uint32_t kPriority = 0x4e50;
constexpr std::string_view kProgramPrefix = "netprobe_tc";

bpf_tc_attach_point attach_point(Direction direction) {
  return direction == Direction::kIngress ? BPF_TC_INGRESS : BPF_TC_EGRESS;
}

// libbpf refuses structs whose padding is not zero, which an initialiser does
// not promise: hence memset.
struct HookOptions {
  bpf_tc_hook hook;
  HookOptions(std::uint32_t ifindex, bpf_tc_attach_point point) {
    std::memset(&hook, 0, sizeof(hook));
    hook.sz = sizeof(hook);
    hook.ifindex = static_cast<int>(ifindex);
    hook.attach_point = point;
  }
};

bpf_tc_opts our_filter() {
  bpf_tc_opts options;
  std::memset(&options, 0, sizeof(options));
  options.sz = sizeof(options);
  options.handle = kHandle;
  options.priority = kPriority;
  return options;
}

/// Filters of a hook that are BPF; `all` counts those of every kind.
Status list_hook(std::uint32_t ifindex, Direction direction, std::vector<TcFilter>& filters,
                 int& all) {
  std::array<char, 256> buffer{};
  nlmsghdr* request = mnl_nlmsg_put_header(buffer.data());
  request->nlmsg_type = RTM_GETTFILTER;
  request->nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP;
  auto* tc = static_cast<tcmsg*>(mnl_nlmsg_put_extra_header(request, sizeof(tcmsg)));
  tc->tcm_family = AF_UNSPEC;
  tc->tcm_ifindex = static_cast<int>(ifindex);
  tc->tcm_parent =
      TC_H_MAKE(TC_H_CLSACT, direction == Direction::kIngress ? TC_H_MIN_INGRESS : TC_H_MIN_EGRESS);
  bool interrupted = false;  // filters of ours do not come and go by themselves
  return netlink::dump(request, interrupted, [&](const nlmsghdr* message) {
    const auto* found = static_cast<const tcmsg*>(mnl_nlmsg_get_payload(message));
    TcFilter filter{ifindex, direction, found->tcm_handle, TC_H_MAJ(found->tcm_info) >> 16, {}};
    bool is_bpf = false;
    netlink::for_each_attribute(message, sizeof(tcmsg), [&](const nlattr* attribute) {
      if (mnl_attr_get_type(attribute) == TCA_KIND)
        is_bpf = std::string_view(mnl_attr_get_str(attribute)) == "bpf";
      if (mnl_attr_get_type(attribute) != TCA_OPTIONS || !is_bpf) return;
      netlink::for_each_nested(attribute, [&](const nlattr* option) {
        if (mnl_attr_get_type(option) == TCA_BPF_NAME) filter.program = mnl_attr_get_str(option);
      });
    });
    ++all;
    if (is_bpf && filter.handle != 0) filters.push_back(std::move(filter));
  });
}

Status list_hooks(std::uint32_t ifindex, std::vector<TcFilter>& filters, int& all) {
  for (const auto direction : {Direction::kIngress, Direction::kEgress}) {
    auto status = list_hook(ifindex, direction, filters, all);
    // Without a clsact qdisc there is nothing to list.
    if (!status && status.error().code != EINVAL && status.error().code != EOPNOTSUPP)
      return status;
  }
  return {};
}

/// Removes our filter, and the clsact qdisc where nothing else uses it: no
/// filter of any kind.
void remove_filter(std::uint32_t ifindex, Direction direction) {
  HookOptions at(ifindex, attach_point(direction));
  const bpf_tc_opts options = our_filter();
  bpf_tc_detach(&at.hook, &options);
  std::vector<TcFilter> left;
  int all = 0;
  if (!list_hooks(ifindex, left, all) || all > 0) return;
  HookOptions whole(ifindex, static_cast<bpf_tc_attach_point>(BPF_TC_INGRESS | BPF_TC_EGRESS));
  bpf_tc_hook_destroy(&whole.hook);
}

}  // namespace

std::string_view to_string(TcMode mode) {
  switch (mode) {
    case TcMode::kTcx:
      return "tcx";
    case TcMode::kClsact:
      return "clsact";
    case TcMode::kAuto:
      break;
  }
  return "auto";
}

struct TcAttachment::State {
  UniqueFd link;
  std::uint32_t ifindex = 0;
  Direction direction = Direction::kIngress;
  bool gone = false;

  State() = default;
  State(const State&) = delete;
  State& operator=(const State&) = delete;
  ~State() {
    if (!link && !gone) remove_filter(ifindex, direction);
  }
};

TcAttachment::TcAttachment(std::unique_ptr<State> state) : state_(std::move(state)) {}
TcAttachment::TcAttachment(TcAttachment&&) noexcept = default;
TcAttachment& TcAttachment::operator=(TcAttachment&&) noexcept = default;
TcAttachment::~TcAttachment() = default;

TcMode TcAttachment::mode() const { return state_->link ? TcMode::kTcx : TcMode::kClsact; }

void TcAttachment::abandon() { state_->gone = true; }

Result<TcAttachment> TcAttachment::make(const bpf_program* program, std::uint32_t ifindex,
                                        Direction direction, TcMode mode) {
  auto state = std::make_unique<State>();
  state->ifindex = ifindex;
  state->direction = direction;
  state->gone = true;  // nothing to remove until something is there
  int error = EOPNOTSUPP;
  if (mode != TcMode::kClsact) {
    const auto type = direction == Direction::kIngress ? kTcxIngress : kTcxEgress;
    state->link.reset(
        bpf_link_create(bpf_program__fd(program), static_cast<int>(ifindex), type, nullptr));
    if (state->link) return TcAttachment(std::move(state));
    error = errno;
    // EINVAL is what kernels before 6.6 say to an attach type they never met.
    const bool no_tcx = error == EINVAL || error == EOPNOTSUPP || error == ENOTSUP;
    if (mode == TcMode::kTcx || !no_tcx) return fail_errno("cannot attach by TCX", error);
  }
  HookOptions at(ifindex, attach_point(direction));
  error = -bpf_tc_hook_create(&at.hook);
  if (error != 0 && error != EEXIST) return fail_errno("cannot make a clsact hook", error);
  bpf_tc_opts options = our_filter();
  options.prog_fd = bpf_program__fd(program);
  options.flags = BPF_TC_F_REPLACE;  // one that a killed process left
  error = -bpf_tc_attach(&at.hook, &options);
  if (error != 0) return fail_errno("cannot attach by clsact", error);
  state->gone = false;
  return TcAttachment(std::move(state));
}

Result<std::vector<TcFilter>> list_tc_filters(std::uint32_t ifindex) {
  std::vector<TcFilter> filters;
  int all = 0;
  if (auto status = list_hooks(ifindex, filters, all); !status)
    return std::unexpected(status.error());
  return filters;
}

Result<std::vector<std::string>> remove_stale_tc_filters() {
  std::vector<std::string> removed;
  struct if_nameindex* names = ::if_nameindex();
  if (names == nullptr) return fail_errno("cannot list interfaces");
  for (auto* each = names; each->if_index != 0; ++each) {
    const auto filters = list_tc_filters(each->if_index);
    if (!filters) continue;
    for (const TcFilter& filter : *filters) {
      if (filter.handle != kHandle || !filter.program.starts_with(kProgramPrefix)) continue;
      remove_filter(filter.ifindex, filter.direction);
      removed.push_back(std::string(each->if_name) + " " +
                        std::string(to_string(filter.direction)) + ": " + filter.program);
    }
  }
  ::if_freenameindex(names);
  return removed;
}

}  // namespace netprobe
