// SPDX-License-Identifier: Apache-2.0
#include "cluster/live_merge.h"

#include <algorithm>
#include <utility>

namespace netprobe {
namespace {

/// Old streams go on so long beside those that replace them, so that nothing falls
/// between; what both tell is told once, also what is still on its way then.
constexpr Nanos kReplacing = 2 * kSecond;
constexpr std::size_t kMostSeen = 200'000;
constexpr std::size_t kMostWindows = 64;
/// Names of silent nodes that go into a filter: it travels as text.
constexpr std::size_t kMostSilent = 100;

}  // namespace

struct LiveMerge::Stream {
  std::shared_ptr<std::atomic<bool>> cancelled = std::make_shared<std::atomic<bool>>(false);
  std::size_t waiting = 0;  ///< of its records; guarded by the merge's mutex
};

struct LiveMerge::Agent {
  AgentPeerPtr peer;
  std::string name;
  std::string node;
  bool there = true;
  std::shared_ptr<Stream> stream;
  std::shared_ptr<Stream> before;  ///< that it replaces
};

struct LiveMerge::Window {
  DistributedQuery merged;
  std::set<std::string> told;
  Nanos since = 0;  ///< when the first agent told
};

std::shared_ptr<LiveMerge> LiveMerge::start(Query query, AgentDirectory& agents,
                                            Scheduler& scheduler, const Clock& clock,
                                            LiveMergeOptions options, std::function<void()> ready) {
  std::shared_ptr<LiveMerge> merge(
      new LiveMerge(std::move(query), agents, scheduler, clock, options, std::move(ready)));
  merge->sync(true);
  merge->tick();
  return merge;
}

LiveMerge::LiveMerge(Query query, AgentDirectory& agents, Scheduler& scheduler, const Clock& clock,
                     LiveMergeOptions options, std::function<void()> ready)
    : query_(std::move(query)),
      directory_(agents),
      scheduler_(scheduler),
      clock_(clock),
      options_(options),
      ready_(std::move(ready)) {}

LiveMerge::~LiveMerge() { stop(); }

void LiveMerge::stop() {
  const MutexLock lock(mutex_);
  stopped_ = true;
  for (auto& [key, agent] : agents_) {
    agent.stream->cancelled->store(true);
    if (agent.before) agent.before->cancelled->store(true);
  }
  agents_.clear();
  held_.clear();
  out_.clear();
  windows_.clear();
}

std::vector<LiveItem> LiveMerge::take(std::size_t most) {
  std::vector<LiveItem> items;
  const MutexLock lock(mutex_);
  if (lost_ > 0) {
    items.push_back({.kind = LiveItem::Kind::kLost,
                     .count = std::exchange(lost_, 0),
                     .problem = "they were not taken fast enough"});
  }
  for (auto& [node, count] : std::exchange(floods_, {}))
    items.push_back({.kind = LiveItem::Kind::kLost,
                     .node = node,
                     .count = count,
                     .problem = "they were more than this agent's share of what waits for the "
                                "client: it floods, or the client is slow"});
  while (items.size() < most && !out_.empty()) {
    Waiting& next = out_.front();
    if (next.from) --next.from->stream->waiting;
    items.push_back(std::move(next.item));
    out_.pop_front();
  }
  return items;
}

std::size_t LiveMerge::kept() {
  const MutexLock lock(mutex_);
  return waiting();
}

void LiveMerge::tick() {
  sync(false);
  bool ready = false;
  {
    const MutexLock lock(mutex_);
    if (stopped_) return;
    const Nanos now = clock_.monotonic();
    release(now);
    release_windows(now);
    if (replacing_since_ != 0 && now - replacing_since_ >= kReplacing) {
      for (auto& [key, agent] : agents_)
        if (auto before = std::exchange(agent.before, nullptr)) before->cancelled->store(true);
    }
    if (replacing_since_ != 0 && now - replacing_since_ >= 2 * kReplacing) {
      replacing_since_ = 0;
      seen_.clear();
    }
    ready = !out_.empty() || lost_ > 0 || !floods_.empty();
  }
  if (ready && ready_) ready_();
  scheduler_.after(options_.look_every, [weak = weak_from_this()] {
    if (const auto self = weak.lock()) self->tick();
  });
}

/// Brings the streams up to who is there. Streams are opened without the lock, as an
/// agent may tell at once.
void LiveMerge::sync(bool first) {
  struct Opened {
    AgentPeerPtr peer;
    std::shared_ptr<Stream> stream;
  };
  std::vector<Opened> opened;
  std::vector<std::string> silent;
  Roster roster = roster_of(directory_);
  {
    const MutexLock lock(mutex_);
    if (stopped_) return;
    std::set<AgentPeer*> ready;
    for (const Roster::Member& member : roster.ready) {
      ready.insert(member.peer.get());
      const auto [place, is_new] = agents_.try_emplace(member.peer.get());
      Agent& agent = place->second;
      if (is_new) {
        agent = {member.peer, member.name(), member.state->node, true, std::make_shared<Stream>(),
                 nullptr};
        opened.push_back({agent.peer, agent.stream});
      }
      if ((is_new || !agent.there) && !first)
        put({.kind = LiveItem::Kind::kJoined, .node = agent.name});
      agent.there = true;
    }
    // Who is not there at the start leaves as one that goes later.
    if (first)
      for (auto& each : roster.missing)
        put({.kind = LiveItem::Kind::kLeft,
             .node = each.node.empty() ? each.address : each.node,
             .problem = each.problem});
    std::set<AgentPeer*> found;
    for (const auto& peer : directory_.agents()) found.insert(peer.get());
    for (auto each = agents_.begin(); each != agents_.end();) {
      Agent& agent = each->second;
      if (!ready.contains(each->first) && agent.there) {
        agent.there = false;
        const auto state = agent.peer->state();
        put({.kind = LiveItem::Kind::kLeft,
             .node = agent.name,
             .problem = state->problem.empty() ? "it cannot be reached" : state->problem});
      }
      if (found.contains(each->first)) {
        ++each;  // its transport comes back by itself, and takes its stream up
        continue;
      }
      agent.stream->cancelled->store(true);
      if (agent.before) agent.before->cancelled->store(true);
      each = agents_.erase(each);
    }
    if (roster.silent.size() > kMostSilent) roster.silent.resize(kMostSilent);
    // Windows stay as they began: half a window of either filter is none. One change
    // waits for the one before it: where agents flap, streams are not opened without end.
    const bool replaces = query_.kind == RecordKind::kFlow && !query_.is_aggregate();
    const bool changed = replaces && replacing_since_ == 0 && roster.silent != silent_;
    if (first || changed) silent_ = roster.silent;
    silent = silent_;
    if (changed && !first) {
      replacing_since_ = clock_.monotonic();
      for (auto& [key, agent] : agents_) {
        const auto same = [&](const Opened& each) { return each.stream == agent.stream; };
        if (std::ranges::any_of(opened, same)) continue;
        agent.before = std::exchange(agent.stream, std::make_shared<Stream>());
        opened.push_back({agent.peer, agent.stream});
      }
    }
  }
  for (const Opened& each : opened) open(each.peer, each.stream, silent);
}

void LiveMerge::open(const AgentPeerPtr& peer, const std::shared_ptr<Stream>& stream,
                     const std::vector<std::string>& silent) {
  LiveRequest request;
  QueryRequest counted;
  counted.query = counted_once(query_, silent);
  request.query =
      query_.is_aggregate() ? DistributedQuery(counted).part().query : std::move(counted.query);
  request.cancelled = stream->cancelled;
  peer->live(std::move(request), [weak = weak_from_this(), stream](LiveBatch batch) {
    if (const auto self = weak.lock()) self->take_batch(stream, std::move(batch));
  });
}

void LiveMerge::take_batch(const std::shared_ptr<Stream>& stream, LiveBatch batch) {
  const MutexLock lock(mutex_);
  if (stopped_ || *stream->cancelled) return;
  if (batch.lost > 0)
    put({.kind = LiveItem::Kind::kLost,
         .node = batch.node,
         .count = batch.lost,
         .problem = "the agent could not keep them until they were taken"});
  if (batch.window) add_window(batch);
  if (batch.records) {
    Arrived arrived{std::move(batch), stream};
    hold_records(std::make_shared<const Arrived>(std::move(arrived)));
  }
}

void LiveMerge::hold_records(const ArrivedPtr& arrived) {
  const HistoryBatch& records = *arrived->batch.records;
  const Nanos now = clock_.monotonic();
  for (const auto& each : records.flows)
    hold_record(arrived, RecordKind::kFlow, each, each.flow_id, now);
  for (const auto& each : records.drops) hold_record(arrived, RecordKind::kDrop, each, 0, now);
  for (const auto& each : records.connections)
    hold_record(arrived, RecordKind::kConnection, each, each.id, now);
  for (const auto& each : records.alerts) hold_record(arrived, RecordKind::kAlert, each, 0, now);
}

/// Where half of the room is taken, the other half is shared out.
bool LiveMerge::has_share(const Stream& stream) const {
  const std::size_t half = options_.most_waiting / 2;
  const std::size_t share = half / std::max<std::size_t>(1, agents_.size());
  return waiting() < half || stream.waiting < std::max<std::size_t>(1, share);
}

void LiveMerge::hold_record(const ArrivedPtr& arrived, RecordKind kind, const RecordBase& record,
                            std::uint64_t id, Nanos now) {
  if (kind != query_.kind) return;
  if (replacing_since_ != 0) {
    if (!seen_.emplace(arrived->batch.node, record.time, id).second) return;
    if (seen_.size() > kMostSeen) seen_.clear();
  }
  if (waiting() >= options_.most_waiting) {
    ++lost_;
    return;
  }
  if (!has_share(*arrived->stream)) {
    ++floods_[arrived->batch.node];
    return;
  }
  ++arrived->stream->waiting;
  held_.push_back({now, record.time, arrived, &record});
}

void LiveMerge::release(Nanos now) {
  const auto due = std::ranges::partition(
      held_, [&](const Held& each) { return each.arrived + options_.hold_back > now; });
  std::ranges::sort(due, [](const Held& a, const Held& b) {
    return a.time != b.time ? a.time < b.time : a.from->batch.node < b.from->batch.node;
  });
  for (Held& each : due) {
    const LiveBatch& batch = each.from->batch;
    LiveItem item{.kind = LiveItem::Kind::kRecord,
                  .node = batch.node,
                  .batch = batch.records,
                  .late = each.time < told_};
    item.record = {query_.kind, each.record, batch.records->node};
    told_ = std::max(told_, each.time);
    out_.push_back({std::move(item), std::move(each.from)});
  }
  held_.erase(due.begin(), due.end());
}

void LiveMerge::add_window(const LiveBatch& batch) {
  const Micros begin = batch.window->since.value_or(0);
  const auto lost = [&](std::string why) NETPROBE_REQUIRES(mutex_) {
    put({.kind = LiveItem::Kind::kLost,
         .node = batch.node,
         .count = batch.window->rows.size(),
         .problem = std::move(why)});
  };
  if (begin <= window_told_) return lost("they came after their window was told");
  auto found = windows_.find(begin);
  if (found == windows_.end()) {
    if (windows_.size() >= kMostWindows) return lost("it tells of too many windows at once");
    QueryRequest request;
    request.query = query_;
    request.query.since = batch.window->since;
    request.query.until = batch.window->until;
    found =
        windows_
            .emplace(begin, Window{DistributedQuery(std::move(request)), {}, clock_.monotonic()})
            .first;
  }
  Window& window = found->second;
  if (!window.merged.fits(*batch.window)) return lost("they are no answer to the question");
  window.told.insert(batch.node);
  window.merged.add(*batch.window);
}

void LiveMerge::release_windows(Nanos now) {
  while (!windows_.empty()) {
    Window& window = windows_.begin()->second;
    QuerySources sources;
    for (const auto& [key, agent] : agents_) {
      ++sources.asked;
      if (window.told.contains(agent.node))
        ++sources.answered;
      else if (sources.missing.size() < QuerySources::kMostMissing)
        sources.missing.push_back(
            {agent.node, agent.peer->state()->address, "it did not tell of this window in time"});
    }
    // Who is not there is not waited for.
    const bool all = std::ranges::all_of(agents_, [&](const auto& each) {
      return !each.second.there || window.told.contains(each.second.node);
    });
    if (!all && now - window.since < options_.window_patience) return;
    window_told_ = windows_.begin()->first;
    auto answer = window.merged.finish();
    if (answer) {
      answer->sources = std::move(sources);
      put({.kind = LiveItem::Kind::kWindow,
           .window = std::make_shared<const QueryAnswer>(std::move(*answer))});
    } else {
      put({.kind = LiveItem::Kind::kLost, .problem = std::move(answer.error().message)});
    }
    windows_.erase(windows_.begin());
  }
}

/// What is no record waits for none; it is bounded as they are.
void LiveMerge::put(LiveItem item) {
  if (waiting() >= options_.most_waiting) {
    lost_ += std::max<std::uint64_t>(item.count, 1);
    return;
  }
  out_.push_back({std::move(item), nullptr});
}

}  // namespace netprobe
