// SPDX-License-Identifier: Apache-2.0
#include "probes/netfilter/nat_watcher.h"

#include <fcntl.h>
#include <linux/filter.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_conntrack_common.h>
#include <linux/netfilter/nfnetlink_conntrack.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <functional>

#include "probes/netfilter/conntrack_parse.h"
#include "probes/netfilter/kernel_presence.h"
#include "probes/netfilter/nfnetlink.h"

namespace netprobe {
namespace {

constexpr int kReceiveBuffer = 16 << 20;  // some 15,000 events: half a second of many
constexpr std::size_t kMostReads = 4096;  // a poll: leaves time for the other probes
constexpr std::size_t kMostDumpReads = 64;
// Above this rate events cost more than they tell; then dumps do.
constexpr std::size_t kMostEventsASecond = 50'000;
constexpr Nanos kDeafFor = 10 * kSecond;
constexpr Nanos kDumpRest = 50;  // a dump may cost two percent of a core
constexpr Nanos kDumpInterval = 10 * kSecond;
constexpr Nanos kMostWait = 60 * kSecond;  // for a mapping that only a dump can tell of
constexpr std::array<unsigned, 2> kGroups{NFNLGRP_CONNTRACK_NEW, NFNLGRP_CONNTRACK_DESTROY};

/// Lets events of translated connections pass and no others, in the kernel,
/// before they take room in the socket's buffer.
Status filter_translated(int fd) {
  constexpr auto kAttributes = static_cast<std::uint32_t>(sizeof(nlmsghdr) + sizeof(nfgenmsg));
  constexpr auto kFindAttribute = static_cast<std::uint32_t>(SKF_AD_OFF + SKF_AD_NLATTR);
  std::array<sock_filter, 8> code{{
      BPF_STMT(BPF_LD | BPF_IMM, kAttributes),
      BPF_STMT(BPF_LDX | BPF_IMM, CTA_STATUS),
      BPF_STMT(BPF_LD | BPF_B | BPF_ABS, kFindAttribute),  // A: where it is, 0 nowhere
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 0, 3, 0),
      BPF_STMT(BPF_MISC | BPF_TAX, 0),
      BPF_STMT(BPF_LD | BPF_W | BPF_IND, sizeof(nlattr)),
      BPF_JUMP(BPF_JMP | BPF_JSET | BPF_K, IPS_NAT_MASK, 1, 0),
      BPF_STMT(BPF_RET | BPF_K, 0),
  }};
  std::vector<sock_filter> whole(code.begin(), code.end());
  whole.push_back(BPF_STMT(BPF_RET | BPF_K, 0xffffffffU));
  const sock_fprog program{static_cast<unsigned short>(whole.size()), whole.data()};
  if (::setsockopt(fd, SOL_SOCKET, SO_ATTACH_FILTER, &program, sizeof(program)) != 0)
    return fail_errno("cannot filter conntrack events");
  return {};
}

Status make_nonblocking(int fd) {
  if (::fcntl(fd, F_SETFL, O_NONBLOCK) != 0) return fail_errno("cannot set up a netlink socket");
  return {};
}

}  // namespace

NatWatcher::NatWatcher(BoundedQueue<NatMapping>& out, bool has_events)
    : ledger_(out, kMostKnown), has_events_(has_events), buffer_(65536) {}

Result<NatWatcher> NatWatcher::make(BoundedQueue<NatMapping>& out) {
  // 1 on, 2 on while somebody listens; a kernel without the file has them on.
  NatWatcher watcher(out, number_in("/proc/sys/net/netfilter/nf_conntrack_events", 1) != 0);
  if (!watcher.has_events_) return watcher;
  if (auto s = watcher.listen(); !s) return std::unexpected(s.error());
  return watcher;
}

Status NatWatcher::listen() {
  auto socket = nfnl::open_socket();
  if (!socket) return std::unexpected(socket.error());
  const int fd = mnl_socket_get_fd(socket->get());
  if (auto s = filter_translated(fd); !s) return s;
  if (auto s = make_nonblocking(fd); !s) return s;
  // More than the machine's limit needs CAP_NET_ADMIN, which the agent has.
  ::setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &kReceiveBuffer, sizeof(kReceiveBuffer));
  for (const unsigned group : kGroups)
    if (::setsockopt(fd, SOL_NETLINK, NETLINK_ADD_MEMBERSHIP, &group, sizeof(group)) != 0)
      return fail_errno("cannot listen to conntrack events");
  events_ = std::move(*socket);
  return {};
}

std::string NatWatcher::rung() const {
  if (!has_events_) return "dumps (net.netfilter.nf_conntrack_events is 0)";
  return events_ ? "events" : "dumps (too many events)";
}

std::vector<LossCounter> NatWatcher::lost() const {
  return {{"nat", "events_overrun", overruns_},
          {"nat", "events_paused", pauses_},
          {"nat", "too_many_entries", ledger_.refused()},
          {"nat", "dump_failed", dump_failures_}};
}

std::size_t NatWatcher::poll(Nanos now) {
  if (has_events_ && !events_ && now >= deaf_until_) {
    if (!listen()) deaf_until_ = now + kDeafFor;
    dump_wanted_ = true;
  }
  ledger_.say_owed();
  if (ledger_.take_dump_wish()) dump_wanted_ = true;
  // The dump first: what it says may be older than an event.
  if (!dumping_ && now >= next_dump_ && (dump_wanted_ || !events_)) begin_dump(now);
  std::size_t count = dumping_ ? read_dump(now) : 0;
  if (events_) count += read_events(now);
  messages_ += count;
  return count;
}

std::size_t NatWatcher::read_events(Nanos now) {
  if (now - window_began_ >= kSecond) {
    window_began_ = now;
    window_events_ = 0;
  }
  std::size_t count = 0;
  while (count < kMostReads) {
    const auto size = mnl_socket_recvfrom(events_.get(), buffer_.data(), buffer_.size());
    if (size < 0) {
      if (errno == ENOBUFS) {
        ++overruns_;
        dump_wanted_ = true;
        continue;
      }
      break;  // EAGAIN: that was all
    }
    nfnl::for_each_message(buffer_.data(), static_cast<std::size_t>(size),
                           [&](const nlmsghdr* message) {
                             ++count;
                             take(message, false);
                           });
  }
  window_events_ += count;
  if (window_events_ > kMostEventsASecond) {
    ++pauses_;
    events_.reset();
    deaf_until_ = now + kDeafFor;
  }
  return count;
}

void NatWatcher::begin_dump(Nanos now) {
  dump_wanted_ = false;
  auto socket = nfnl::open_socket();
  nfnl::Request request(NFNL_SUBSYS_CTNETLINK, IPCTNL_MSG_CT_GET, NLM_F_DUMP, NFPROTO_UNSPEC);
  if (!socket || !make_nonblocking(mnl_socket_get_fd(socket->get())) ||
      mnl_socket_sendto(socket->get(), request.header(), request.header()->nlmsg_len) < 0) {
    ++dump_failures_;
    next_dump_ = now + kDumpInterval;
    dump_wanted_ = true;
    return;
  }
  dump_ = std::move(*socket);
  dumping_ = true;
  dump_spent_ = 0;
  ledger_.begin_dump();
}

std::size_t NatWatcher::read_dump(Nanos now) {
  const SystemClock clock;
  const Nanos began_at = clock.monotonic();
  std::size_t count = 0;
  bool over = false;
  bool whole = true;
  for (std::size_t reads = 0; reads < kMostDumpReads && !over; ++reads) {
    const auto size = mnl_socket_recvfrom(dump_.get(), buffer_.data(), buffer_.size());
    if (size < 0) {
      over = errno != EAGAIN && errno != EINTR;
      whole = !over;
      break;
    }
    nfnl::for_each_message(buffer_.data(), static_cast<std::size_t>(size),
                           [&](const nlmsghdr* message) {
                             if (message->nlmsg_type == NLMSG_DONE) over = true;
                             if (message->nlmsg_type == NLMSG_ERROR) over = true, whole = false;
                             if (message->nlmsg_type < NLMSG_MIN_TYPE) return;
                             ++count;
                             take(message, true);
                           });
  }
  dump_spent_ += clock.monotonic() - began_at;
  if (over) finish_dump(now, whole);
  return count;
}

void NatWatcher::finish_dump(Nanos now, bool whole) {
  dumping_ = false;
  dump_.reset();
  next_dump_ = now + std::max(kDumpInterval, dump_spent_ * kDumpRest);
  if (!whole) {
    ++dump_failures_;
    dump_wanted_ = true;
  }
  ledger_.finish_dump(whole);
}

void NatWatcher::take(const nlmsghdr* message, bool from_dump) {
  if (const auto mapping = parse_nat(message)) ledger_.take(*mapping, from_dump, wait());
}

Nanos NatWatcher::wait() const {
  if (events_) return 0;
  // A dump takes longer than it computes: the rest is the pause between reads.
  return std::min(kMostWait, std::max(kDumpInterval, dump_spent_ * kDumpRest) + 2 * kSecond);
}

}  // namespace netprobe
