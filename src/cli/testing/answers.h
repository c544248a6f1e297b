// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

namespace netprobe::testing {

// Answers in the API's form. `difference` is what accounting lacks.
inline const std::string kProbes =
    R"({"node_name":"n1","probes":[{"name":"flow","state":"on","rung":"tcx","why":"6.6 or later",)"
    R"("events":1200,"lost":[{"stage":"flow","cause":"ring_full","count":3}]},)"
    R"({"name":"drop","state":"off","rung":"","why":"not asked for","events":0,"lost":[]}]})";
inline const std::string kFailedProbes =
    R"({"probes":[{"name":"flow","state":"failed","rung":"","why":"no BTF","lost":[]}]})";
inline const std::string kInterfaces =
    R"({"interfaces":[{"name":"eth0","role":"uplink","attached":true,"mode":"tcx","reason":"",)"
    R"("rx":{"packets":1000,"packets_per_second":12.000,"bytes_per_second":3400.000},)"
    R"("tx":{"packets":500,"packets_per_second":6.000,"bytes_per_second":1700.000}},)"
    R"({"name":"wg0","role":"tunnel","attached":false,"mode":"","reason":"it is down",)"
    R"("rx":{"packets":0},"tx":{"packets":0}}]})";

inline std::string stats(int difference) {
  return R"({"node_name":"n1","version":"0.1.0","kernel":"6.18","accounting":{"total":)"
         R"({"packets":1500,"flow_packets":1490,"unattributed":{"non_ip":10,"malformed":0},)"
         R"("difference":)" +
         std::to_string(difference) +
         R"(},"interfaces":[{"interface":"eth0","direction":"ingress","difference":)" +
         std::to_string(difference) +
         R"(}],"retired":[]},"flow_table":{"live_flows":250,"total_flows":900,"evicted_flows":2,)"
         R"("capacity":1000},"completeness":{"lost":{"flow.ring_full":3},"complete":false}})";
}

inline std::string flow(int id) {
  return R"({"id":)" + std::to_string(id) + R"(,"src_ip":"10.0.0.)" + std::to_string(id) +
         R"(","dst_ip":"10.0.9.9","src_port":1000,"dst_port":53,"protocol":"udp","packets":1,)"
         R"("bytes_per_second":2000.000,"last_seen":"2026-01-02T03:04:05.678000000Z"})";
}

}  // namespace netprobe::testing
