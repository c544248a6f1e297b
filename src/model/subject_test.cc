// SPDX-License-Identifier: Apache-2.0
#include "model/subject.h"

#include <gtest/gtest.h>

#include <memory>
#include <string>

#include "model/identity.h"
#include "model/process.h"

namespace netprobe {
namespace {

IdentityPtr pod(const std::string& name, const std::string& workload) {
  Identity made;
  made.kind = IdentityKind::kPod;
  made.name_space = "shop";
  made.name = name;
  made.workload = workload;
  if (!workload.empty()) made.workload_kind = "Deployment";
  return std::make_shared<const Identity>(made);
}
IdentityPtr node(const std::string& name) {
  Identity made;
  made.kind = IdentityKind::kNode;
  made.name = name;
  return std::make_shared<const Identity>(made);
}
ProcessPtr process(const std::string& comm) {
  ProcessRef made;
  made.comm = comm;
  return std::make_shared<const ProcessRef>(made);
}
RecordBase from(const char* address, IdentityPtr identity = nullptr, ProcessPtr runs = nullptr) {
  RecordBase record;
  record.tuple.src = *IpAddress::parse(address);
  record.src = std::move(identity);
  record.src_process = std::move(runs);
  return record;
}

const Subjects kSubjects(7, {*IpPrefix::parse("100.64.0.0/16"), *IpPrefix::parse("fd00:1::/64")});

TEST(Subjects, AReplicaIsItsWorkload) {
  const auto first = kSubjects.source(from("10.1.0.1", pod("web-1", "web")));
  EXPECT_EQ(first.place, Place::kCluster);
  EXPECT_TRUE(first.named);
  EXPECT_EQ(first.id, kSubjects.source(from("fd00:9::7", pod("web-2", "web"))).id);
  EXPECT_NE(first.id, kSubjects.source(from("10.1.0.1", pod("api-1", "api"))).id);
  EXPECT_NE(first.id, kSubjects.source(from("10.1.0.1", pod("web", ""))).id)
      << "a pod of its own is not the workload of its name";
  EXPECT_NE(first.id, Subjects(8, {}).source(from("10.1.0.1", pod("web-1", "web"))).id);
}

TEST(Subjects, WithoutNamesAProcessOrAnAddress) {
  const auto curl = kSubjects.source(from("192.168.0.1", nullptr, process("curl")));
  EXPECT_TRUE(curl.named);
  EXPECT_EQ(curl.place, Place::kNode);
  EXPECT_EQ(curl.id, kSubjects.source(from("192.168.0.2", nullptr, process("curl"))).id);
  const auto plain = kSubjects.source(from("192.168.0.1"));
  EXPECT_FALSE(plain.named);
  EXPECT_NE(plain.id, curl.id);
  EXPECT_NE(plain.id, kSubjects.source(from("192.168.0.2")).id);
  EXPECT_EQ(subject_name(nullptr, process("curl"), IpAddress{}), "curl");
  EXPECT_EQ(subject_name(nullptr, nullptr, IpAddress::v4(0x0a000001)), "10.0.0.1");
}

TEST(Subjects, ANodeIsItsProcessAndAsATargetAnyNode) {
  EXPECT_NE(kSubjects.source(from("192.168.0.1", node("n1"), process("kubelet"))).id,
            kSubjects.source(from("192.168.0.1", node("n1"), process("curl"))).id);
  RecordBase record;
  record.dst = node("n1");
  const auto first = kSubjects.target(record, *IpAddress::parse("192.168.0.1"));
  record.dst = node("n2");
  EXPECT_EQ(first.id, kSubjects.target(record, *IpAddress::parse("192.168.0.2")).id);
  EXPECT_EQ(subject_name(node("n1"), process("sshd"), IpAddress{}), "Node n1/sshd");
  EXPECT_EQ(subject_name(pod("web-1", "web"), process("nginx"), IpAddress{}),
            "shop/Deployment/web");
}

TEST(Subjects, PlacesOfAddresses) {
  const auto place = [](const char* address) { return kSubjects.source_place(from(address)); };
  EXPECT_EQ(place("8.8.8.8"), Place::kOutside);
  EXPECT_EQ(place("2001:db8::1"), Place::kOutside);
  EXPECT_EQ(place("10.0.0.1"), Place::kLocal);
  EXPECT_EQ(place("fd00:2::1"), Place::kLocal);
  EXPECT_EQ(place("100.64.3.4"), Place::kCluster);
  EXPECT_EQ(place("fd00:1::4"), Place::kCluster);
  for (const char* nobody : {"127.0.0.1", "::1", "::", "224.0.0.251", "ff02::1", "169.254.169.254",
                             "fe80::1", "255.255.255.255"})
    EXPECT_EQ(place(nobody), Place::kNobody) << nobody;
  EXPECT_EQ(kSubjects.source(from("127.0.0.1")).id, 0U);
}

TEST(Subjects, ThisNodeIsInsideThoughItsAddressIsOfTheInternet) {
  RecordBase record = from("198.51.100.1");
  record.tuple.dst = *IpAddress::parse("8.8.8.8");
  EXPECT_EQ(kSubjects.source_place(record), Place::kOutside);
  record.direction = "egress";
  EXPECT_EQ(kSubjects.source_place(record), Place::kNode);
  EXPECT_EQ(kSubjects.target_place(record, record.tuple.dst), Place::kOutside);
  record.direction = "ingress";
  EXPECT_EQ(kSubjects.source_place(record), Place::kOutside);
  EXPECT_EQ(kSubjects.target_place(record, record.tuple.dst), Place::kNode);
  record.direction = "";
  record.src_process = process("nginx");
  EXPECT_EQ(kSubjects.source_place(record), Place::kNode);
}

TEST(Subjects, NetworksAround) {
  EXPECT_EQ(network_around(*IpAddress::parse("203.0.113.77")).to_string(), "203.0.113.0");
  EXPECT_EQ(network_around(*IpAddress::parse("2001:db8:1:2::3")).to_string(), "2001:db8:1::");
}

}  // namespace
}  // namespace netprobe
