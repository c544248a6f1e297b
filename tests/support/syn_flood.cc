// SPDX-License-Identifier: Apache-2.0
#include "support/syn_flood.h"

#include <arpa/inet.h>
#include <fmt/format.h>
#include <linux/if_packet.h>
#include <net/if.h>
#include <netinet/in.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/uio.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <chrono>
#include <cstring>
#include <fstream>
#include <memory>
#include <random>
#include <sstream>
#include <thread>
#include <vector>

#include "base/unique_fd.h"
#include "support/netns_thread.h"

namespace netprobe::test {
namespace {

std::array<std::uint8_t, 6> mac_of(const NetNamespace& ns, const char* device) {
  std::array<std::uint8_t, 6> mac{};
  thread_in(ns, [&](bool entered) {
    if (!entered) return;
    const UniqueFd fd(::socket(AF_INET, SOCK_DGRAM, 0));
    ifreq request{};
    std::strncpy(request.ifr_name, device, IFNAMSIZ - 1);
    if (::ioctl(fd.get(), SIOCGIFHWADDR, &request) == 0)
      std::memcpy(mac.data(), request.ifr_hwaddr.sa_data, mac.size());
  }).join();
  return mac;
}

Status status_of(const Result<std::string>& result) {
  if (!result) return std::unexpected(result.error());
  return {};
}

std::string text_of(const std::array<std::uint8_t, 6>& mac) {
  return fmt::format("{:02x}:{:02x}:{:02x}:{:02x}:{:02x}:{:02x}", mac[0], mac[1], mac[2], mac[3],
                     mac[4], mac[5]);
}

/// A SYN with right checksums (RFC 791, 8200, 9293), as clients send it, whose source, port
/// and sequence number are changed from one to the next.
class SynFrame {
 public:
  SynFrame(const std::array<std::uint8_t, 6>& target, bool six) : six_(six) {
    std::ranges::copy(target, bytes_.begin());
    bytes_[6] = 0x02;  // of no vendor
    if (six) {
      put16(12, 0x86dd);
      bytes_[14] = 0x60;
      put16(18, 20);
      bytes_[20] = IPPROTO_TCP;
      bytes_[21] = 64;
      put16(22, 0xfd0b);
      put16(38, 0xfd08);
      bytes_[53] = 1;
    } else {
      put16(12, 0x0800);
      bytes_[14] = 0x45;
      put16(16, 40);
      bytes_[22] = 64;
      bytes_[23] = IPPROTO_TCP;
      put16(30, 0x0a08);
      put16(32, 1);
    }
    put16(tcp() + 2, SynLab::kPort);
    bytes_[tcp() + 12] = 5U << 4U;
    bytes_[tcp() + 13] = 0x02;  // SYN
    put16(tcp() + 14, 64'240);
    // Addresses are behind one another in both.
    const std::size_t addresses = six ? 22 : 26;
    ip_sum_ = sum(14, six ? 14 : 34);
    tcp_sum_ = sum(addresses, size()) + IPPROTO_TCP + 20;
  }
  [[nodiscard]] std::size_t size() const { return tcp() + 20; }
  std::uint8_t* data() { return bytes_.data(); }

  /// IPv4: 11.0.0.0/8 has `source` in it. IPv6: the end of fd0b::.
  void change(std::uint32_t source, std::uint16_t port, std::uint32_t number) {
    if (!six_) source = 0x0b000000U | (source & 0x00ffffffU);
    const std::size_t at = six_ ? 34 : 26;
    put16(at, source >> 16U);
    put16(at + 2, source & 0xffffU);
    put16(tcp(), port);
    put16(tcp() + 4, number >> 16U);
    put16(tcp() + 6, number & 0xffffU);
    const std::uint32_t changed = (source >> 16U) + (source & 0xffffU);
    if (!six_) put16(24, folded(ip_sum_ + changed));
    put16(tcp() + 16, folded(tcp_sum_ + changed + port + (number >> 16U) + (number & 0xffffU)));
  }

 private:
  [[nodiscard]] std::size_t tcp() const { return six_ ? 54 : 34; }
  void put16(std::size_t at, std::uint32_t value) {
    bytes_[at] = static_cast<std::uint8_t>(value >> 8U);
    bytes_[at + 1] = static_cast<std::uint8_t>(value);
  }
  [[nodiscard]] std::uint32_t sum(std::size_t from, std::size_t to) const {
    std::uint32_t total = 0;
    for (std::size_t i = from; i < to; i += 2)
      total += static_cast<std::uint32_t>(bytes_[i] << 8U | bytes_[i + 1]);
    return total;
  }
  static std::uint32_t folded(std::uint32_t total) {
    while (total > 0xffffU) total = (total & 0xffffU) + (total >> 16U);
    return ~total & 0xffffU;
  }
  bool six_;
  std::uint32_t ip_sum_ = 0;
  std::uint32_t tcp_sum_ = 0;
  std::array<std::uint8_t, 74> bytes_{};
};

std::uint64_t packets_sent(const SynLab& lab, const std::string& device) {
  std::uint64_t packets = 0;
  thread_in(lab.clients, [&](bool entered) {
    std::ifstream counters("/proc/thread-self/net/dev");
    for (std::string line; entered && std::getline(counters, line);) {
      const auto colon = line.find(device + ":");
      if (colon == std::string::npos) continue;
      std::istringstream fields(line.substr(colon + device.size() + 1));
      for (int i = 0; i < 10; ++i) fields >> packets;  // the tenth: packets sent
    }
  }).join();
  return packets;
}

std::string device_of(const FloodOptions& options) { return options.to_nobody ? "y0" : "x0"; }
std::array<std::uint8_t, 6> target_of(const SynLab& lab, const FloodOptions& options) {
  auto mac = lab.service_mac;
  if (options.to_nobody) mac[5] ^= 0x55U;
  return mac;
}

}  // namespace

Result<SynLab> SynLab::make(unsigned queues) {
  auto service = NetNamespace::create();
  auto clients = NetNamespace::create();
  auto nobody = NetNamespace::create();
  if (!service) return std::unexpected(service.error());
  if (!clients) return std::unexpected(clients.error());
  if (!nobody) return std::unexpected(nobody.error());
  SynLab lab{std::move(*service), std::move(*clients), std::move(*nobody)};
  const std::string n = std::to_string(queues);
  const auto link = [&](const char* device, const NetNamespace& to) {
    return lab.clients.ip({"link", "add", device, "numrxqueues", n, "numtxqueues", n, "type",
                           "veth", "peer", "name", device, "netns", to.name(), "numrxqueues", n,
                           "numtxqueues", n});
  };
  Status made = link("x0", lab.service);
  if (made) made = link("y0", lab.nobody);
  for (const auto& [ns, device] : {std::pair{&lab.service, "x0"},
                                   {&lab.clients, "x0"},
                                   {&lab.clients, "y0"},
                                   {&lab.nobody, "y0"}}) {
    // A /sys that shows this namespace's interfaces, as long as the command runs.
    for (unsigned i = 0; made && queues > 1 && i < queues; ++i)
      made = status_of(run_ok(
          {"ip", "netns", "exec", ns->name(), "sh", "-c",
           fmt::format("echo {:x} >/sys/class/net/{}/queues/tx-{}/xps_cpus", 1U << i, device, i)}));
    if (made) made = ns->set_up(device);
  }
  for (const char* address : {"10.8.0.1/24", "fd08::1/64"})
    if (made) made = lab.service.add_address("x0", address);
  for (const char* address : {"10.8.0.2/24", "fd08::2/64"})
    if (made) made = lab.clients.add_address("x0", address);
  if (!made) return std::unexpected(made.error());
  lab.service_mac = mac_of(lab.service, "x0");
  // Without a way back the kernel would not so much as answer a SYN; and nobody
  // asks who has an address in the middle of a flood.
  const std::string back = text_of(mac_of(lab.clients, "x0"));
  for (const char* gateway : {"10.8.0.2", "fd08::2"}) {
    made = lab.service.ip(
        {"neigh", "replace", gateway, "lladdr", back, "dev", "x0", "nud", "permanent"});
    if (made) made = lab.service.ip({"route", "add", "default", "via", gateway});
    if (!made) return std::unexpected(made.error());
  }
  for (const char* address : {"10.8.0.1", "fd08::1"}) {
    made = lab.clients.ip({"neigh", "replace", address, "lladdr", text_of(lab.service_mac), "dev",
                           "x0", "nud", "permanent"});
    if (!made) return std::unexpected(made.error());
  }
  return lab;
}

Status SynLab::set_cookies(bool on) const {
  return status_of(
      service.run({"sysctl", "-qw", fmt::format("net.ipv4.tcp_syncookies={}", on ? 1 : 0)}));
}

void SynLab::in_service(const std::function<void()>& work) const {
  thread_in(service, [&](bool entered) {
    if (entered) work();
  }).join();
}

struct SynFlood::State {
  std::atomic<bool> enough{false};
  std::atomic<bool> failed{false};
  std::atomic<std::uint64_t> sent{0};
  std::thread thread;
};

SynFlood::SynFlood(std::unique_ptr<State> state) : state_(std::move(state)) {}
SynFlood::SynFlood(SynFlood&&) noexcept = default;
SynFlood::~SynFlood() {
  if (!state_) return;
  state_->enough = true;
  state_->thread.join();
}
std::uint64_t SynFlood::sent() const { return state_->sent; }
bool SynFlood::failed() const { return state_->failed; }

Result<SynFlood> SynFlood::start(const SynLab& lab, const FloodOptions& options) {
  const auto ifindex = lab.clients.ifindex(device_of(options));
  if (!ifindex) return std::unexpected(ifindex.error());
  auto state = std::make_unique<State>();
  State& s = *state;
  s.thread = thread_in(lab.clients, [&s, options, target = target_of(lab, options),
                                     ifindex = *ifindex](bool entered) {
    constexpr std::size_t kBatch = 64;
    stay_on(options.cpu);
    const UniqueFd out(::socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, 0));
    const int yes = 1;
    ::setsockopt(out.get(), SOL_PACKET, PACKET_QDISC_BYPASS, &yes, sizeof(yes));
    sockaddr_ll to{};
    to.sll_family = AF_PACKET;
    to.sll_ifindex = static_cast<int>(ifindex);
    to.sll_halen = 6;
    // Two floods must not have SYNs in common: those would look repeated, as clients do.
    std::uint64_t seed = std::uint64_t{std::random_device()()} << 32U | 1U;
    const auto random = [&seed] {
      seed ^= seed << 13U;
      seed ^= seed >> 7U;
      seed ^= seed << 17U;
      return seed;
    };
    std::vector<SynFrame> frames(kBatch, SynFrame(target, options.six));
    std::array<iovec, kBatch> pieces{};
    std::array<mmsghdr, kBatch> messages{};
    for (std::size_t i = 0; i < kBatch; ++i) {
      pieces[i] = {frames[i].data(), frames[i].size()};
      messages[i].msg_hdr = {
          .msg_name = &to, .msg_namelen = sizeof(to), .msg_iov = &pieces[i], .msg_iovlen = 1};
    }
    while (!s.enough && entered) {
      for (SynFrame& frame : frames) {
        const std::uint64_t r = random();
        frame.change(options.one_source ? 0x0b0b0b0bU : static_cast<std::uint32_t>(random()),
                     static_cast<std::uint16_t>(1'024 + (r & 0x7fffU)),
                     static_cast<std::uint32_t>(r >> 32U));
      }
      const int done = ::sendmmsg(out.get(), messages.data(), kBatch, 0);
      if (done < 0 && errno != ENOBUFS && errno != EINTR) break;
      if (done > 0) s.sent += static_cast<std::uint64_t>(done);
    }
    s.failed = !s.enough;
  });
  SynFlood flood(std::move(state));
  while (flood.sent() == 0 && !flood.failed()) std::this_thread::yield();
  if (flood.failed()) return fail("cannot send SYNs");
  return flood;
}

Result<TrafgenFlood> TrafgenFlood::start(const SynLab& lab, const FloodOptions& options,
                                         const std::string& config_file) {
  const auto target = target_of(lab, options);
  {
    std::ofstream config(config_file);
    config << "{\n";
    for (const std::uint8_t byte : target) config << fmt::format("0x{:02x}, ", byte);
    config << "0x02, 0, 0, 0, 0, 0, c16(0x0800), 0x45, 0, c16(40), 0, 0, 0, 0, 64, 6,\n"
              "csumip(14, 33), 11, "
           << (options.one_source ? "11, 11, 11" : "drnd(3)") << ", 10, 8, 0, 1,\n"
           << fmt::format("drnd(2), c16({}), drnd(4), c32(0), c16(0x5002), c16(64240),\n",
                          SynLab::kPort)
           << "csumtcp(14, 34), 0, 0\n}\n";
    if (!config.flush()) return fail("cannot write " + config_file);
  }
  const auto before = packets_sent(lab, device_of(options));
  // Neither the machine's buffers nor its interrupts are to be changed.
  auto started = lab.clients.start({"trafgen", "--conf", config_file, "--dev", device_of(options),
                                    "--cpus", "1", "--no-sock-mem", "--notouch-irq"});
  if (!started) return std::unexpected(started.error());
  TrafgenFlood flood(std::move(*started));
  for (int i = 0; i < 1'000 && flood.process().running(); ++i) {
    if (packets_sent(lab, device_of(options)) >= before + 1'000) return flood;
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
  }
  return fail("trafgen sends nothing: " + flood.process().out() + flood.process().err());
}

TrafgenFlood::~TrafgenFlood() {
  if (!process_.running()) return;
  const std::string pid = std::to_string(process_.pid());
  std::ifstream children("/proc/" + pid + "/task/" + pid + "/children");
  for (pid_t child = 0; children >> child;) (void)::kill(child, SIGKILL);
}

}  // namespace netprobe::test
