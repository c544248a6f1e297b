// SPDX-License-Identifier: Apache-2.0
#include "bpf/kernel.h"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <sys/resource.h>
#include <sys/utsname.h>
#include <unistd.h>

#include <cstdio>
#include <ctime>
#include <fstream>

namespace netprobe {
namespace {

// Ring buffers came with 5.8. On arm64 the order of a slot's stores needs
// atomics with a result, which came with 5.12.
constexpr int kFloorMajor = 5;
constexpr int kFloorMinor = 8;
constexpr int kFloorMinorArm64 = 12;
constexpr const char* kBtfPath = "/sys/kernel/btf/vmlinux";

void parse_release(const std::string& release, int& major, int& minor) {
  if (std::sscanf(release.c_str(), "%d.%d", &major, &minor) != 2) major = minor = 0;
}

bool is_preempt_rt(const utsname& name) {
  if (std::string_view(name.version).find("PREEMPT_RT") != std::string_view::npos) return true;
  std::ifstream realtime("/sys/kernel/realtime");
  char flag = '0';
  return realtime.get(flag) && flag == '1';
}

}  // namespace

Status check_kernel_release(const std::string& release, const std::string& machine) {
  int major = 0;
  int minor = 0;
  parse_release(release, major, minor);
  const bool arm = machine == "aarch64";
  const int floor_minor = arm ? kFloorMinorArm64 : kFloorMinor;
  if (major > kFloorMajor || (major == kFloorMajor && minor >= floor_minor)) return {};
  return fail("kernel " + release + " is too old: NetProbe needs " + std::to_string(kFloorMajor) +
                  "." + std::to_string(floor_minor) + " or newer" + (arm ? " on arm64" : "") +
                  " (docs/kernel-support.md)",
              ErrorKind::kUnsupported);
}

Result<KernelFeatures> probe_kernel() {
  utsname name{};
  ::uname(&name);
  KernelFeatures features;
  features.release = name.release;
  parse_release(features.release, features.major, features.minor);
  if (auto status = check_kernel_release(name.release, name.machine); !status)
    return std::unexpected(status.error());
  if (::access(kBtfPath, R_OK) != 0) {
    return fail(std::string("the kernel has no type information at ") + kBtfPath +
                    ": use a kernel built with CONFIG_DEBUG_INFO_BTF=y",
                ErrorKind::kUnsupported);
  }
  features.preempt_rt = is_preempt_rt(name);
  features.possible_cpus = libbpf_num_possible_cpus();
  if (features.possible_cpus < 1) return fail("cannot tell how many CPUs the machine may have");
  // The coarse clocks advance once a tick, and say how long that is.
  timespec tick{};
  if (::clock_getres(CLOCK_MONOTONIC_COARSE, &tick) == 0 && tick.tv_nsec > 0)
    features.tick_ns = tick.tv_nsec;
  return features;
}

void lift_memlock_limit() {
  const rlimit unlimited{RLIM_INFINITY, RLIM_INFINITY};
  ::setrlimit(RLIMIT_MEMLOCK, &unlimited);
}

}  // namespace netprobe
