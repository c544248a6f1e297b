// SPDX-License-Identifier: Apache-2.0
#include "probes/netfilter/netfilter_probe.h"

#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include "probes/netfilter/kernel_presence.h"

namespace netprobe {

Result<std::unique_ptr<Probe>> NetfilterProbe::make(NetfilterHooks hooks,
                                                    const KernelFeatures& kernel,
                                                    const Clock& clock,
                                                    BoundedQueue<NatMapping>& nat) {
  std::unique_ptr<NetfilterProbe> probe(new NetfilterProbe(hooks, clock, nat));
  if (hooks == NetfilterHooks::kOff) {
    probe->no_counters_ = "--netfilter-hooks=off";
  } else if (auto counters = HookCounters::make(kernel); counters) {
    probe->counters_.emplace(std::move(*counters));
  } else {
    probe->no_counters_ = counters.error().message;
    spdlog::warn("netfilter hook points are not counted: {}; rules and conntrack are read",
                 probe->no_counters_);
  }
  probe->collect(clock.monotonic());
  return probe;
}

HookWishes NetfilterProbe::wishes() const {
  HookWishes wishes;
  for (std::size_t family = 0; family < wishes.size(); ++family) {
    for (std::size_t hook = 0; hook < NP_NF_HOOKS; ++hook) {
      const HookUse& use = rules_.use(family, hook);
      HookWish& wish = wishes[family][hook];
      wish.first_priority = use.filters ? use.first : 0;
      if (hooks_ == NetfilterHooks::kAll) {
        wish.wanted = true;
        wish.why = "--netfilter-hooks=all";
      } else if (use.filters) {
        wish.wanted = true;
        wish.why = use.who + " can drop here";
      } else {
        wish.why = "nothing here can drop";
      }
    }
  }
  return wishes;
}

std::size_t NetfilterProbe::poll(Nanos now) { return nat_ ? nat_->poll(now) : 0; }

void NetfilterProbe::watch_nat() {
  if (nat_ || !conntrack_.available()) return;
  auto watcher = NatWatcher::make(nat_queue_);
  if (watcher)
    nat_.emplace(std::move(*watcher));
  else
    no_nat_ = watcher.error().message;
}

void NetfilterProbe::collect(Nanos now) {
  rules_.refresh();
  conntrack_.refresh();
  watch_nat();
  if (counters_) counters_->apply(wishes(), now);
}

void NetfilterProbe::report(Signals& out) {
  NetfilterReport& report = out.netfilter;
  if (counters_) {
    report.hooks = counters_->read();
    const bool bound = rules_.queues() || queues_in_use() || ipvs_in_use();
    for (NetfilterHook& hook : report.hooks) hook.dropped_is_bound = bound && !hook.rung.empty();
  }
  report.ruleset = rules_.state();
  report.rules = rules_.rules();
  report.conntrack = conntrack_.stats();
  if (nat_) {
    report.conntrack.nat_entries = nat_->known();
    report.conntrack.nat_rung = nat_->rung();
  } else {
    report.conntrack.nat_rung = no_nat_;
  }
}

ProbeStatus NetfilterProbe::status() const {
  ProbeStatus status;
  status.name = "netfilter";
  status.kernel_need = "6.4 for hook points by links, 5.8 by fexit; nf_tables; nf_conntrack";
  const bool failed = !counters_ && hooks_ != NetfilterHooks::kOff;
  status.state = failed ? ProbeState::kFailed : ProbeState::kOn;
  status.rung = counters_ ? counters_->rung() : "rules and conntrack";
  if (counters_) {
    status.why = fmt::format("{}; {} of {} hook points counted", counters_->why(),
                             counters_->points_counted(), NP_NF_POINTS);
    status.programs = counters_->programs();
  } else {
    status.why = no_counters_;
  }
  const auto add = [&](const std::string& why) {
    if (!why.empty()) status.why += "; " + why;
  };
  add(rules_.state().why);
  add(conntrack_.stats().why);
  add(no_nat_);
  if (nat_) {
    status.events = nat_->messages();
    status.lost = nat_->lost();
  }
  return status;
}

}  // namespace netprobe
