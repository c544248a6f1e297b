// SPDX-License-Identifier: Apache-2.0
#include "agent/response_keeper.h"

#include <arpa/inet.h>
#include <fmt/format.h>
#include <netinet/in.h>
#include <pthread.h>
#include <spdlog/spdlog.h>
#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstdlib>
#include <cstring>
#include <map>
#include <set>
#include <utility>

#include "agent/allow_sources.h"
#include "intel/feed_settings.h"

namespace netprobe {
namespace {

constexpr Nanos kTick = kSecond;
constexpr Nanos kAllowEvery = 5 * kSecond;
constexpr Nanos kLookUpEvery = 60 * kSecond;
constexpr Nanos kLookUpPatience = 2 * kSecond;
constexpr std::size_t kMostProtected = 64;  ///< of those who work from somewhere

/// Empty, or why the folder of the audit trail cannot be had.
std::string make_folder(const std::string& path) {
  for (const std::string& each : {path, path + "/response"})
    if (::mkdir(each.c_str(), 0700) != 0 && errno != EEXIST)
      return fmt::format("{} cannot be made ({}): name another --data-dir", each,
                         std::strerror(errno));
  return {};
}

std::string why_not(const AgentOptions& options) {
  if (options.response == ResponseMode::kOff) {
    return "response is off: start the agent with --response=dry-run to see what a block would "
           "drop, or --response=enforce, and with --enable-xdp=true";
  }
  if (!options.enable_xdp) {
    return fmt::format(
        "response is off: --response={} needs XDP: start the agent with "
        "--enable-xdp=true as well",
        to_string(options.response));
  }
  return "response is starting: try again in a moment";
}

Status check_lists(const AgentOptions& options) {
  std::set<std::string> there;
  for (const std::string& text : options.threat_intel)
    if (const auto feed = intel::parse_feed_settings(text)) there.insert(feed->name);
  for (const std::string& name : options.response_block_lists) {
    if (there.contains(name)) continue;
    return fail(fmt::format("--response-block-lists: there is no list '{}': --threat-intel={}=… "
                            "makes one",
                            name, name),
                ErrorKind::kUsage);
  }
  if (!options.response_block_lists.empty() && !options.enable_detection)
    return fail("--response-block-lists needs --enable-detection=true, which reads the lists",
                ErrorKind::kUsage);
  return {};
}

IpAddress address_of(const HostAddress& found) {
  if (found.storage.ss_family == AF_INET) {
    sockaddr_in v4{};
    std::memcpy(&v4, &found.storage, sizeof v4);
    return IpAddress::v4(ntohl(v4.sin_addr.s_addr));
  }
  sockaddr_in6 v6{};
  std::memcpy(&v6, &found.storage, sizeof v6);
  return IpAddress(std::span<const std::uint8_t, 16>(v6.sin6_addr.s6_addr));
}

bool same(const std::vector<AllowedNetwork>& a, const std::vector<AllowedNetwork>& b) {
  return std::ranges::equal(a, b, [](const AllowedNetwork& x, const AllowedNetwork& y) {
    return x.network == y.network && x.reason == y.reason;
  });
}

}  // namespace

/// What the newest snapshot told.
struct ResponseKeeper::Cluster {
  Mutex mutex;
  std::uint64_t generation NETPROBE_GUARDED_BY(mutex) = 0;
  std::vector<AllowedNetwork> allowed NETPROBE_GUARDED_BY(mutex);
  std::string server NETPROBE_GUARDED_BY(mutex);  ///< URL of the API server
};

ResponseKeeper::ResponseKeeper(const AgentOptions& options, const Clock& clock)
    : options_(options), clock_(clock), cluster_(std::make_shared<Cluster>()) {
  const MutexLock lock(mutex_);
  why_off_ = why_not(options);
}

ResponseKeeper::~ResponseKeeper() { stop(); }

Result<std::unique_ptr<ResponseKeeper>> ResponseKeeper::make(const AgentOptions& options,
                                                             const Clock& clock) {
  if (auto s = check_lists(options); !s) return std::unexpected(s.error());
  return std::unique_ptr<ResponseKeeper>(new ResponseKeeper(options, clock));
}

void ResponseKeeper::take_plane(Result<std::shared_ptr<BlockPlane>> plane) {
  const MutexLock lock(mutex_);
  list_.reset();
  plane_.reset();
  if (plane) {
    plane_ = std::move(*plane);
  } else {
    why_off_ = "response is off: " + plane.error().message;
    spdlog::warn("{}; everything else runs", why_off_);
  }
  news_.notify_all();
}

void ResponseKeeper::take_lists(std::shared_ptr<const intel::IntelIndex> lists) {
  const MutexLock lock(mutex_);
  lists_ = std::move(lists);
  lists_are_new_ = true;
  news_.notify_all();
}

void ResponseKeeper::start(SnapshotSource& snapshots) {
  if (!is_wanted()) return;
  if (!options_.enable_xdp) {
    const MutexLock lock(mutex_);
    spdlog::warn("{}; everything else runs", why_off_);
    return;
  }
  snapshots_ = &snapshots;
  {
    // What is not over is in force again before anybody can ask.
    std::shared_ptr<BlockPlane> plane;
    {
      const MutexLock lock(mutex_);
      plane = std::move(plane_);
    }
    if (plane) open(std::move(plane));
  }
  thread_ = std::thread([this] { run(); });
}

void ResponseKeeper::stop() {
  {
    const MutexLock lock(mutex_);
    stopping_ = true;
    news_.notify_all();
  }
  if (thread_.joinable()) thread_.join();
}

void ResponseKeeper::open(std::shared_ptr<BlockPlane> plane) {
  BlockCaps caps;
  caps.entries = options_.response_max_blocks;
  caps.longest = options_.response_longest;
  caps.dry_run_only = options_.response == ResponseMode::kDryRun;
  Result<std::unique_ptr<BlockList>> opened = fail("");
  if (const std::string why = make_folder(options_.data_dir); !why.empty())
    opened = fail(why);
  else
    opened = BlockList::open(std::move(plane), options_.data_dir + "/response/audit.jsonl", caps,
                             allowed_now(), clock_);
  const MutexLock lock(mutex_);
  if (!opened) {
    why_off_ = "response is off: " + opened.error().message;
    spdlog::warn("{}; everything else runs", why_off_);
    return;
  }
  list_ = std::move(*opened);
  lists_are_new_ = lists_ != nullptr;
  const auto& status = status_ = list_->status();
  spdlog::info(
      "response: {}; {} blocks and {} limits are in force again; {} networks are never "
      "blocked",
      to_string(options_.response), status.blocks, status.limits, status.allowed);
}

std::shared_ptr<BlockList> ResponseKeeper::list() const {
  const MutexLock lock(mutex_);
  return list_;
}

std::unexpected<Error> ResponseKeeper::off() const {
  const MutexLock lock(mutex_);
  return fail(why_off_, ErrorKind::kUnsupported);
}

ResponseReport ResponseKeeper::brief() const {
  ResponseReport brief;
  const MutexLock lock(mutex_);
  if (list_) {
    brief.mode = options_.response;
    brief.status = status_;
  } else {
    brief.why = why_off_;
  }
  return brief;
}

void ResponseKeeper::note_status() {
  const auto keeper = list();
  if (!keeper) return;
  // Its own lock is held while it waits for the disk: never with ours.
  auto status = keeper->status();
  const MutexLock lock(mutex_);
  status_ = std::move(status);
}

ResponseReport ResponseKeeper::report() const {
  ResponseReport report = brief();
  const auto keeper = list();
  if (!keeper || report.mode == ResponseMode::kOff) return report;
  report.status = keeper->status();
  report.blocks = keeper->blocks();
  report.limits = keeper->limits();
  report.allowed = keeper->allowed();
  return report;
}

Result<BlockRecord> ResponseKeeper::block(const BlockRequest& request) {
  const auto keeper = list();
  if (!keeper) return off();
  auto done = keeper->block(request);
  note_status();
  return done;
}

Status ResponseKeeper::unblock(const std::string& what, const std::string& who,
                               const std::string& reason) {
  const auto keeper = list();
  if (!keeper) return off();
  auto done = keeper->unblock(what, who, reason);
  note_status();
  return done;
}

Result<LimitRecord> ResponseKeeper::limit(const LimitRequest& request) {
  const auto keeper = list();
  if (!keeper) return off();
  auto done = keeper->limit(request);
  note_status();
  return done;
}

Status ResponseKeeper::unlimit(const PlaneLimit& limit, const std::string& who,
                               const std::string& reason) {
  const auto keeper = list();
  if (!keeper) return off();
  auto done = keeper->unlimit(limit, who, reason);
  note_status();
  return done;
}

Status ResponseKeeper::clear(const std::string& who, const std::string& reason) {
  const auto keeper = list();
  if (!keeper) return off();
  {
    // Who ends everything does not want the lists back with their next version.
    const MutexLock lock(mutex_);
    lists_ended_ = true;
  }
  auto done = keeper->clear(who, reason);
  note_status();
  return done;
}

Status ResponseKeeper::protect(const IpAddress& address, const std::string& reason) {
  if (address.is_unspecified() || address.is_loopback()) return {};
  const IpPrefix network = IpPrefix::of(address, 128);
  {
    const MutexLock lock(mutex_);
    if (!list_) return {};
    const auto is_it = [&](const AllowedNetwork& each) { return each.network == network; };
    if (std::ranges::any_of(protected_, is_it)) return {};
    if (protected_.size() == kMostProtected) protected_.erase(protected_.begin());
    protected_.push_back({network, reason});
  }
  auto done = refresh_allowed();
  if (!done) {
    const MutexLock lock(mutex_);
    std::erase_if(protected_, [&](const AllowedNetwork& each) { return each.network == network; });
  }
  return done;
}

std::vector<AllowedNetwork> ResponseKeeper::allowed_now() {
  std::vector<AllowedNetwork> all = local_allowed();
  for (const IpPrefix& each : options_.response_allow) all.push_back({each, "--response-allow"});
  {
    const MutexLock lock(cluster_->mutex);
    all.insert(all.end(), cluster_->allowed.begin(), cluster_->allowed.end());
  }
  {
    const MutexLock lock(mutex_);
    all.insert(all.end(), hosts_.begin(), hosts_.end());
    all.insert(all.end(), protected_.begin(), protected_.end());
  }
  // One reason a network: the first.
  std::map<IpPrefix, std::string> once;
  for (AllowedNetwork& each : all) once.try_emplace(each.network, std::move(each.reason));
  all.clear();
  for (auto& [network, reason] : once) all.push_back({network, std::move(reason)});
  return all;
}

Status ResponseKeeper::refresh_allowed() {
  const auto keeper = list();
  if (!keeper) return {};
  // One at a time, so that an older state never takes the place of a newer.
  const MutexLock lock(allow_mutex_);
  auto now = allowed_now();
  if (same(now, keeper->allowed())) return {};
  auto done = keeper->set_allowed(std::move(now), "netprobe-agent");
  if (!done)
    spdlog::warn("the list of those who are never blocked stays as it was: {}",
                 done.error().message);
  return done;
}

void ResponseKeeper::ask_for_cluster() {
  snapshots_->request(kAllowEvery, false, [cluster = cluster_](const SnapshotPtr& snapshot) {
    if (!snapshot) return;
    const MutexLock lock(cluster->mutex);
    cluster->server = snapshot->kube->status.server;
    if (snapshot->kube->generation == cluster->generation) return;
    cluster->generation = snapshot->kube->generation;
    cluster->allowed = cluster_allowed(*snapshot->kube);
  });
}

void ResponseKeeper::look_up_hosts() {
  std::vector<std::pair<std::string, std::string>> names;  // host, reason
  {
    const MutexLock lock(cluster_->mutex);
    names.emplace_back(host_of(cluster_->server), "the Kubernetes API server");
  }
  if (const char* host = std::getenv("KUBERNETES_SERVICE_HOST"); host != nullptr)
    names.emplace_back(host, "the Kubernetes API server");
  names.emplace_back(host_of(options_.server), "netprobe-server");
  std::vector<AllowedNetwork> found;
  for (const auto& [host, reason] : names) {
    if (host.empty()) continue;
    const auto addresses = lookup_.find(
        host, 0, false, Patience(clock_, clock_.monotonic() + kLookUpPatience, stopping_));
    if (!addresses) {
      spdlog::debug("{} ({}) is not looked up: {}", host, reason, addresses.error().message);
      // Who was never blocked before is not blocked now because DNS is away.
      const MutexLock lock(mutex_);
      for (const AllowedNetwork& each : hosts_)
        if (each.reason == reason + " " + host) found.push_back(each);
      continue;
    }
    for (const HostAddress& each : *addresses)
      found.push_back({IpPrefix::of(address_of(each), 128), reason + " " + host});
  }
  const MutexLock lock(mutex_);
  hosts_ = std::move(found);
}

void ResponseKeeper::load_lists() {
  std::shared_ptr<const intel::IntelIndex> lists;
  {
    const MutexLock lock(mutex_);
    const Nanos age = clock_.monotonic() - lists_loaded_;
    const bool due = std::exchange(lists_are_new_, false) || age > options_.response_longest / 2;
    if (!lists_ || lists_ended_ || !due || options_.response_block_lists.empty()) return;
    lists = lists_;
    lists_loaded_ = clock_.monotonic();
  }
  const auto keeper = list();
  if (!keeper) return;
  std::string name;
  for (const std::string& each : options_.response_block_lists)
    name += (name.empty() ? "" : ",") + each;
  const auto networks = lists->networks(options_.response_block_lists);
  if (networks.empty() && keeper->status().feed.empty()) return;  // not read yet
  const auto mode =
      options_.response == ResponseMode::kEnforce ? BlockMode::kEnforce : BlockMode::kDryRun;
  const auto loaded =
      keeper->load_feed(name, networks, mode, options_.response_longest, "--response-block-lists");
  if (!loaded) {
    spdlog::warn("the lists {} are not blocked: {}; --response-list-room sets their room", name,
                 loaded.error().message);
    return;
  }
  {
    const MutexLock lock(mutex_);
    if (!lists_ended_) lists.reset();
  }
  // Who ended everything meanwhile does not want it.
  if (lists) {
    (void)keeper->drop_feed("netprobe-agent", "everything was ended while it was loaded");
    return;
  }
  spdlog::info("response: lists {}: {} networks ({}), {} left out{}", name, loaded->loaded,
               to_string(mode), loaded->refused,
               loaded->why.empty() ? "" : ", such as: " + loaded->why.front());
}

void ResponseKeeper::run() {
  pthread_setname_np(pthread_self(), "np-response");
  Nanos next_allowed = 0;
  Nanos next_look_up = 0;
  for (;;) {
    std::shared_ptr<BlockPlane> plane;
    {
      const MutexLock lock(mutex_);
      if (stopping_) return;
      if (!plane_ && !lists_are_new_) news_.wait_for(mutex_, std::chrono::nanoseconds(kTick));
      if (stopping_) return;
      plane = std::move(plane_);
    }
    if (plane) open(std::move(plane));
    const Nanos now = clock_.monotonic();
    if (now >= next_allowed) {
      next_allowed = now + kAllowEvery;
      ask_for_cluster();
      if (now >= next_look_up) {
        next_look_up = now + kLookUpEvery;
        look_up_hosts();
      }
      (void)refresh_allowed();
    }
    load_lists();
    if (const auto keeper = list()) keeper->tick();
    note_status();
  }
}

}  // namespace netprobe
