// SPDX-License-Identifier: Apache-2.0
#include "probes/socket/sweeper.h"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <unistd.h>

#include <algorithm>
#include <cstring>

#include "base/unique_fd.h"

namespace netprobe {
namespace {

/// The kernel gives no more at a time.
constexpr std::size_t kChunk = 32UL * 1024;

/// Everything that an iterator writes.
Status read_all(const bpf_link* link, std::vector<std::byte>& out) {
  const UniqueFd fd(bpf_iter_create(bpf_link__fd(link)));
  if (!fd) return fail_errno("cannot run a BPF iterator");
  std::size_t size = 0;
  for (;;) {
    if (out.size() < size + kChunk) out.resize(size + kChunk);
    const auto got = ::read(fd.get(), out.data() + size, kChunk);
    if (got < 0 && (errno == EAGAIN || errno == EINTR)) continue;
    if (got < 0) return fail_errno("a BPF iterator does not go on");
    if (got == 0) break;
    size += static_cast<std::size_t>(got);
  }
  out.resize(size);
  return {};
}

template <typename T>
void take_records(const std::vector<std::byte>& bytes, std::vector<T>& out) {
  out.resize(bytes.size() / sizeof(T));
  if (!out.empty()) std::memcpy(out.data(), bytes.data(), out.size() * sizeof(T));
  // A walk over a map that changes may meet an entry twice.
  std::ranges::sort(out, {}, [](const T& record) { return record.c.id; });
  const auto [first, last] =
      std::ranges::unique(out, {}, [](const T& record) { return record.c.id; });
  out.erase(first, last);
}

Result<BpfLink> iterate(const SocketPrograms& programs, const char* program, const char* map) {
  bpf_iter_link_info info{};
  LIBBPF_OPTS(bpf_iter_attach_opts, options);
  if (map != nullptr) {
    info.map.map_fd = static_cast<__u32>(programs.object.map_fd(map));
    options.link_info = &info;
    options.link_info_len = sizeof(info);
  }
  BpfLink link(bpf_program__attach_iter(programs.sweeps.program(program), &options));
  if (!link) return fail_errno(std::string("cannot attach the iterator ") + program);
  return link;
}

}  // namespace

Result<Sweeper> Sweeper::make(const SocketPrograms& programs) {
  Sweeper sweeper;
  auto tcp = iterate(programs, "netprobe_socket_sweep", "connection_map");
  if (!tcp) return std::unexpected(tcp.error());
  auto udp = iterate(programs, "netprobe_udp_sweep", "socket_udp");
  if (!udp) return std::unexpected(udp.error());
  auto files = iterate(programs, "netprobe_socket_files", nullptr);
  if (!files) return std::unexpected(files.error());
  sweeper.tcp_ = std::move(*tcp);
  sweeper.udp_ = std::move(*udp);
  sweeper.files_ = std::move(*files);
  return sweeper;
}

Status Sweeper::sweep_tcp(std::vector<np_swept>& out) {
  if (auto s = read_all(tcp_.get(), buffer_); !s) return s;
  take_records(buffer_, out);
  return {};
}

Status Sweeper::sweep_udp(std::vector<np_swept_udp>& out) {
  if (auto s = read_all(udp_.get(), buffer_); !s) return s;
  take_records(buffer_, out);
  return {};
}

Status Sweeper::walk_files() { return read_all(files_.get(), buffer_); }

}  // namespace netprobe
