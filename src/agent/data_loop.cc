// SPDX-License-Identifier: Apache-2.0
#include "agent/data_loop.h"

#include <fmt/format.h>
#include <poll.h>
#include <spdlog/spdlog.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <utility>

#include "base/network_namespace.h"

namespace netprobe {
namespace {

// The ring is never waited for per record (30 times the cost): it is looked at
// this often. An event is visible after at most this and one hand-over.
constexpr int kPollMillis = 10;
// While nothing is seen and nobody streams. A burst that begins meanwhile is
// safe: a ring that fills wakes the loop, a log of marks that ran over is swept.
constexpr int kPollMillisQuiet = 40;
// Counters of flows that go on without SYN, FIN or a newcomer.
constexpr Nanos kSweepInterval = kSecond;
// While somebody streams, they want to see counters move.
constexpr Nanos kSweepIntervalStreaming = 250 * kMillisecond;

std::uint32_t default_slots(int cpus) {
  // A slice a CPU, 192 bytes a slot: many CPUs share the load, and the sum
  // stays below 100 MiB.
  if (cpus <= 8) return 32'768;
  if (cpus <= 32) return 16'384;
  if (cpus <= 64) return 8'192;
  return 4'096;
}

}  // namespace

DataLoop::DataLoop(const AgentOptions& options, KernelFeatures kernel, LinkWatcher links,
                   SignalLoop& signals)
    : options_(options),
      kernel_(std::move(kernel)),
      signals_(signals),
      links_(std::move(links)),
      filter_(options.interface_filter),
      attach_(options.attach_interface),
      bandwidth_(options.link_speeds),
      judge_(own_netns()) {}

DataLoop::~DataLoop() { stop(); }

Result<std::unique_ptr<DataLoop>> DataLoop::make(const AgentOptions& options,
                                                 const KernelFeatures& kernel, SignalLoop& signals,
                                                 const NamesMaker& names) {
  auto links = LinkWatcher::make();
  if (!links) return std::unexpected(links.error());
  std::unique_ptr<DataLoop> loop(new DataLoop(options, kernel, std::move(*links), signals));
  if (auto s = loop->open(options, names); !s) return std::unexpected(s.error());
  return loop;
}

Status DataLoop::open(const AgentOptions& options, const NamesMaker& names) {
  wake_.reset(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
  if (!wake_) return fail_errno("cannot make an eventfd");
  names_ = std::make_unique<InterfaceNames>(links_);
  started_at_ = clock_.wall();

  FlowTableOptions table;
  table.max_flows = options.max_flows;
  table.idle_timeout = options.idle_timeout;
  table.wall_offset = clock_.wall() - clock_.monotonic();
  table_ = std::make_unique<FlowTable>(table, *names_);
  table_->observe(quality_);
  name_stage_ =
      std::make_unique<NameStage>(options, clock_, *table_, judge_, [this] { wake(); }, names);

  if (options.enable_tc) {
    FlowProgramOptions program;
    program.slots_per_cpu = options.flow_cache_slots != 0 ? options.flow_cache_slots
                                                          : default_slots(kernel_.possible_cpus);
    program.max_interfaces = options.max_interfaces;
    program.vxlan_ports = options.vxlan_ports;
    program.geneve_ports = options.geneve_ports;
    program.look_inside_tunnels = options.inspect_tunnels;
    program.tunnel_stats = options.enable_vxlan;
    program.names = options.enable_dns && options.enable_detection;
    auto probe = FlowProbe::make(program, options.tc_mode, kernel_);
    if (!probe) return std::unexpected(probe.error());
    probe_ = std::make_unique<FlowProbe>(std::move(*probe));
    loss_stage_ = std::make_unique<LossStage>(*table_, links_, signals_);
  }
  on_links();
  for (const std::string& name : options.attach_interface) {
    if (name.find_first_of("*?[!") != std::string::npos) continue;
    const bool there = std::ranges::any_of(
        links_.links(), [&](const auto& each) { return each.second.name == name; });
    if (there) continue;
    std::string have;
    for (const auto& [ifindex, link] : links_.links())
      have += (have.empty() ? "" : ", ") + link.name;
    return fail(fmt::format("there is no interface '{}'; there are: {}", name, have),
                ErrorKind::kNotFound);
  }
  return {};
}

Result<TunnelMaps> DataLoop::tunnel_maps() const {
  if (!probe_) return fail("the flow programs, which count tunnels, are off (--enable-tc=false)");
  return probe_->tunnel_maps();
}

Result<NameMaps> DataLoop::name_maps() const {
  if (!options_.enable_detection)
    return fail("only detectors look at names, and they are off (--enable-detection=false)");
  if (!probe_) return fail("the flow programs, which see them, are off (--enable-tc=false)");
  return probe_->name_maps();
}

void DataLoop::start() {
  running_ = true;
  name_stage_->start();
  thread_ = std::thread([this] { run(); });
}

void DataLoop::stop() {
  stopping_ = true;
  if (name_stage_) name_stage_->stop();  // it wakes this
  wake();
  if (thread_.joinable()) thread_.join();
  running_ = false;
  if (history_) history_->finish();
  if (detection_) detection_->finish();
  probe_.reset();  // detaches
  std::vector<Request> unanswered;
  {
    const MutexLock lock(mutex_);
    closed_ = true;
    unanswered.swap(requests_);
  }
  for (const Request& request : unanswered) request.done(last_);
}

void DataLoop::wake() {
  const std::uint64_t one = 1;
  if (wake_) [[maybe_unused]]
    const auto ignored = ::write(wake_.get(), &one, sizeof(one));
}

void DataLoop::run() {
  while (!stopping_) {
    wait();
    cycle();
  }
}

void DataLoop::wait() {
  std::array<pollfd, 3> fds{pollfd{wake_.get(), POLLIN, 0}, pollfd{links_.fd(), POLLIN, 0},
                            pollfd{probe_ ? probe_->fd() : -1, POLLIN, 0}};
  ::poll(fds.data(), fds.size(), quiet_ ? kPollMillisQuiet : kPollMillis);
  if ((fds[0].revents & POLLIN) != 0) {
    std::uint64_t count = 0;
    [[maybe_unused]] const auto ignored = ::read(wake_.get(), &count, sizeof(count));
  }
  if ((fds[1].revents & (POLLIN | POLLERR)) != 0) on_links();
}

void DataLoop::cycle() {
  const Nanos now = clock_.monotonic();
  take_mail();
  for (const NatMapping& mapping : signals_.nat().take()) table_->on_nat(mapping);
  if (name_stage_->cycle()) wake();
  if (probe_) probe_->poll(*table_);
  if (probe_) bandwidth_.sample(*probe_, now);
  if (now >= next_sweep_) sweep(now);
  if (now >= next_collect_) collect(now);
  if (history_ && history_->cycle()) wake();
  if (detection_ && detection_->cycle()) wake();
  const bool streaming = publish_changes();
  answer_requests();
  // Records come once a sweep even where flows only go on: quiet is what had
  // none for longer than that.
  const auto records = table_->stats().records;
  if (std::exchange(records_, records) != records) last_record_ = now;
  quiet_ = !streaming && now - last_record_ > 2 * kSweepInterval;
}

void DataLoop::take_mail() {
  bool changed = false;
  {
    const MutexLock lock(mutex_);
    changed = std::exchange(filters_changed_, false);
    if (changed) {
      filter_ = NameFilter(new_filter_);
      attach_ = NameFilter(new_attach_);
    }
  }
  if (changed) reconsider_all();
}

void DataLoop::set_filters(std::vector<std::string> interface_filter,
                           std::vector<std::string> attach_interface) {
  {
    const MutexLock lock(mutex_);
    new_filter_ = std::move(interface_filter);
    new_attach_ = std::move(attach_interface);
    filters_changed_ = true;
  }
  wake();
}

void DataLoop::on_links() {
  auto changes = links_.read();
  if (!changes) {
    spdlog::error("interfaces: {}", changes.error().message);
    return;
  }
  for (const auto ifindex : changes->gone) {
    if (probe_ && probe_->attached(ifindex)) {
      spdlog::debug("{} is gone", names_->interface_name(ifindex));
      probe_->detach(ifindex, true, clock_.monotonic());
      loss_stage_->on_unwatched(ifindex);
      --attached_;
    }
    problems_.erase(ifindex);
    rates_.erase(ifindex);
    bandwidth_.forget(ifindex);
  }
  for (const InterfaceInfo& link : changes->changed) {
    names_->remember(link);
    consider(link);
    if (probe_) bandwidth_.on_link(link, probe_->attached(link.ifindex));
  }
}

bool DataLoop::wanted(const InterfaceInfo& link) const {
  // Interfaces named for attachment are all that is wanted, where there are
  // any; else the filter decides.
  return attach_.patterns().empty() ? filter_.matches(link.name) : attach_.matches(link.name);
}

void DataLoop::consider(const InterfaceInfo& link) {
  if (!probe_) return;
  if (!wanted(link)) {
    if (probe_->attached(link.ifindex)) {
      probe_->detach(link.ifindex, false, clock_.monotonic());
      loss_stage_->on_unwatched(link.ifindex);
      --attached_;
      spdlog::info("no longer watching {}", link.name);
    }
    problems_[link.ifindex] = "not in the interface filter";
    return;
  }
  if (probe_->attached(link.ifindex)) return;
  const auto status = probe_->attach(link);
  if (status) {
    ++attached_;
    loss_stage_->on_watched(link.ifindex, clock_.monotonic());
    problems_.erase(link.ifindex);
    spdlog::debug("watching {} ({}) by {}", link.name, to_string(link.role),
                  probe_->mode_of(link.ifindex));
  } else if (status.error().kind != ErrorKind::kNotFound) {
    problems_[link.ifindex] = status.error().message;
    spdlog::warn("cannot watch {}: {}", link.name, status.error().message);
  }
}

void DataLoop::reconsider_all() {
  for (const auto& [ifindex, link] : links_.links()) {
    consider(link);
    if (probe_) bandwidth_.on_link(link, probe_->attached(ifindex));
  }
  spdlog::info("interface filters read anew: watching {} interfaces", attached_.load());
}

void DataLoop::sweep(Nanos now) {
  bool streaming = false;
  {
    const MutexLock lock(mutex_);
    streaming = !subscribers_.empty();
  }
  next_sweep_ = now + (streaming ? kSweepIntervalStreaming : kSweepInterval);
  if (!probe_) return;
  probe_->sweep(*table_);
  retire(now);
  loss_stage_->pass(now, clock_.wall(), [this](std::uint32_t ifindex, Direction direction) {
    return probe_->counters(ifindex, direction);
  });
}

void DataLoop::retire(Nanos now) {
  for (auto& gone : probe_->take_retired(now)) {
    gone.rx.flow_packets = table_->attributed(gone.ifindex, Direction::kIngress);
    gone.tx.flow_packets = table_->attributed(gone.ifindex, Direction::kEgress);
    retired_rx_ += gone.rx;
    retired_tx_ += gone.tx;
    table_->forget_interface(gone.ifindex);
  }
}

void DataLoop::collect(Nanos now) {
  const double seconds =
      last_collect_ == 0 ? 0
                         : static_cast<double>(now - last_collect_) / static_cast<double>(kSecond);
  last_collect_ = now;
  next_collect_ = now + options_.collect_interval;
  table_->set_wall_offset(clock_.wall() - clock_.monotonic());
  table_->tick(now);
  ask_for_signals(name_stage_->tick(now));
  if (engine_ != nullptr)
    if (auto networks = name_stage_->take_networks()) engine_->set_inside(std::move(*networks));
  if (!probe_) return;
  bandwidth_.close_interval(*probe_, now);
  for (const auto& [ifindex, link] : links_.links()) {
    if (!probe_->attached(ifindex)) continue;
    Rates& rates = rates_[ifindex];
    const auto rx = probe_->counters(ifindex, Direction::kIngress);
    const auto tx = probe_->counters(ifindex, Direction::kEgress);
    if (seconds > 0) {
      const auto rate = [seconds](std::uint64_t to, std::uint64_t from) {
        return to > from ? static_cast<double>(to - from) / seconds : 0.0;
      };
      rates.rx_packets = rate(rx.packets, rates.rx.packets);
      rates.rx_bytes = rate(rx.bytes, rates.rx.bytes);
      rates.tx_packets = rate(tx.packets, rates.tx.packets);
      rates.tx_bytes = rate(tx.bytes, rates.tx.bytes);
    }
    rates.rx = rx;
    rates.tx = tx;
  }
}

Readiness DataLoop::readiness() const {
  if (!running_) return {false, "the data loop has not started"};
  if (options_.enable_tc && attached_ == 0)
    return {false, "no interface is watched: none matches the interface filter"};
  return name_stage_->readiness();
}

std::string DataLoop::attached_summary() const {
  std::string text;
  int more = 0;
  int listed = 0;
  for (const auto& [ifindex, link] : links_.links()) {
    if (!probe_ || !probe_->attached(ifindex)) continue;
    if (++listed > 8) {
      ++more;
      continue;
    }
    text += fmt::format("{}{} ({})", text.empty() ? "" : ", ", link.name, to_string(link.role));
  }
  if (more > 0) text += fmt::format(" and {} more", more);
  return text;
}

}  // namespace netprobe
