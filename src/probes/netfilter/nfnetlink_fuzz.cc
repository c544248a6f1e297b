// SPDX-License-Identifier: Apache-2.0
// What the kernel says over netlink, as far as it is read here. The kernel is
// trusted; its versions differ, and a cut or longer message must not hurt.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <vector>

#include "probes/netfilter/conntrack_parse.h"
#include "probes/netfilter/nfnetlink.h"
#include "probes/netfilter/ruleset_parse.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace netprobe;
  // Aligned as a receive buffer is.
  std::vector<std::uint64_t> buffer(size / 8 + 1);
  std::copy(data, data + size, reinterpret_cast<std::uint8_t*>(buffer.data()));
  nfnl::for_each_message(buffer.data(), size, [](const nlmsghdr* message) {
    if (const auto nat = parse_nat(message); nat && nat->original == nat->translated) std::abort();
    const auto chain = parse_chain(message);
    if (chain && (chain->table.empty() || chain->name.empty())) std::abort();
    const auto rule = parse_rule(message);
    if (rule && rule->drops && (rule->rule.verdict.empty() || rule->rule.rule.empty()))
      std::abort();
    (void)parse_generation(message);
    (void)parse_conntrack_cpu(message);
    (void)parse_conntrack_fill(message);
  });
  return 0;
}
