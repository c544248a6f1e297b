// SPDX-License-Identifier: Apache-2.0
#include "kube/client/access.h"

#include <algorithm>
#include <limits>
#include <utility>

#include "kube/client/in_cluster.h"
#include "kube/client/kubeconfig.h"

namespace netprobe::kube {
namespace {

constexpr Nanos kNever = std::numeric_limits<Nanos>::max();
/// A plugin's credentials are renewed so long before they expire.
constexpr Nanos kAhead = 10 * kSecond;
/// Between two readings for a reason.
constexpr Nanos kReadApart = kSecond;

}  // namespace

Access::Access(const KubeClientOptions& options, const Clock& clock)
    : options_(options),
      clock_(clock),
      backoff_(options.backoff_min, options.backoff_max),
      plugin_backoff_(options.backoff_min, std::max(options.backoff_max, options.exec_timeout)) {}

Access::Change Access::step() {
  Change change = Change::kNone;
  if (clock_.monotonic() >= read_due_) change = read();
  return std::max(change, step_plugin());
}

Access::Change Access::read() {
  const Nanos now = clock_.monotonic();
  read_at_ = now;
  auto read = options_.kubeconfig.empty()
                  ? read_in_cluster(options_)
                  : read_kubeconfig(options_.kubeconfig, options_.context, clock_.wall());
  if (!read) {
    // What was read before goes on being used: a file that is just being
    // written again is no reason to forget a server that answers.
    config_error_ = read.error().message;
    read_due_ = now + backoff_.next();
    return Change::kNone;
  }
  config_error_.clear();
  backoff_.reset();
  read_due_ = read->rotates ? now + options_.reread : kNever;
  if (known_ && *read == config_) return Change::kNone;
  const bool elsewhere = !known_ || read->url != config_.url;
  if (elsewhere || read->exec != config_.exec) {
    given_.reset();
    plugin_.reset();
    plugin_error_.clear();
    plugin_due_ = 0;
    plugin_backoff_.reset();
  }
  config_ = std::move(*read);
  known_ = true;
  return elsewhere ? Change::kServer : Change::kCredentials;
}

bool Access::given_valid() const {
  return given_ && (given_->expires == 0 || clock_.wall() < given_->expires);
}

Access::Change Access::step_plugin() {
  if (!known_ || !config_.exec) return Change::kNone;
  const Nanos now = clock_.monotonic();
  std::optional<Result<Credentials>> done;
  if (plugin_) {
    done = plugin_->step(now, clock_.wall());
    if (!done) return Change::kNone;
    plugin_.reset();
  } else if (now >= plugin_due_ || !given_valid()) {
    if (now < plugin_due_) return Change::kNone;
    auto started = ExecPlugin::start(*config_.exec, now + options_.exec_timeout);
    plugin_began_ = now;
    if (started) {
      plugin_.emplace(std::move(*started));
      return Change::kNone;
    }
    done = std::unexpected(started.error());
  } else {
    return Change::kNone;
  }
  if (!*done) {
    plugin_error_ = done->error().message;
    plugin_due_ = now + plugin_backoff_.next();
    return Change::kNone;
  }
  plugin_error_.clear();
  plugin_backoff_.reset();
  given_ = std::move(**done);
  plugin_due_ = kNever;
  if (given_->expires != 0) {
    const Nanos left = given_->expires - clock_.wall();
    plugin_due_ = now + std::max(left - kAhead, std::min(left, kReadApart));
  }
  return Change::kCredentials;
}

Nanos Access::due() const {
  if (!known_ || !config_.exec) return read_due_;
  // A plugin that is too slow is ended by step().
  const Nanos plugin = plugin_ ? plugin_began_ + options_.exec_timeout : plugin_due_;
  return std::min(read_due_, plugin);
}

std::vector<int> Access::descriptors() const {
  return plugin_ ? plugin_->descriptors() : std::vector<int>();
}

bool Access::ready() const { return known_ && (!config_.exec || given_valid()); }

const Credentials& Access::credentials() const {
  return config_.exec && given_ ? *given_ : config_.credentials;
}

const std::string& Access::error() const {
  return config_error_.empty() ? plugin_error_ : config_error_;
}

void Access::refused() {
  doubted();
  // What the plugin gave is asked for anew, though not in a circle.
  if (config_.exec && given_ && !plugin_) {
    const Nanos now = clock_.monotonic();
    plugin_due_ = std::min(plugin_due_, std::max(now, plugin_began_ + options_.backoff_max));
  }
}

void Access::doubted() {
  read_due_ = std::min(read_due_, std::max(clock_.monotonic(), read_at_ + kReadApart));
}

}  // namespace netprobe::kube
