// SPDX-License-Identifier: Apache-2.0
#include "cli/top_view.h"

#include <algorithm>

#include "cli/units.h"

namespace netprobe {
namespace {

// The busiest; more would push the flows from the screen.
constexpr std::size_t kInterfaces = 5;

double rate_of(const InterfaceView& interface) {
  return interface.rx_bytes_per_second + interface.tx_bytes_per_second;
}

void append_interfaces(std::string& out, std::vector<InterfaceView> interfaces, bool colour) {
  std::erase_if(interfaces, [](const InterfaceView& i) { return !i.attached; });
  std::ranges::sort(interfaces, [](const InterfaceView& a, const InterfaceView& b) {
    return rate_of(a) != rate_of(b) ? rate_of(a) > rate_of(b) : a.name < b.name;
  });
  const std::size_t shown = std::min(kInterfaces, interfaces.size());
  using enum Align;
  Table table({{"INTERFACE", kLeft, 12},
               {"ROLE", kLeft, 8},
               {"RX", kRight, 10},
               {"RX PKT/S", kRight, 8},
               {"TX", kRight, 10},
               {"TX PKT/S", kRight, 8},
               {"SPEED", kRight, 10},
               {"RX USE", kRight, 6},
               {"TX USE", kRight, 6},
               {"PEAK 100ms", kRight, 10},
               {"BURSTS", kRight, 6}},
              colour);
  std::vector<Row> rows;
  for (std::size_t i = 0; i < shown; ++i) {
    const auto& one = interfaces[i];
    rows.push_back({one.name, one.role, human_byte_rate(one.rx_bytes_per_second),
                    human_count(one.rx_packets_per_second),
                    human_byte_rate(one.tx_bytes_per_second),
                    human_count(one.tx_packets_per_second),
                    one.speed > 0 ? human_bit_rate(one.speed) : "", human_share(one.rx_utilisation),
                    human_share(one.tx_utilisation), one.peak > 0 ? human_bit_rate(one.peak) : "",
                    human_count(static_cast<double>(one.microbursts))});
    table.fit(rows.back());
  }
  table.append_header(out);
  for (const auto& row : rows) table.append_row(out, row);
  if (interfaces.size() > shown)
    out += styled("and " + std::to_string(interfaces.size() - shown) + " quieter interfaces",
                  Style::kDim, colour) +
           "\n";
}

}  // namespace

std::string render_top(const TopView& top, bool colour) {
  std::string out;
  const auto& stats = top.stats;
  out += styled("netprobe top", Style::kBold, colour) + "  " + printable(top.agent);
  if (!stats.node.empty()) out += "  " + printable(stats.node);
  out += "  flows " + human_count(static_cast<double>(stats.live_flows));
  if (stats.capacity > 0) out += " of " + human_count(static_cast<double>(stats.capacity));
  out += ", by " + top.sorted_by + "\n";
  if (!top.problem.empty()) out += styled(printable(top.problem), Style::kRed, colour) + "\n";
  out += '\n';
  append_interfaces(out, top.interfaces, colour);
  out += '\n';
  Table table(flow_columns(FlowFormat::kTable, true), colour);
  std::vector<Row> rows;
  for (const auto& flow : top.flows) {
    rows.push_back(flow_row(flow, FlowFormat::kTable, true));
    table.fit(rows.back());
  }
  table.append_header(out);
  for (const auto& row : rows) table.append_row(out, row);
  if (rows.empty()) out += styled("no flows yet", Style::kDim, colour) + "\n";
  return out;
}

std::string fit_screen(std::string_view text, TerminalSize size, std::string_view footer) {
  std::string out;
  for (std::size_t row = 0; row + 1 < size.rows && !text.empty(); ++row) {
    const auto line = text.substr(0, text.find('\n'));
    text.remove_prefix(std::min(text.size(), line.size() + 1));
    out += cut_to_width(line, size.columns);
    out += '\n';
  }
  out += cut_to_width(footer, size.columns);
  return out;
}

}  // namespace netprobe
