// SPDX-License-Identifier: Apache-2.0
#include "detect/brute_force/login_services.h"

#include <array>
#include <cstddef>
#include <vector>

namespace netprobe {
namespace {

template <std::uint16_t... kPorts>
constexpr std::array<std::uint16_t, sizeof...(kPorts)> kList{kPorts...};

// Sizes: the handshakes of each protocol up to the refusal, with room for long names and
// longer keys. Databases: below what a login and one query take. Rates of databases and
// directories are far above those of health checks and of pools that reconnect.
constexpr std::array kServices{
    LoginService{"ssh", kList<22, 2222>, 30, 8'000, 10'000, 30, 300, false},
    LoginService{"ftp", kList<21>, 30, 1'500, 3'000, 30, 300, false},
    LoginService{"telnet", kList<23, 2323>, 60, 2'500, 4'000, 30, 300, false},
    LoginService{"smtp", kList<25>, 20, 4'000, 8'000, 300, 300, false},
    LoginService{"submission", kList<587, 465>, 20, 4'000, 8'000, 60, 300, false},
    LoginService{"imap", kList<143, 993>, 20, 4'000, 8'000, 60, 300, false},
    LoginService{"pop3", kList<110, 995>, 20, 4'000, 8'000, 60, 300, false},
    LoginService{"rdp", kList<3389>, 30, 6'000, 8'000, 30, 300, false},
    LoginService{"vnc", kList<5900, 5901, 5902, 5903>, 20, 1'000, 1'500, 30, 300, false},
    LoginService{"ldap", kList<389, 636>, 10, 4'000, 8'000, 300, 60, false},
    LoginService{"smb", kList<445, 139>, 15, 3'000, 4'000, 60, 300, false},
    LoginService{"mysql", kList<3306>, 5, 640, 700, 120, 60, false},
    LoginService{"postgres", kList<5432>, 5, 800, 690, 120, 60, false},
    LoginService{"mssql", kList<1433>, 5, 3'000, 4'000, 120, 60, false},
    LoginService{"redis", kList<6379>, 5, 400, 400, 120, 60, false},
    LoginService{"mongodb", kList<27017>, 5, 1'500, 2'000, 120, 60, false},
    LoginService{"http", kList<80, 443, 8000, 8080, 8443>, 5, 2'500, 8'000, 3'000, 300, true},
};

}  // namespace

std::span<const LoginService> login_services() { return kServices; }

const LoginService* login_service(std::uint16_t port) {
  static const std::vector<std::uint8_t> by_port = [] {
    std::vector<std::uint8_t> table(UINT16_MAX + 1);
    for (std::size_t i = 0; i < kServices.size(); ++i)
      for (const std::uint16_t each : kServices[i].ports)
        table[each] = static_cast<std::uint8_t>(i + 1);
    return table;
  }();
  const std::uint8_t place = by_port[port];
  return place == 0 ? nullptr : &kServices[place - 1U];
}

}  // namespace netprobe
