// SPDX-License-Identifier: Apache-2.0
#include "prog/second_opinion.h"

#include <charconv>
#include <optional>
#include <sstream>
#include <tuple>

#include "support/tshark.h"

namespace netprobe::test {
namespace {

// Each packet by itself: no reassembly, which would move bytes between packets.
const std::vector<std::string> kOptions{"-o", "ip.defragment:FALSE",
                                        "-o", "ipv6.defragment:FALSE",
                                        "-o", "tcp.desegment_tcp_streams:FALSE",
                                        "-d", "udp.port==8472,vxlan"};

const std::vector<std::string> kFields{"frame.protocols",
                                       "ip.src",
                                       "ip.dst",
                                       "ip.len",
                                       "ip.proto",
                                       "ip.id",
                                       "ip.frag_offset",
                                       "ip.flags.mf",
                                       "ipv6.src",
                                       "ipv6.dst",
                                       "ipv6.plen",
                                       "ipv6.fraghdr.ident",
                                       "ipv6.fraghdr.offset",
                                       "tcp.srcport",
                                       "tcp.dstport",
                                       "udp.srcport",
                                       "udp.dstport",
                                       "sctp.srcport",
                                       "sctp.dstport",
                                       "icmp.type",
                                       "icmp.ident",
                                       "icmpv6.type",
                                       "icmpv6.echo.identifier",
                                       "vxlan.vni",
                                       "geneve.vni",
                                       "gre.key",
                                       "ipv6.nxt"};

/// The values of one field of one packet, taken in order.
class Values {
 public:
  explicit Values(const std::string& joined) {
    std::istringstream in(joined);
    for (std::string value; std::getline(in, value, ',');) values_.push_back(value);
  }
  [[nodiscard]] std::optional<std::string> next() {
    if (taken_ == values_.size()) return {};
    return values_[taken_++];
  }
  /// Decimal or 0x…, as tshark prints it.
  [[nodiscard]] std::optional<std::uint32_t> number() {
    const auto text = next();
    if (!text) return {};
    const bool hex = text->starts_with("0x");
    std::uint32_t value = 0;
    const char* begin = text->data() + (hex ? 2 : 0);
    if (std::from_chars(begin, text->data() + text->size(), value, hex ? 16 : 10).ec != std::errc{})
      return {};
    return value;
  }

 private:
  std::vector<std::string> values_;
  std::size_t taken_ = 0;
};

/// Protocols that frame.protocols names and that are transport or the end.
const std::map<std::string, std::uint8_t> kTransports{{"tcp", kProtoTcp},
                                                      {"udp", kProtoUdp},
                                                      {"sctp", kProtoSctp},
                                                      {"icmp", kProtoIcmp},
                                                      {"icmpv6", kProtoIcmp6}};

/// Walks the layers of one packet and adds each IP layer to its leg.
class PacketReader {
 public:
  using FragmentPorts = std::map<std::tuple<IpAddress, IpAddress, std::uint32_t, std::uint32_t>,
                                 std::tuple<std::uint8_t, std::uint16_t, std::uint16_t>>;

  PacketReader(const std::vector<std::string>& row, FragmentPorts& known) : known_(known) {
    for (std::size_t i = 0; i < kFields.size(); ++i)
      fields_.emplace(kFields[i], Values(i < row.size() ? row[i] : ""));
    std::istringstream in(row.empty() ? "" : row[0]);
    for (std::string name; std::getline(in, name, ':');) layers_.push_back(name);
  }

  /// How many IP layers there were.
  std::size_t read(Legs& legs) {
    for (const auto& layer : layers_)
      if (!step(layer)) break;
    for (std::size_t i = 0; i < found_.size(); ++i) {
      auto& [leg, bytes] = found_[i];
      leg.depth = static_cast<std::uint8_t>(i);
      legs[leg] += Counters{1, bytes};
    }
    return found_.size();
  }

 private:
  Values& field(const char* name) { return fields_.at(name); }

  /// False where nothing more is to be read.
  bool step(const std::string& layer) {
    if (layer == "vxlan") vni_ = field("vxlan.vni").number().value_or(0);
    if (layer == "geneve") vni_ = field("geneve.vni").number().value_or(0);
    if (layer == "gre") vni_ = field("gre.key").number().value_or(0);
    if (layer == "ip") return step_ipv4();
    if (layer == "ipv6") return step_ipv6();
    if (layer == "ipv6.fraghdr") return step_fragment();
    const auto transport = kTransports.find(layer);
    if (transport == kTransports.end() || found_.empty()) return true;
    return step_transport(layer, transport->second);
  }

  bool open(const std::optional<std::string>& src, const std::optional<std::string>& dst,
            std::uint64_t bytes, std::uint8_t protocol) {
    if (!src || !dst) return false;
    const auto from = IpAddress::parse(*src);
    const auto to = IpAddress::parse(*dst);
    if (!from || !to) return false;
    found_.push_back({Leg{.vni = vni_, .protocol = protocol, .src = *from, .dst = *to}, bytes});
    vni_ = 0;
    fragment_id_.reset();
    return true;
  }

  bool step_ipv4() {
    const auto protocol = field("ip.proto").number();
    const auto length = field("ip.len").number();
    const auto id = field("ip.id").number();
    const auto offset = field("ip.frag_offset").number().value_or(0);
    const auto more = field("ip.flags.mf").number().value_or(0);
    if (!open(field("ip.src").next(), field("ip.dst").next(), length.value_or(0),
              static_cast<std::uint8_t>(protocol.value_or(0))))
      return false;
    // tshark 4.0 shows the offset in bytes.
    if (offset != 0) return join(id.value_or(0));
    if (more != 0) fragment_id_ = id;
    return true;
  }

  bool step_ipv6() {
    const auto length = field("ipv6.plen").number();
    const auto next = field("ipv6.nxt").number();
    return open(field("ipv6.src").next(), field("ipv6.dst").next(), length.value_or(0) + 40,
                static_cast<std::uint8_t>(next.value_or(0)));
  }

  bool step_fragment() {
    const auto id = field("ipv6.fraghdr.ident").number().value_or(0);
    if (field("ipv6.fraghdr.offset").number().value_or(0) != 0) return join(id);
    fragment_id_ = id;
    return true;
  }

  /// A later fragment: what its first one told.
  bool join(std::uint32_t id) {
    auto& leg = found_.back().first;
    const auto known = known_.find({leg.src, leg.dst, leg.vni, id});
    if (known != known_.end()) std::tie(leg.protocol, leg.src_port, leg.dst_port) = known->second;
    return false;
  }

  bool step_transport(const std::string& layer, std::uint8_t protocol) {
    auto& leg = found_.back().first;
    leg.protocol = protocol;
    if (protocol == kProtoIcmp || protocol == kProtoIcmp6) {
      const bool v6 = protocol == kProtoIcmp6;
      const auto type = field(v6 ? "icmpv6.type" : "icmp.type").number().value_or(255);
      const bool query = v6 ? type == 128 || type == 129 : type == 8 || type == 0;
      if (query) {
        const auto id = field(v6 ? "icmpv6.echo.identifier" : "icmp.ident").number().value_or(0);
        leg.src_port = leg.dst_port = static_cast<std::uint16_t>(id);
      }
    } else {
      leg.src_port =
          static_cast<std::uint16_t>(field((layer + ".srcport").c_str()).number().value_or(0));
      leg.dst_port =
          static_cast<std::uint16_t>(field((layer + ".dstport").c_str()).number().value_or(0));
    }
    if (fragment_id_)
      known_[{leg.src, leg.dst, leg.vni, *fragment_id_}] = {leg.protocol, leg.src_port,
                                                            leg.dst_port};
    // What an ICMP message quotes is not a layer of this packet.
    return protocol == kProtoUdp;
  }

  std::map<std::string, Values> fields_;
  std::vector<std::string> layers_;
  std::vector<std::pair<Leg, std::uint64_t>> found_;
  std::optional<std::uint32_t> fragment_id_;
  std::uint32_t vni_ = 0;
  FragmentPorts& known_;
};

}  // namespace

Legs legs_of(const std::vector<Flow>& flows) {
  Legs legs;
  for (const auto& flow : flows)
    for (const auto& point : flow.observations) {
      const auto& t = flow.tuple;
      const Leg leg{.depth = point.depth,
                    .vni = point.vni,
                    .protocol = t.protocol,
                    .src = t.src,
                    .dst = t.dst,
                    .src_port = t.src_port,
                    .dst_port = t.dst_port};
      Leg back = leg;
      std::swap(back.src, back.dst);
      std::swap(back.src_port, back.dst_port);
      if (point.forward.packets != 0) legs[leg] += point.forward;
      if (point.reverse.packets != 0) legs[back] += point.reverse;
    }
  return legs;
}

Result<SecondOpinion> ask_tshark(const std::string& capture) {
  const auto rows = tshark_fields(capture, kFields, kOptions);
  if (!rows) return std::unexpected(rows.error());
  SecondOpinion opinion;
  PacketReader::FragmentPorts ports;
  for (const auto& row : *rows) {
    ++opinion.packets;
    if (PacketReader(row, ports).read(opinion.legs) == 0) ++opinion.without_ip;
  }
  return opinion;
}

Result<Conversations> tshark_conversations(const std::string& capture, const std::string& kind) {
  auto arguments = kOptions;
  arguments.insert(arguments.end(), {"-z", "conv," + kind});
  const auto text = tshark_report(capture, arguments);
  if (!text) return std::unexpected(text.error());
  Conversations out;
  std::istringstream lines(*text);
  for (std::string line; std::getline(lines, line);) {
    // A <-> B  frames bytes unit  frames bytes unit  total …; one each way.
    std::istringstream words(line);
    std::string left, arrow, right, bytes, unit;
    std::uint64_t back = 0, forth = 0;
    if (!(words >> left >> arrow >> right >> back >> bytes >> unit >> forth) || arrow != "<->")
      continue;
    auto& frames = out[left < right ? std::pair(left, right) : std::pair(right, left)];
    frames += back + forth;
  }
  return out;
}

}  // namespace netprobe::test
