// SPDX-License-Identifier: Apache-2.0
#include "api/accounting.h"
#include "api/completeness.h"
#include "api/pages.h"

namespace netprobe {
namespace {

struct Rates {
  double packets = 0;
  double bytes = 0;
};

void append_counters(JsonObject& json, std::string& out, std::string_view name,
                     const DeviceCounters& counters, const Rates* rates) {
  json.key(name);
  JsonObject side(out);
  side.number("packets", counters.packets);
  side.number("bytes", counters.bytes);
  side.number("kernel_packets", counters.kernel_packets);
  side.number("kernel_bytes", counters.kernel_bytes);
  side.number("flow_packets", counters.flow_packets);
  append_unattributed(side, out, counters);
  side.number("inner_packets", counters.inner_packets);
  side.number("inner_unattributed", counters.inner_unattributed);
  side.number("icmp_errors_lost", counters.icmp_errors_lost);
  if (rates != nullptr) {
    side.real("packets_per_second", rates->packets);
    side.real("bytes_per_second", rates->bytes);
  }
  side.close();
}

void append_use(JsonObject& json, std::string& out, std::string_view name, const LinkUse& use) {
  json.key(name);
  JsonObject side(out);
  side.number("speed_bits_per_second", use.speed);
  side.ratio("utilisation", use.utilisation);
  side.real("peak_100ms_bits_per_second", use.peak_100ms);
  side.real("peak_1s_bits_per_second", use.peak_1s);
  side.number("microbursts", use.microbursts);
  side.number("unmeasured_windows", use.unmeasured_windows);
  side.close();
}

void append_hooks(JsonObject& json, std::string& out, const InterfaceState& interface,
                  const XdpState& xdp) {
  json.key("hooks");
  JsonArray hooks(out);
  if (interface.attached) {
    for (const auto direction : {Direction::kIngress, Direction::kEgress}) {
      hooks.next();
      JsonObject hook(out);
      hook.text("hook", interface.mode + "/" + std::string(to_string(direction)));
      hook.text("mode", interface.mode);
      hook.text("direction", to_string(direction));
      hook.close();
    }
  }
  if (!xdp.mode.empty()) {
    hooks.next();
    JsonObject hook(out);
    hook.text("hook", "xdp/ingress");
    hook.text("mode", xdp.mode);
    hook.text("direction", to_string(Direction::kIngress));
    hook.close();
  }
  hooks.close();
}

void append_tunnel(JsonObject& json, std::string& out, const TunnelSettings& tunnel) {
  json.key("tunnel");
  JsonObject settings(out);
  settings.number("vni", tunnel.vni);
  settings.number("port", tunnel.port);
  if (!tunnel.local.is_unspecified()) settings.address("local_ip", tunnel.local);
  if (!tunnel.remote.is_unspecified()) settings.address("remote_ip", tunnel.remote);
  settings.number("overhead", tunnel.overhead);
  settings.number("underlay", tunnel.underlay);
  settings.close();
}

void append_xdp(JsonObject& json, std::string& out, const XdpState& xdp) {
  json.key("xdp");
  JsonObject state(out);
  state.text("mode", xdp.mode);
  state.text("reason", xdp.reason);
  state.number("packets", xdp.packets);
  state.number("bytes", xdp.bytes);
  state.number("dropped", xdp.dropped);
  state.key("classes");
  JsonObject classes(out);
  for (const auto& [name, packets] : xdp.classes) classes.number(name, packets);
  classes.close();
  state.close();
}

/// What XDP does at an interface; where its probe is off, that and why.
XdpState xdp_of(const Snapshot& snapshot, const InterfaceState& interface) {
  for (const XdpState& xdp : snapshot.signals->xdp)
    if (xdp.ifindex == interface.info.ifindex) return xdp;
  XdpState none;
  for (const ProbeStatus& probe : snapshot.probes)
    if (probe.name == "xdp") none.reason = probe.why;
  return none;
}

void append_interface(std::string& out, const InterfaceState& interface, const XdpState& xdp) {
  JsonObject json(out);
  json.text("name", interface.info.name);
  json.number("ifindex", interface.info.ifindex);
  json.text("role", to_string(interface.info.role));
  json.text("kind", interface.info.kind);
  json.number("mtu", interface.info.mtu);
  json.number("master", interface.info.master);
  if (interface.info.tunnel.overhead != 0) append_tunnel(json, out, interface.info.tunnel);
  json.flag("up", interface.info.up);
  json.flag("attached", interface.attached);
  json.text("mode", interface.mode);
  json.text("reason", interface.reason);
  append_hooks(json, out, interface, xdp);
  append_xdp(json, out, xdp);
  const Rates rx{interface.rx_packets_per_second, interface.rx_bytes_per_second};
  const Rates tx{interface.tx_packets_per_second, interface.tx_bytes_per_second};
  append_counters(json, out, "rx", interface.rx, &rx);
  append_counters(json, out, "tx", interface.tx, &tx);
  append_use(json, out, "rx_use", interface.rx_use);
  append_use(json, out, "tx_use", interface.tx_use);
  json.close();
}

void append_probe(std::string& out, const ProbeStatus& probe) {
  std::uint64_t runs = 0;
  Nanos run_time = 0;
  JsonObject json(out);
  json.text("name", probe.name);
  json.text("state", to_string(probe.state));
  json.text("rung", probe.rung);
  json.text("why", probe.why);
  json.text("kernel_need", probe.kernel_need);
  json.key("programs");
  JsonArray programs(out);
  for (const auto& program : probe.programs) {
    runs += program.runs;
    run_time += program.run_time;
    programs.next();
    JsonObject entry(out);
    entry.text("name", program.name);
    entry.number("id", program.id);
    entry.number("runs", program.runs);
    entry.integer("run_time_ns", program.run_time);
    entry.close();
  }
  programs.close();
  json.number("runs", runs);
  json.integer("run_time_ns", run_time);
  json.number("events", probe.events);
  if (!probe.seen.empty()) {
    json.key("seen");
    JsonObject seen(out);
    for (const auto& [kind, count] : probe.seen) seen.number(kind, count);
    seen.close();
  }
  json.key("lost");
  JsonArray lost(out);
  for (const auto& loss : probe.lost) {
    lost.next();
    JsonObject entry(out);
    entry.text("stage", loss.stage);
    entry.text("cause", loss.cause);
    entry.number("count", loss.count);
    entry.close();
  }
  lost.close();
  json.close();
}

}  // namespace

std::string interfaces_page(const Snapshot& snapshot) {
  std::string out;
  JsonObject json(out);
  json.text("node_name", snapshot.node_name);
  json.time("last_updated", snapshot.taken_at);
  json.key("interfaces");
  JsonArray list(out);
  for (const auto& interface : snapshot.interfaces) {
    list.next();
    append_interface(out, interface, xdp_of(snapshot, interface));
  }
  list.close();
  json.key("retired");
  JsonObject retired(out);
  append_counters(retired, out, "rx", snapshot.retired_rx, nullptr);
  append_counters(retired, out, "tx", snapshot.retired_tx, nullptr);
  retired.close();
  append_completeness(json, out, snapshot, {}, {"flow", "xdp"});
  json.close();
  return out;
}

std::string probes_page(const Snapshot& snapshot) {
  std::string out;
  JsonObject json(out);
  json.text("node_name", snapshot.node_name);
  json.text("version", snapshot.version);
  json.text("kernel", snapshot.kernel);
  json.time("last_updated", snapshot.taken_at);
  json.key("probes");
  JsonArray list(out);
  for (const auto& probe : snapshot.probes) {
    list.next();
    append_probe(out, probe);
  }
  list.close();
  append_completeness(json, out, snapshot, {},
                      {"flow", "socket", "drop", "netfilter", "xdp", "vxlan"});
  json.close();
  return out;
}

}  // namespace netprobe
