// SPDX-License-Identifier: Apache-2.0
#include <fcntl.h>
#include <sched.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <map>

#include "analysis/quality/flow_judge.h"
#include "base/log.h"
#include "cli/alert_view.h"
#include "cli/capture_detection.h"
#include "cli/commands.h"
#include "cli/flags.h"
#include "cli/flow_view.h"
#include "cli/output.h"
#include "cli/progress.h"
#include "cli/units.h"
#include "flow/flow_table.h"
#include "io/link_header.h"
#include "io/pcap_reader.h"
#include "model/flow_json.h"
#include "probes/flow/flow_replayer.h"

namespace netprobe {
namespace {

struct ReplayOptions {
  std::string file;
  std::string format = "table";
  FilterFlags filters;
  std::uint64_t max_flows = 4'000'000;
  std::string log_level = "warn";
  bool stats_only = false;
  bool alerts = false;
  std::vector<std::string> detectors;
  bool no_colour = false;
};

/// A capture's interfaces: file0, file1 … and nothing of this machine.
class FileNames final : public PointNames {
 public:
  [[nodiscard]] std::string_view interface_name(std::uint32_t ifindex) const override {
    auto& name = names_[ifindex];
    if (name.empty()) name = "file" + std::to_string(ifindex - 1);
    return name;
  }
  [[nodiscard]] Role interface_role(std::uint32_t) const override { return Role::kHost; }
  [[nodiscard]] bool is_local(const IpAddress&) const override { return false; }

 private:
  mutable std::map<std::uint32_t, std::string> names_;
};

struct Tally {
  std::uint64_t packets = 0;
  std::map<std::uint16_t, std::uint64_t> unsupported;  ///< packets by link type
  bool truncated = false;
  std::string broken;  ///< what is wrong with the capture; empty without
};

Result<FdSource> open_capture(const std::string& file, std::uint64_t& size) {
  size = 0;
  UniqueFd fd(file == "-" ? ::dup(STDIN_FILENO) : ::open(file.c_str(), O_RDONLY | O_CLOEXEC));
  if (!fd) return fail_errno("cannot open " + (file == "-" ? "standard input" : file));
  struct stat info{};
  if (::fstat(fd.get(), &info) == 0 && S_ISREG(info.st_mode))
    size = static_cast<std::uint64_t>(info.st_size);
  return FdSource(std::move(fd));
}

/// The flow cache has a slice for each CPU: a flow whose packets ran on two
/// would be two records, and its TCP state would not carry over.
void stay_on_one_cpu() {
  const int cpu = ::sched_getcpu();
  if (cpu < 0) return;
  cpu_set_t set;
  CPU_ZERO(&set);
  CPU_SET(static_cast<std::size_t>(cpu), &set);
  (void)::sched_setaffinity(0, sizeof(set), &set);
}

/// Pushes the capture through the flow program, as far as it can be read.
/// `detection`: null without.
Result<Tally> replay_all(PcapReader& reader, FlowReplayer& replayer, FlowTable& table,
                         CaptureDetection* detection, Progress& progress) {
  constexpr std::uint64_t kDrainEvery = 1'000;
  Tally tally;
  LinkHeaderReader links;
  CapturedPacket packet;
  for (;;) {
    const auto read = reader.next(packet);
    if (!read) {
      tally.broken = read.error().message;
      break;
    }
    tally.truncated = *read == CaptureRead::kTruncated;
    if (*read != CaptureRead::kPacket) break;
    ++tally.packets;
    if (detection != nullptr) {
      detection->begin(packet.time);
      if (detection->is_due(packet.time)) {
        replayer.drain(table);
        detection->reach(packet.time);
      }
    }
    LinkFrame frame;
    if (!links.read(packet.link_type, packet.data, packet.wire_length, frame)) {
      ++tally.unsupported[packet.link_type];
      continue;
    }
    if (auto run = replayer.packet(frame.data, frame.wire_length, packet.time, packet.interface,
                                   frame.bare_ip);
        !run)
      return std::unexpected(run.error());
    if (tally.packets % kDrainEvery == 0) {
      replayer.drain(table);
      progress.update(reader.offset(), tally.packets);
    }
  }
  replayer.drain(table);
  if (detection != nullptr) detection->end();
  return tally;
}

void append_summary(std::string& out, const Tally& tally, const DeviceCounters& counters,
                    const FlowTableStats& table, const FlowTable& flows) {
  const auto line = [&out](std::uint64_t count, const std::string& thing, const std::string& rest) {
    if (count > 0) out += "  " + counted(count, thing) + " " + rest + "\n";
  };
  out += counted(tally.packets, "packet") + ", " + counted(table.total_flows, "flow") + "\n";
  for (std::size_t cause = 0; cause < kUnattributedCauses; ++cause)
    line(counters.unattributed[cause], "packet",
         "in no flow: " + std::string(to_string(static_cast<Unattributed>(cause))));
  for (const auto& [type, count] : tally.unsupported)
    line(count, "packet", "not read: link type " + link_type_name(type) + " is not supported");
  line(counters.inner_unattributed, "packet", "inside tunnels in no flow");
  line(counters.icmp_errors_lost, "quotation", "of ICMP errors lost");
  line(flows.unmatched_icmp_errors(), "ICMP error", "about flows that are not in the capture");
  line(table.evicted_flows, "flow", "given up: see --max-flows");
}

std::vector<Flow> chosen_flows(const FlowTable& table, const FlowFilter& filter) {
  auto flows = table.flows();
  // The end of the capture is all the present there is.
  Nanos end = 0;
  for (const Flow& flow : flows) end = std::max(end, flow.last_seen);
  FlowJudge(0).judge(flows, end);
  std::erase_if(flows, [&](const Flow& flow) { return !filter.matches(flow); });
  std::ranges::sort(flows, [](const Flow& a, const Flow& b) {
    return std::tie(a.first_seen, a.id) < std::tie(b.first_seen, b.id);
  });
  return flows;
}

/// errno of a write that failed; 0 also where the reader went away.
int print_flows(const std::vector<Flow>& flows, FlowFormat format, bool colour) {
  Output out;
  if (format == FlowFormat::kJson) {
    for (const auto& flow : flows) {
      append_json(out.text(), flow);
      out.text() += '\n';
      if (!out.flush_if_long()) break;
    }
  } else {
    Table table(flow_columns(format, false), colour);
    // Widths from the first rows: two passes over millions would show nothing
    // for a long time.
    constexpr std::size_t kFitRows = 10'000;
    for (std::size_t i = 0; i < std::min(kFitRows, flows.size()); ++i)
      table.fit(flow_row(view_of(flows[i]), format, false));
    table.append_header(out.text());
    for (const auto& flow : flows) {
      table.append_row(out.text(), flow_row(view_of(flow), format, false));
      if (!out.flush_if_long()) break;
    }
  }
  (void)out.flush();
  return out.error();
}

/// Alerts on standard output; how complete they are is added to the summary. errno of a
/// write that failed.
int print_alerts(const CaptureDetection& detection, const ReplayOptions& options,
                 std::string& summary) {
  const auto alerts = detection.alerts();
  Output out;
  const bool json = options.format == "json";
  Table table(alert_columns(), !json && wants_colour(STDOUT_FILENO, options.no_colour));
  std::vector<Row> rows;
  simdjson::dom::parser parser;
  std::string text;
  for (const AlertPtr& alert : alerts) {
    text.clear();
    append_json(text, *alert);
    if (json) {
      (out.text() += text) += '\n';
      if (!out.flush_if_long()) break;
      continue;
    }
    simdjson::dom::element element;
    if (parser.parse(text).get(element) == simdjson::SUCCESS) rows.push_back(alert_row(element));
  }
  if (!json) {
    for (const Row& row : rows) table.fit(row);
    table.append_header(out.text());
    for (const Row& row : rows) table.append_row(out.text(), row);
  }
  (void)out.flush();
  const AlertReport report = detection.report();
  summary += "  " + counted(alerts.size(), "alert") + "\n";
  for (const DetectorStatus& detector : report.detectors) {
    if (!detector.on && detector.why.starts_with("it failed"))
      summary += "  detector " + detector.name + " is off: " + detector.why + "\n";
    if (detector.not_followed > 0)
      summary += "  detector " + detector.name + ": no room for " +
                 counted(detector.not_followed, "record") + "\n";
  }
  if (report.not_kept > 0)
    summary += "  " + counted(report.not_kept, "finding") + " in no alert: there were too many\n";
  return out.error();
}

int replay(const ReplayOptions& options) {
  if (!options.detectors.empty() && !options.alerts)
    return complain("--detectors needs --alerts", kExitUsage);
  if (options.alerts && options.stats_only)
    return complain("--alerts and --stats exclude each other", kExitUsage);
  if (options.alerts && !options.filters.query().empty())
    return complain(
        "filters are of flows; with --alerts detectors are told of all: choose with --detectors",
        kExitUsage);
  if (options.alerts && options.format == "wide")
    return complain("-o wide is of flows; with --alerts: -o table or -o json", kExitUsage);
  if (auto log = init_log(LogFormat::kAuto, options.log_level); !log)
    return complain(log.error().message, kExitUsage);
  const std::string name = options.file == "-" ? "standard input" : options.file;
  std::uint64_t size = 0;
  auto source = open_capture(options.file, size);
  if (!source) return complain(source.error().message, kExitFailed);
  auto reader = PcapReader::open(*source);
  if (!reader) return complain("cannot read " + name + ": " + reader.error().message, kExitFailed);
  stay_on_one_cpu();
  auto replayer = FlowReplayer::make({});
  if (!replayer) return complain(replayer.error().message, kExitFailed);
  const FileNames names;
  FlowTable table({.max_flows = static_cast<std::uint32_t>(options.max_flows),
                   .keep_forever = !options.alerts,
                   .wall_offset = 0},
                  names);
  const SystemClock clock;
  Progress progress(clock, size, ::isatty(STDERR_FILENO) == 1);
  std::unique_ptr<CaptureDetection> detection;
  if (options.alerts) {
    auto made = CaptureDetection::make(options.detectors, table, names);
    if (!made) return complain(made.error().message, kExitUsage);
    detection = std::move(*made);
  }
  const auto tally = replay_all(*reader, *replayer, table, detection.get(), progress);
  progress.clear();
  if (!tally) return complain(tally.error().message, kExitFailed);

  std::string summary;
  append_summary(summary, *tally, replayer->counters(), table.stats(), table);
  if (options.stats_only) {
    Output out;
    out.text() = std::move(summary);
    (void)out.flush();
  } else if (detection) {
    const int error = print_alerts(*detection, options, summary);
    if (error != 0) return complain(fail_errno("cannot write", error).error().message, kExitFailed);
    [[maybe_unused]] const auto said = ::write(STDERR_FILENO, summary.data(), summary.size());
  } else {
    const auto flows = chosen_flows(table, options.filters.filter());
    const int error = print_flows(flows, *parse_flow_format(options.format),
                                  wants_colour(STDOUT_FILENO, options.no_colour));
    if (error != 0) return complain(fail_errno("cannot write", error).error().message, kExitFailed);
    [[maybe_unused]] const auto said = ::write(STDERR_FILENO, summary.data(), summary.size());
  }
  const std::string read_so_far =
      counted(tally->packets, "packet") + (tally->packets == 1 ? " was read" : " were read");
  if (!tally->broken.empty())
    return complain(name + " cannot be read to its end: " + tally->broken + "; " + read_so_far,
                    kExitFailed);
  if (!tally->truncated) return kExitOk;
  return complain(name + " ends in the middle of a packet; " + read_so_far, kExitTruncated);
}

}  // namespace

void add_replay(CLI::App& app, int& exit_code) {
  auto* command =
      app.add_subcommand("replay", "Flows of a capture, or alerts, by the live programs");
  auto options = std::make_shared<ReplayOptions>();
  command->add_option("FILE", options->file, "pcap or pcapng; - is standard input")
      ->required()
      ->type_name("");
  add_choice(*command, "-o,--output", options->format, {"table", "wide", "json"},
             "json is one object a line, as of the agent");
  command->add_flag("--alerts", options->alerts,
                    "in place of flows: what the agent's detectors find (docs/detectors.md)");
  command
      ->add_option("--detectors", options->detectors,
                   "with --alerts: names; !NAME leaves one out; all, none; not those of names,\n"
                   "neighbours and lists, which a capture does not have")
      ->delimiter(',')
      ->type_name("NAME,…");
  command->add_flag("--stats", options->stats_only, "only the counters, on standard output");
  add_number(*command, "--max-flows", options->max_flows, 1, 100'000'000,
             "flows to keep; beyond, the oldest are given up and counted");
  add_choice(*command, "--log-level", options->log_level, {"debug", "info", "warn", "error"},
             "debug shows what the kernel says where it refuses the flow program");
  add_no_colour_flag(*command, options->no_colour);
  options->filters.add_to(*command, FilterFlags::Names::kNone);
  command->footer(
      "Needs root (or CAP_BPF and CAP_NET_ADMIN): the packets go through the very program that\n"
      "watches live traffic. Nothing is attached to any interface.\n"
      "Examples:\n"
      "  sudo netprobe replay trace.pcap\n"
      "  sudo netprobe replay trace.pcapng --protocol tcp --port 443 -o wide\n"
      "  sudo netprobe replay trace.pcap --alerts\n"
      "  tcpdump -w - -c 1000 | sudo netprobe replay - -o json\n"
      "Exit codes: 0, 1 unreadable file or no permission, 2 wrong usage, 4 the capture ends in\n"
      "the middle of a packet (what is before it was printed).");
  command->callback([options, &exit_code] { exit_code = replay(*options); });
}

}  // namespace netprobe
