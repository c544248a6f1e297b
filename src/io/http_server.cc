// SPDX-License-Identifier: Apache-2.0
#include "io/http_server.h"

#include <pthread.h>
#include <spdlog/spdlog.h>

#include <boost/asio/ip/v6_only.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <chrono>
#include <optional>
#include <system_error>
#include <thread>

#include "io/http_core.h"

namespace netprobe {

namespace asio = boost::asio;
using asio::ip::tcp;
using boost::system::error_code;

namespace {

/// How many connections beyond the bound are told "503" rather than just shut.
constexpr std::size_t kRefusalsAtOnce = 64;
/// After accept() failed (no descriptors left): others may close theirs.
constexpr auto kAcceptPause = std::chrono::milliseconds(100);

std::string endpoint_text(const std::string& address, std::uint16_t port) {
  const std::string host = address.find(':') == std::string::npos ? address : "[" + address + "]";
  return (host.empty() ? "*" : host) + ":" + std::to_string(port);
}

Error listen_error(const HttpServerOptions& options, const error_code& error) {
  const std::string where = endpoint_text(options.address, options.port);
  if (error == asio::error::address_in_use) {
    return {"address " + where + " is already in use by another program: use " +
                options.port_option + " to choose another port",
            ErrorKind::kBusy, EADDRINUSE};
  }
  return fail_errno("cannot listen on " + where, error.value()).error();
}

/// Opens, binds and listens; the error of the first step that fails.
error_code listen(tcp::acceptor& acceptor, const tcp::endpoint& endpoint, bool dual_stack) {
  error_code error;
  acceptor.open(endpoint.protocol(), error);
  if (error) return error;
  acceptor.set_option(asio::socket_base::reuse_address(true), error);
  if (!error && endpoint.address().is_v6())
    acceptor.set_option(asio::ip::v6_only(!dual_stack), error);
  if (!error) acceptor.bind(endpoint, error);
  if (!error) acceptor.listen(asio::socket_base::max_listen_connections, error);
  if (error) {
    error_code ignored;
    acceptor.close(ignored);
  }
  return error;
}

}  // namespace

void HttpCore::post(std::function<void()> work) {
  const MutexLock lock(mutex_);
  if (accepts_work_) asio::post(context, std::move(work));
}

void HttpCore::post_after(Nanos delay, std::function<void()> work) {
  const MutexLock lock(mutex_);
  if (!accepts_work_) return;  // it would keep the thread from ending
  auto timer = std::make_shared<asio::steady_timer>(context, std::chrono::nanoseconds(delay));
  timers.insert(timer);
  timer->async_wait([this, timer, work = std::move(work)](const error_code& error) {
    timers.erase(timer);
    if (!error) work();
  });
}

void HttpCore::accept_work() {
  const MutexLock lock(mutex_);
  accepts_work_ = true;
}

void HttpCore::refuse_work(std::function<void()> last) {
  const MutexLock lock(mutex_);
  if (!accepts_work_) return;
  accepts_work_ = false;
  asio::post(context, std::move(last));
}

class HttpServer::Impl {
 public:
  explicit Impl(HttpServerOptions options)
      : core(std::make_shared<HttpCore>(std::move(options))),
        acceptor(core->context),
        pause(core->context) {}

  Status listen_on_options();
  void accept();
  void on_accept(const error_code& error, tcp::socket socket);
  void run();
  void close();

  std::shared_ptr<HttpCore> core;
  tcp::acceptor acceptor;
  asio::steady_timer pause;
  std::uint16_t port = 0;
  std::optional<asio::executor_work_guard<asio::io_context::executor_type>> work;
  Mutex stop_mutex;
  std::thread thread NETPROBE_GUARDED_BY(stop_mutex);
};

Status HttpServer::Impl::listen_on_options() {
  const auto& options = core->options;
  error_code error;
  if (options.address.empty()) {
    error = listen(acceptor, {asio::ip::address_v6::any(), options.port}, true);
    // A kernel booted without IPv6 has no such sockets; IPv4 is then all.
    if (error == asio::error::address_family_not_supported ||
        error == std::errc::address_not_available) {
      error = listen(acceptor, {asio::ip::address_v4::any(), options.port}, false);
    }
  } else {
    const auto address = asio::ip::make_address(options.address, error);
    if (error) {
      return fail("'" + options.address + "' is not an address to listen on: use a numeric one",
                  ErrorKind::kUsage);
    }
    error = listen(acceptor, {address, options.port}, true);
  }
  if (error) return std::unexpected(listen_error(options, error));
  port = acceptor.local_endpoint(error).port();
  if (error) return std::unexpected(listen_error(options, error));
  return {};
}

void HttpServer::Impl::accept() {
  acceptor.async_accept(core->context, [this](const error_code& error, tcp::socket socket) {
    on_accept(error, std::move(socket));
  });
}

void HttpServer::Impl::on_accept(const error_code& error, tcp::socket socket) {
  if (!acceptor.is_open()) return;
  if (error) {
    if (error == asio::error::operation_aborted) return;
    spdlog::warn("cannot accept a connection on port {}: {}", port, error.message());
    pause.expires_after(kAcceptPause);
    pause.async_wait([this](const error_code& aborted) {
      if (!aborted && acceptor.is_open()) accept();
    });
    return;
  }
  const std::size_t open = core->connections.size();
  const bool refuse = open >= core->options.max_connections;
  if (refuse) ++core->connections_refused;
  // Beyond this even saying so costs too much: the socket just closes.
  if (open < core->options.max_connections + kRefusalsAtOnce)
    serve_connection(core, std::move(socket), refuse);
  accept();
}

void HttpServer::Impl::run() {
  pthread_setname_np(pthread_self(), "np-http");
  // An exception (of a handler, or of memory) ends what it was thrown in, not
  // the server.
  for (;;) {
    try {
      core->context.run();
      return;
    } catch (const std::exception& error) {
      spdlog::error("the HTTP server caught an exception: {}", error.what());
    }
  }
}

void HttpServer::Impl::close() {
  error_code ignored;
  acceptor.close(ignored);
  pause.cancel();
  work.reset();
  close_connections(*core);
  for (const auto& timer : core->timers) timer->cancel();
}

HttpServer::HttpServer(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}

HttpServer::~HttpServer() { stop(); }

Result<std::unique_ptr<HttpServer>> HttpServer::make(HttpServerOptions options) {
  try {
    auto impl = std::make_unique<Impl>(std::move(options));
    if (auto status = impl->listen_on_options(); !status) return std::unexpected(status.error());
    return std::unique_ptr<HttpServer>(new HttpServer(std::move(impl)));
  } catch (const std::exception& error) {
    return fail(std::string("cannot set up the HTTP server: ") + error.what());
  }
}

void HttpServer::route(std::string path, HttpHandler handler, HttpMethods methods) {
  impl_->core->routes.insert_or_assign(std::move(path),
                                       HttpCore::Route{std::move(handler), methods});
}

std::vector<std::string> HttpServer::routes() const {
  std::vector<std::string> paths;
  for (const auto& [path, route] : impl_->core->routes) paths.push_back(path);
  return paths;
}

Status HttpServer::start() {
  const MutexLock lock(impl_->stop_mutex);
  if (impl_->thread.joinable()) return {};
  impl_->work.emplace(impl_->core->context.get_executor());
  impl_->core->accept_work();
  impl_->accept();
  try {
    impl_->thread = std::thread([impl = impl_.get()] { impl->run(); });
  } catch (const std::system_error& error) {
    return fail_errno("cannot start the HTTP server's thread", error.code().value());
  }
  return {};
}

void HttpServer::stop() {
  const MutexLock lock(impl_->stop_mutex);
  if (impl_->thread.joinable()) {
    impl_->core->refuse_work([impl = impl_.get()] { impl->close(); });
    impl_->thread.join();
  }
  // Handlers hold what they serve; let go of it while it is certain to be there.
  impl_->core->routes.clear();
}

std::uint16_t HttpServer::port() const { return impl_->port; }

std::string HttpServer::endpoint() const {
  return endpoint_text(impl_->core->options.address, impl_->port);
}

HttpServerStats HttpServer::stats() const {
  const HttpCore& core = *impl_->core;
  return {.requests = core.requests,
          .connections_refused = core.connections_refused,
          .stream_events_lost = core.stream_events_lost,
          .answers_abandoned = core.answers_abandoned,
          .connections = core.open_connections,
          .streams = core.open_streams};
}

HttpExecutor HttpServer::executor() const {
  return [core = impl_->core](std::function<void()> work) { core->post(std::move(work)); };
}

HttpTimer HttpServer::timer() const {
  // Who holds a timer is held by the server's handlers: no circle.
  return [weak = std::weak_ptr(impl_->core)](Nanos delay, std::function<void()> work) {
    if (const auto core = weak.lock()) core->post_after(delay, std::move(work));
  };
}

}  // namespace netprobe
