// SPDX-License-Identifier: Apache-2.0
#include "probes/socket/cgroup_path.h"

#include <gtest/gtest.h>
#include <sys/stat.h>

namespace netprobe {
namespace {

const std::string kId = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";
const std::string kOther = "fedcba9876543210fedcba9876543210fedcba9876543210fedcba9876543210";

TEST(ContainerOf, KnowsTheRuntimesWithSystemd) {
  for (const std::string& path :
       {"/system.slice/docker-" + kId + ".scope",
        "/kubepods.slice/kubepods-burstable.slice/kubepods-burstable-pod1234_5.slice/"
        "cri-containerd-" +
            kId + ".scope",
        "/kubepods.slice/kubepods-besteffort.slice/kubepods-pod9.slice/crio-" + kId + ".scope",
        "/machine.slice/libpod-" + kId + ".scope",
        "/machine.slice/libpod-" + kId + ".scope/container",
        "/user.slice/user-1000.slice/user@1000.service/user.slice/libpod-" + kId + ".scope"})
    EXPECT_EQ(container_of(path), kId) << path;
}

TEST(ContainerOf, KnowsTheRuntimesWithCgroupfs) {
  for (const std::string& path :
       {"/docker/" + kId, "/kubepods/besteffort/pod12-34/" + kId,
        "/kubepods/pod12-34/" + kId + "/init", "/libpod_parent/libpod-" + kId,
        "/kubepods-burstable-pod1.slice:cri-containerd:" + kId})
    EXPECT_EQ(container_of(path), kId) << path;
}

TEST(ContainerOf, TakesTheInnermost) {
  EXPECT_EQ(container_of("/docker/" + kOther + "/kubepods/pod1/" + kId), kId);
}

TEST(ContainerOf, SaysNothingOutsideContainers) {
  for (const std::string& path :
       {std::string(), std::string("/"), std::string("/system.slice/ssh.service"),
        std::string("/user.slice/user-0.slice/session-1.scope"), "/docker/" + kId.substr(1),
        "/docker/" + kId + "0", "/docker/" + kId.substr(1) + "G",
        "/machine.slice/libpod-conmon-" + kId + ".scope", std::string("/kubepods/pod1")})
    EXPECT_EQ(container_of(path), "") << path;
}

/// As cgroup v1 shows it: a line a hierarchy, some of which nobody moved.
std::string lines_of(const std::string& path, const std::string& systemd) {
  return "12:freezer:" + path + "\n11:rdma:/\n10:cpuset:" + path + "\n9:devices:" + path +
         "\n8:pids:" + path + "\n5:net_cls,net_prio:" + path + "\n4:cpu,cpuacct:" + path +
         "\n3:memory:" + path + "\n1:name=systemd:" + systemd + "\n0::/\n";
}

TEST(CgroupOfProcess, KnowsTheRuntimesOfCgroupV1) {
  const std::string pod = "8d0b6c1e-5a4f-4c0e-9d7a-3f2b1a0c9d8e";
  const std::string pod_systemd = "8d0b6c1e_5a4f_4c0e_9d7a_3f2b1a0c9d8e";
  const std::string slice =
      "/kubepods.slice/kubepods-burstable.slice/kubepods-burstable-pod" + pod_systemd + ".slice/";
  for (const std::string& path :
       {"/docker/" + kId, "/system.slice/docker-" + kId + ".scope",
        "/kubepods/burstable/pod" + pod + "/" + kId, "/kubepods/pod" + pod + "/crio-" + kId,
        slice + "docker-" + kId + ".scope", slice + "cri-containerd-" + kId + ".scope",
        slice + "crio-" + kId + ".scope",
        "/system.slice/containerd.service/kubepods-besteffort-pod" + pod_systemd +
            ".slice:cri-containerd:" + kId,
        "/default/" + kId, "/machine.slice/libpod-" + kId + ".scope"}) {
    EXPECT_EQ(cgroup_of_process(lines_of(path, path)).container, kId) << path;
    EXPECT_EQ(cgroup_of_process(lines_of(path, path)).path, path);
    // cgroupfs drivers leave systemd's hierarchy to systemd.
    const auto apart = cgroup_of_process(lines_of(path, "/system.slice/kubelet.service"));
    EXPECT_EQ(apart.container, kId) << path;
    EXPECT_EQ(apart.path, path);
  }
}

TEST(CgroupOfProcess, TakesTheInnermostOfAll) {
  const std::string inner = "/docker/" + kOther + "/docker/" + kId;
  for (const std::string& lines : {"4:memory:/docker/" + kOther + "\n2:cpu:" + inner + "\n",
                                   "4:memory:" + inner + "\n2:cpu:/docker/" + kOther + "\n"})
    EXPECT_EQ(cgroup_of_process(lines).container, kId) << lines;
  // One in a container of its own hierarchy, whatever systemd says of it.
  EXPECT_EQ(cgroup_of_process("2:cpu:/docker/" + kId + "\n1:name=systemd:/a/b/c/d/e\n").path,
            "/docker/" + kId);
}

TEST(CgroupOfProcess, KnowsHostsWithBothAndProcessesOutsideContainers) {
  const auto both = cgroup_of_process("3:memory:/\n0::/system.slice/docker-" + kId + ".scope\n");
  EXPECT_EQ(both.container, kId);
  const auto service = cgroup_of_process(lines_of("/", "/system.slice/ssh.service"));
  EXPECT_EQ(service.path, "/system.slice/ssh.service");
  EXPECT_EQ(service.container, "");
  EXPECT_EQ(cgroup_of_process("3:memory:/\n0::/\n").path, "/");
  EXPECT_EQ(cgroup_of_process("3:memory:/docker/" + kId + " (deleted)\n").path, "/docker/" + kId);
  for (const char* none : {"", "\n", "3:memory", "3:memory:", "::", "nonsense", "3:memory:x"})
    EXPECT_EQ(cgroup_of_process(none).path, "") << none;
}

TEST(CgroupOfProcess, TellsVersionOneApart) {
  EXPECT_FALSE(has_cgroup_v1("0::/user.slice\n"));
  EXPECT_TRUE(has_cgroup_v1("0::/\n1:name=systemd:/\n"));
  EXPECT_FALSE(has_cgroup_v1(""));
}

TEST(CgroupPaths, CountsWhatIsNotThere) {
  CgroupPaths paths;
  EXPECT_EQ(paths.find(1).path, "/");
  EXPECT_EQ(paths.not_found(), 0U);
  EXPECT_EQ(paths.find(0xdeadbeefdeadULL).path, "");
  EXPECT_EQ(paths.find(0xdeadbeefdeadULL).container, "");
  EXPECT_EQ(paths.not_found(), 1U) << "an id is looked up once";
}

TEST(CgroupPaths, StaysBounded) {
  CgroupPaths paths(4);
  for (std::uint64_t id = 100; id < 120; ++id) (void)paths.find(id);
  EXPECT_EQ(paths.find(1).path, "/");
  EXPECT_EQ(paths.not_found(), 20U);
}

}  // namespace
}  // namespace netprobe
