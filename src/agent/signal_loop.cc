// SPDX-License-Identifier: Apache-2.0
#include "agent/signal_loop.h"

#include <fmt/format.h>
#include <poll.h>
#include <spdlog/spdlog.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <algorithm>
#include <utility>

namespace netprobe {
namespace {

// Rings are never waited for per record; a ring that fills wakes the thread.
constexpr int kPollMillis = 20;
constexpr int kPollMillisQuiet = 100;
constexpr Nanos kQuietAfter = 2 * kSecond;

}  // namespace

SignalLoop::SignalLoop(const AgentOptions& options, const KernelFeatures& kernel, LinkWatcher links)
    : options_(options),
      kernel_(kernel),
      links_(std::move(links)),
      filter_(options.interface_filter),
      attach_(options.attach_interface) {}

SignalLoop::~SignalLoop() { stop(); }

Result<std::unique_ptr<SignalLoop>> SignalLoop::make(const AgentOptions& options,
                                                     const KernelFeatures& kernel) {
  auto links = LinkWatcher::make();
  if (!links) return std::unexpected(links.error());
  std::unique_ptr<SignalLoop> loop(new SignalLoop(options, kernel, std::move(*links)));
  loop->wake_.reset(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
  if (!loop->wake_) return fail_errno("cannot make an eventfd");
  return loop;
}

void SignalLoop::open(Result<TunnelMaps> tunnel_maps, Result<NameMaps> name_maps) {
  make_probes(tunnel_maps, name_maps);
  on_links();
  last_ = build();
}

void SignalLoop::make_probes(Result<TunnelMaps>& tunnel_maps, Result<NameMaps>& name_maps) {
  const ProbeNeeds needs{options_,    kernel_,   clock_,    nat_,
                         tunnel_maps, name_maps, handlers_, block_plane_};
  for (const ProbeEntry& entry : probe_registry()) {
    Running running;
    running.entry = &entry;
    running.without.name = entry.name;
    if (!(options_.*entry.enabled)) {
      running.without.why = fmt::format("{}=false", entry.flag);
    } else if (auto probe = entry.make(needs); probe) {
      running.probe = std::move(*probe);
    } else {
      running.without.state = ProbeState::kFailed;
      running.without.why = probe.error().message;
      spdlog::warn("the {} probe is off: {}; everything else runs", entry.name,
                   probe.error().message);
    }
    probes_.push_back(std::move(running));
  }
}

Status SignalLoop::turn(std::string_view name, bool on) {
  const auto found =
      std::ranges::find_if(probes_, [&](const Running& one) { return one.entry->name == name; });
  if (found == probes_.end())
    return fail(fmt::format("there is no probe '{}'", name), ErrorKind::kNotFound);
  options_.*found->entry->enabled = on;
  if (!on) {
    found->probe.reset();
    found->without.state = ProbeState::kOff;
    found->without.why = "turned off";
    return {};
  }
  if (found->probe) return {};
  Result<TunnelMaps> no_maps = fail("tunnels are counted from the start or not at all");
  Result<NameMaps> no_names = fail("names are told from the start or not at all");
  auto probe = found->entry->make(
      {options_, kernel_, clock_, nat_, no_maps, no_names, handlers_, block_plane_});
  if (!probe) {
    found->without.state = ProbeState::kFailed;
    found->without.why = probe.error().message;
    return std::unexpected(probe.error());
  }
  found->probe = std::move(*probe);
  for (const auto& [ifindex, link] : links_.links()) found->probe->on_interface(link, wanted(link));
  return {};
}

void SignalLoop::switch_probe(std::string_view name, bool on, std::function<void(Status)> done) {
  {
    const MutexLock lock(mutex_);
    if (!stopping_) {
      switches_.push_back({std::string(name), on, std::move(done)});
      done = nullptr;
    }
  }
  if (done) return done(fail("the signal thread has stopped"));
  wake();
}

void SignalLoop::start() {
  thread_ = std::thread([this] { run(); });
}

void SignalLoop::stop() {
  std::vector<Request> unanswered;
  std::vector<Switch> undone;
  {
    const MutexLock lock(mutex_);
    stopping_ = true;
  }
  wake();
  if (thread_.joinable()) thread_.join();
  {
    const MutexLock lock(mutex_);
    unanswered.swap(requests_);
    undone.swap(switches_);
  }
  for (const Switch& one : undone) one.done(fail("the signal thread has stopped"));
  for (const Request& request : unanswered) request.done(last_);
  probes_.clear();  // detaches
}

void SignalLoop::wake() {
  const std::uint64_t one = 1;
  if (wake_) [[maybe_unused]]
    const auto ignored = ::write(wake_.get(), &one, sizeof(one));
}

void SignalLoop::run() {
  for (;;) {
    {
      const MutexLock lock(mutex_);
      if (stopping_) return;
    }
    wait();
    cycle();
  }
}

void SignalLoop::wait() {
  std::vector<pollfd> fds{{wake_.get(), POLLIN, 0}, {links_.fd(), POLLIN, 0}};
  for (const Running& running : probes_)
    if (running.probe) fds.push_back({running.probe->fd(), POLLIN, 0});
  const bool quiet = clock_.monotonic() - last_record_ > kQuietAfter;
  ::poll(fds.data(), fds.size(), quiet ? kPollMillisQuiet : kPollMillis);
  if ((fds[0].revents & POLLIN) != 0) {
    std::uint64_t count = 0;
    [[maybe_unused]] const auto ignored = ::read(wake_.get(), &count, sizeof(count));
  }
  if ((fds[1].revents & (POLLIN | POLLERR)) != 0) on_links();
}

void SignalLoop::cycle() {
  const Nanos now = clock_.monotonic();
  for (const Running& running : probes_)
    if (running.probe && running.probe->poll(now) > 0) last_record_ = now;
  if (now >= next_collect_) collect(now);
  take_mail(now);
}

void SignalLoop::collect(Nanos now) {
  next_collect_ = now + options_.collect_interval;
  for (const Running& running : probes_)
    if (running.probe) running.probe->collect(now);
}

void SignalLoop::on_links() {
  auto changes = links_.read();
  if (!changes) {
    spdlog::error("interfaces: {}", changes.error().message);
    return;
  }
  for (const Running& running : probes_) {
    if (!running.probe) continue;
    for (const auto ifindex : changes->gone) running.probe->on_interface_gone(ifindex);
    for (const InterfaceInfo& link : changes->changed)
      running.probe->on_interface(link, wanted(link));
  }
}

bool SignalLoop::wanted(const InterfaceInfo& link) const {
  return attach_.patterns().empty() ? filter_.matches(link.name) : attach_.matches(link.name);
}

void SignalLoop::reconsider_all() {
  for (const Running& running : probes_) {
    if (!running.probe) continue;
    for (const auto& [ifindex, link] : links_.links())
      running.probe->on_interface(link, wanted(link));
  }
}

void SignalLoop::set_filters(std::vector<std::string> interface_filter,
                             std::vector<std::string> attach_interface) {
  {
    const MutexLock lock(mutex_);
    new_filter_ = std::move(interface_filter);
    new_attach_ = std::move(attach_interface);
    filters_changed_ = true;
  }
  wake();
}

void SignalLoop::request(Nanos max_age, std::function<void(SignalsPtr)> done) {
  {
    const MutexLock lock(mutex_);
    if (!stopping_) {
      requests_.push_back({max_age, std::move(done)});
      done = nullptr;
    }
  }
  if (done) return done(std::make_shared<const Signals>());
  wake();
}

void SignalLoop::take_mail(Nanos now) {
  std::vector<Request> requests;
  std::vector<Switch> switches;
  bool changed = false;
  {
    const MutexLock lock(mutex_);
    requests.swap(requests_);
    switches.swap(switches_);
    changed = std::exchange(filters_changed_, false);
    if (changed) {
      filter_ = NameFilter(new_filter_);
      attach_ = NameFilter(new_attach_);
    }
  }
  if (changed) reconsider_all();
  for (const Switch& one : switches) one.done(turn(one.name, one.on));
  if (!switches.empty()) outdated_ = true;
  for (const Request& request : requests) {
    if (outdated_ || now - last_built_ > request.max_age) {
      for (const Running& running : probes_)
        if (running.probe) running.probe->refresh(now);
      last_ = build();
      last_built_ = now;
      outdated_ = false;
    }
    request.done(last_);
  }
}

SignalsPtr SignalLoop::build() {
  auto signals = std::make_shared<Signals>();
  signals->taken_at = clock_.wall();
  signals->sequence = ++built_;
  for (const Running& running : probes_) {
    if (!running.probe) {
      signals->probes.push_back(running.without);
      continue;
    }
    running.probe->report(*signals);
    signals->probes.push_back(running.probe->status());
  }
  return signals;
}

}  // namespace netprobe
