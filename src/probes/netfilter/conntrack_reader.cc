// SPDX-License-Identifier: Apache-2.0
#include "probes/netfilter/conntrack_reader.h"

#include <linux/netfilter.h>
#include <linux/netfilter/nfnetlink_conntrack.h>

#include "probes/netfilter/kernel_presence.h"
#include "probes/netfilter/nfnetlink.h"

namespace netprobe {

void ConntrackReader::add(const ConntrackCpu& cpu) {
  // One entry a CPU the kernel has; more is a kernel that lies.
  if (last_.size() >= 8192 && !last_.contains(cpu.cpu)) return;
  ConntrackCpu& before = last_[cpu.cpu];
  stats_.insert_failed += static_cast<std::uint32_t>(cpu.insert_failed - before.insert_failed);
  stats_.dropped += static_cast<std::uint32_t>(cpu.drop - before.drop);
  stats_.early_dropped += static_cast<std::uint32_t>(cpu.early_drop - before.early_drop);
  before = cpu;
}

Status ConntrackReader::read() {
  nfnl::Request fill_request(NFNL_SUBSYS_CTNETLINK, IPCTNL_MSG_CT_GET_STATS, 0, NFPROTO_UNSPEC);
  ConntrackFill fill;
  auto done = nfnl::dump(fill_request, [&](const nlmsghdr* message) {
    fill = parse_conntrack_fill(message);
    return true;
  });
  if (!done) return std::unexpected(done.error());
  nfnl::Request cpu_request(NFNL_SUBSYS_CTNETLINK, IPCTNL_MSG_CT_GET_STATS_CPU, NLM_F_DUMP,
                            NFPROTO_UNSPEC);
  done = nfnl::dump(cpu_request, [&](const nlmsghdr* message) {
    add(parse_conntrack_cpu(message));
    return true;
  });
  if (!done) return std::unexpected(done.error());
  stats_.entries = fill.entries;
  stats_.limit =
      fill.limit != 0 ? fill.limit : number_in("/proc/sys/net/netfilter/nf_conntrack_max", 0);
  return {};
}

void ConntrackReader::refresh() {
  if (!module_.present()) {
    stats_.why = "nf_conntrack is not loaded";
    return;
  }
  const auto done = read();
  stats_.available = done.has_value();
  stats_.why = done ? "" : done.error().message;
}

}  // namespace netprobe
