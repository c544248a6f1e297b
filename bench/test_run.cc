// SPDX-License-Identifier: Apache-2.0
#include "test_run.h"

#include <bpf/bpf.h>
#include <fmt/format.h>
#include <sched.h>

#include <array>
#include <cerrno>
#include <cstdlib>
#include <cstring>

#include "abi/flow_abi.h"
#include "program.skel.h"

namespace netprobe::bench {
namespace {

/// As program.bpf.c has it.
struct Rotation {
  std::uint32_t flows;
  std::uint32_t turn;
};

std::array<std::uint8_t, 60> udp_packet() {
  std::array<std::uint8_t, 60> p{};
  p[12] = 0x08;  // IPv4
  p[14] = 0x45;
  p[17] = 46;  // total length
  p[22] = 64;  // TTL
  p[23] = 17;  // UDP
  p[26] = 10;
  p[30] = 10;
  p[33] = 2;
  p[36] = 0x10;  // port 4097
  p[37] = 0x01;
  p[39] = 26;
  return p;
}

}  // namespace

void pin_to_cpu(int cpu) {
  cpu_set_t one;
  CPU_ZERO(&one);
  CPU_SET(static_cast<std::size_t>(cpu), &one);
  sched_setaffinity(0, sizeof(one), &one);
}

FlowPrograms load_bench_programs(const FlowProgramOptions& options, const KernelFeatures& kernel) {
  std::size_t size = 0;
  const void* elf = program_bpf__elf_bytes(&size);
  auto programs = load_flow_programs(options, kernel, {static_cast<const std::byte*>(elf), size});
  if (!programs) {
    fmt::print(stderr, "{}\n", programs.error().message);
    std::exit(1);
  }
  return std::move(*programs);
}

bool rotate(const FlowPrograms& programs, std::uint32_t flows) {
  const std::uint32_t zero = 0;
  const Rotation settings{flows, 0};
  return bpf_map_update_elem(programs.object.map_fd(".data.bench"), &zero, &settings, BPF_ANY) == 0;
}

double test_run(int program, int repeat) { return test_run(program, udp_packet(), repeat); }

double test_run(int program, std::span<const std::uint8_t> frame, int repeat) {
  LIBBPF_OPTS(bpf_test_run_opts, options, .data_in = frame.data(),
              .data_size_in = static_cast<__u32>(frame.size()), .repeat = repeat);
  if (bpf_prog_test_run_opts(program, &options) != 0) {
    fmt::print(stderr, "test run failed: {}\n", std::strerror(errno));
    std::exit(1);
  }
  return options.duration;
}

}  // namespace netprobe::bench
