// SPDX-License-Identifier: Apache-2.0
#include "probes/flow/flow_replayer.h"

#include <bpf/bpf.h>
#include <linux/bpf.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <set>

#include "bpf/kernel.h"
#include "probes/flow/cache_reader.h"
#include "probes/flow/device_table.h"
#include "probes/flow/flow_programs.h"

namespace netprobe {
namespace {

// The kernel refuses to run shorter ones (net/bpf/test_run.c): less than an
// Ethernet header, or one that announces an IP header which is not all there.
// Neither has a whole IP header, so both are malformed.
constexpr std::size_t kEthernet = 14;
constexpr std::size_t kIpv4 = 20;
constexpr std::size_t kIpv6 = 40;

std::size_t shortest(std::span<const std::uint8_t> captured, bool bare_ip) {
  if (captured.size() < kEthernet || bare_ip) return kEthernet;
  const int type = captured[12] << 8 | captured[13];
  return kEthernet + (type == 0x0800 ? kIpv4 : type == 0x86dd ? kIpv6 : 0);
}

// No header chain that the parser follows is longer; the rest is payload that
// nobody reads. It also keeps within a page, the limit of older kernels.
constexpr std::size_t kLongest = 2048;
// Largest wire_len that the kernel takes: GSO_LEGACY_MAX_SIZE.
constexpr std::uint32_t kLongestWire = 65536;

}  // namespace

class FlowReplayer::Impl {
 public:
  Impl(FlowPrograms programs, CacheReader reader, DeviceTable devices)
      : programs_(std::move(programs)),
        reader_(std::move(reader)),
        devices_(std::move(devices)),
        ethernet_fd_(programs_.object.program_fd("netprobe_tc_ingress")),
        bare_ip_fd_(programs_.object.program_fd("netprobe_tc_l3_ingress")) {}

  Status packet(std::span<const std::uint8_t> captured, std::uint32_t wire_length, Nanos time,
                std::uint32_t interface, bool bare_ip) {
    if (!devices_.has(interface)) {
      if (auto s = devices_.claim(interface); !s) return s;
      interfaces_.insert(interface);
    }
    if (captured.size() < shortest(captured, bare_ip)) {
      ++too_short_.packets;
      ++too_short_.kernel_packets;
      too_short_.bytes += wire_length;
      too_short_.kernel_bytes += wire_length;
      ++too_short_.unattributed[static_cast<std::size_t>(Unattributed::kMalformed)];
      return {};
    }
    const std::size_t size = std::min(captured.size(), kLongest);
    __sk_buff context{};
    context.mark = interface;
    context.tstamp = static_cast<__u64>(time);
    context.wire_len = std::clamp(wire_length, static_cast<std::uint32_t>(size), kLongestWire);
    LIBBPF_OPTS(bpf_test_run_opts, options, .data_in = captured.data(), .data_out = nullptr,
                .data_size_in = static_cast<__u32>(size), .ctx_in = &context,
                .ctx_size_in = sizeof(context));
    if (bpf_prog_test_run_opts(bare_ip ? bare_ip_fd_ : ethernet_fd_, &options) != 0)
      return fail_errno("the kernel does not run the flow program on a packet");
    return {};
  }

  void drain(FlowSink& sink) { reader_.sweep(sink); }
  [[nodiscard]] Result<TunnelMaps> tunnel_maps() const { return share_tunnel_maps(programs_); }

  [[nodiscard]] DeviceCounters counters() const {
    DeviceCounters sum = too_short_;
    for (const auto interface : interfaces_) sum += devices_.read(interface, Direction::kIngress);
    return sum;
  }

 private:
  FlowPrograms programs_;
  CacheReader reader_;
  DeviceTable devices_;
  int ethernet_fd_;
  int bare_ip_fd_;
  std::set<std::uint32_t> interfaces_;
  DeviceCounters too_short_;
};

FlowReplayer::FlowReplayer(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
FlowReplayer::FlowReplayer(FlowReplayer&&) noexcept = default;
FlowReplayer& FlowReplayer::operator=(FlowReplayer&&) noexcept = default;
FlowReplayer::~FlowReplayer() = default;

Result<FlowReplayer> FlowReplayer::make(const Options& options) {
  lift_memlock_limit();
  auto kernel = probe_kernel();
  if (!kernel) return std::unexpected(kernel.error());
  FlowProgramOptions program;
  // One CPU does all the work, but which one the kernel picks may change.
  program.slots_per_cpu = options.slots;
  program.max_interfaces = 256;
  program.vxlan_ports = options.vxlan_ports;
  program.geneve_ports = options.geneve_ports;
  program.max_tunnels = options.max_tunnels;
  program.replay = true;
  auto programs = load_flow_programs(program, *kernel);
  if (!programs) return std::unexpected(programs.error());
  auto reader = CacheReader::make(*programs);
  if (!reader) return std::unexpected(reader.error());
  auto devices = DeviceTable::make(*programs);
  if (!devices) return std::unexpected(devices.error());
  return FlowReplayer(
      std::make_unique<Impl>(std::move(*programs), std::move(*reader), std::move(*devices)));
}

Status FlowReplayer::packet(std::span<const std::uint8_t> captured, std::uint32_t wire_length,
                            Nanos time, std::uint32_t interface, bool bare_ip) {
  return impl_->packet(captured, wire_length, time, interface, bare_ip);
}

void FlowReplayer::drain(FlowSink& sink) { impl_->drain(sink); }
Result<TunnelMaps> FlowReplayer::tunnel_maps() const { return impl_->tunnel_maps(); }
DeviceCounters FlowReplayer::counters() const { return impl_->counters(); }

}  // namespace netprobe
