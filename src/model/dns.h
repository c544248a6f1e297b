// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/ip_address.h"
#include "model/finding.h"
#include "model/history.h"
#include "model/identity.h"
#include "model/process.h"

namespace netprobe {

// Types of records (RFC 1035 3.2.2, RFC 3596).
inline constexpr std::uint16_t kDnsTypeA = 1;
inline constexpr std::uint16_t kDnsTypeCname = 5;
inline constexpr std::uint16_t kDnsTypeAaaa = 28;

inline constexpr std::uint8_t kDnsNoError = 0;
inline constexpr std::uint8_t kDnsNoSuchName = 3;  ///< NXDOMAIN

/// One record of an answer.
struct DnsRecord {
  std::uint16_t type = 0;
  std::uint32_t ttl = 0;  ///< seconds
  IpAddress address;      ///< of A and AAAA; else unspecified
};

/// A DNS message on its way between a client and a server: one question, and what was
/// answered. Names are in small letters, without a dot at their end; bytes that are no
/// letter, digit or sign stand as \DDD, as in zone files (RFC 1035 5.1).
struct DnsMessage {
  Micros time = 0;  ///< wall
  IpAddress client;
  IpAddress server;
  std::uint16_t client_port = 0;
  std::uint16_t id = 0;
  bool is_response = false;
  std::uint8_t rcode = 0;        ///< of a response
  bool is_cut = false;           ///< not all of it was captured: answers may be missing
  std::string name;              ///< that is asked for; empty: the root
  std::uint16_t name_bytes = 0;  ///< of it as on the wire
  std::uint16_t type = 0;        ///< that is asked for
  std::uint32_t bytes = 0;       ///< of the message
  std::uint32_t data_bytes = 0;  ///< of its answers' data, where that is no address
  std::vector<DnsRecord> answers;

  IdentityPtr client_identity;  ///< null: not known
  IdentityPtr server_identity;
  ProcessPtr client_process;
};

/// The evidence that a message is: from its client to port 53 of its server.
[[nodiscard]] EvidenceFlow evidence_of(const DnsMessage& message);

}  // namespace netprobe
