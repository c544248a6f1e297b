// SPDX-License-Identifier: Apache-2.0
#include "detect/lateral/service_port.h"

namespace netprobe {

ServicePort service_port(std::uint16_t port) {
  const auto admin = [](std::string_view name, std::string_view technique) {
    return ServicePort{PortUse::kAdmin, name, technique};
  };
  const auto database = [](std::string_view name) {
    return ServicePort{PortUse::kDatabase, name, "T1210"};
  };
  switch (port) {
    case 22:
      return admin("ssh", "T1021.004");
    case 23:
      return admin("telnet", "T1021");
    case 135:
      return admin("rpc", "T1021.003");
    case 139:
    case 445:
      return admin("smb", "T1021.002");
    case 3389:
      return admin("rdp", "T1021.001");
    case 5985:
    case 5986:
      return admin("winrm", "T1021.006");
    case 5900:
      return admin("vnc", "T1021.005");
    case 2375:
    case 2376:
      return admin("docker", "T1613");
    case 2379:
    case 2380:
      return admin("etcd", "T1613");
    case 10250:
    case 10255:
      return admin("kubelet", "T1613");
    case 1433:
      return database("sql server");
    case 1521:
      return database("oracle");
    case 3306:
      return database("mysql");
    case 5432:
      return database("postgresql");
    case 5984:
      return database("couchdb");
    case 6379:
      return database("redis");
    case 9042:
      return database("cassandra");
    case 9200:
      return database("elasticsearch");
    case 11211:
      return database("memcached");
    case 27017:
      return database("mongodb");
    default:
      return {PortUse::kOther, "", "T1210"};
  }
}

}  // namespace netprobe
