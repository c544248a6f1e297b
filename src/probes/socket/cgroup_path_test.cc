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
