// SPDX-License-Identifier: Apache-2.0
#include "detect/dns_tunnel/tunnel_domain.h"

#include <algorithm>

namespace netprobe {
namespace {

constexpr std::size_t kEvidence = 5;

}  // namespace

void TunnelDomain::ask(const DnsMessage& message, std::uint64_t hash, std::uint32_t bytes) {
  now_.add(hash);
  ++asks_;
  bytes_ += bytes;
  const auto print = static_cast<std::uint32_t>(hash);
  const auto end = sample_.begin() + static_cast<std::ptrdiff_t>(sampled_);
  const auto known =
      std::find_if(sample_.begin(), end, [&](const Name& name) { return name.print == print; });
  if (known != end) {
    if (message.time - known->first > kSameAsk) known->again = true;
  } else if (sampled_ < kSample) {
    sample_[sampled_++] = {.print = print, .again = false, .first = message.time};
  }
  const auto client = std::ranges::find_if(
      clients_, [&](const Client& one) { return one.asks == 0 || one.address == message.client; });
  if (client == clients_.end()) {
    ++other_clients_;
  } else {
    client->address = message.client;
    if (message.client_identity) client->identity = message.client_identity;
    if (message.client_process) client->process = message.client_process;
    ++client->asks;
  }
  add_evidence(evidence_, evidence_of(message), kEvidence);
}

void TunnelDomain::answer(const DnsMessage& message, bool is_expansion) {
  ++answers_;
  data_ += message.data_bytes;
  if (is_expansion) ++expansions_;
}

void TunnelDomain::turn() {
  known_.merge(now_);
  now_.clear();
  sampled_ = 0;
  clients_ = {};
  other_clients_ = asks_ = bytes_ = data_ = answers_ = expansions_ = 0;
  evidence_.clear();
}

TunnelDomain::Measured TunnelDomain::measure() const {
  Measured result;
  result.asks = asks_;
  result.data = data_;
  result.answers = answers_;
  result.expansions = expansions_;
  result.other_clients = other_clients_;
  if (asks_ == 0) return result;
  result.names = std::min(now_.estimate(), static_cast<double>(asks_));
  HyperLogLog<12> both = known_;
  both.merge(now_);
  const double fresh = both.estimate() - known_.estimate();
  result.new_share = std::clamp(fresh / result.names, 0.0, 1.0);
  const auto again =
      std::count_if(sample_.begin(), sample_.begin() + static_cast<std::ptrdiff_t>(sampled_),
                    [](const Name& name) { return name.again; });
  result.once_share =
      sampled_ == 0 ? 0 : 1 - static_cast<double>(again) / static_cast<double>(sampled_);
  result.bytes = result.names * static_cast<double>(bytes_) / static_cast<double>(asks_);
  return result;
}

std::vector<TunnelDomain::Client> TunnelDomain::clients() const {
  std::vector<Client> sorted;
  for (const Client& client : clients_)
    if (client.asks > 0) sorted.push_back(client);
  std::ranges::sort(sorted, [](const Client& a, const Client& b) { return a.asks > b.asks; });
  return sorted;
}

}  // namespace netprobe
