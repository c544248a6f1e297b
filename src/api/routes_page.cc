// SPDX-License-Identifier: Apache-2.0
#include <span>
#include <string>
#include <string_view>

#include "api/context.h"
#include "api/page_assets.h"

namespace netprobe {
namespace {

// Nothing but what this program itself sends, and no way around it: names of pods and
// processes are anybody's to choose.
constexpr std::string_view kPolicy =
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; "
    "connect-src 'self'; worker-src 'self'; manifest-src 'self'; base-uri 'none'; "
    "form-action 'none'; frame-ancestors 'none'";

// The name of a file changes with what it holds.
constexpr std::string_view kForGood = "public, max-age=31536000, immutable";
constexpr std::string_view kAskAgain = "no-cache";

bool is_named_by_content(std::string_view path) { return path.starts_with("/assets/"); }

HttpResponse file(const netprobe_page_asset& asset, const HttpRequest& request) {
  HttpResponse response;
  response.content_type = asset.content_type;
  response.cache_control = is_named_by_content(asset.path) ? kForGood : kAskAgain;
  response.headers = {{"ETag", asset.etag},
                      {"Content-Security-Policy", std::string(kPolicy)},
                      {"Referrer-Policy", "no-referrer"},
                      {"Cross-Origin-Resource-Policy", "same-origin"}};
  if (request.header("if-none-match") == asset.etag) {
    response.status = 304;
    return response;
  }
  // Copied for each: files are asked for once a browser, and lie in the program's own file.
  response.body = std::string(reinterpret_cast<const char*>(asset.gzip), asset.size);
  response.packed = true;
  return response;
}

/// Browsers name it first; curl and the like take anything, and get the list.
bool wants_page(const HttpRequest& request) {
  return request.header("accept").find("text/html") != std::string_view::npos;
}

}  // namespace

void add_page_route(HttpServer& server, HttpBody index, std::string_view metrics_path) {
  const netprobe_page_asset* page = nullptr;
  for (const netprobe_page_asset* asset = netprobe_page_assets; asset->path != nullptr; ++asset) {
    if (std::string_view(asset->path) == "/") {
      page = asset;
      continue;
    }
    server.route(asset->path, [asset](const HttpRequest& request, const HttpReply& reply) {
      reply(file(*asset, request));
    });
  }
  if (page != nullptr)
    server.route("/index.html", [page](const HttpRequest& request, const HttpReply& reply) {
      reply(file(*page, request));
    });
  if (metrics_path == "/") return;  // the user wants the metrics there
  server.route(
      "/", [page, index = std::move(index)](const HttpRequest& request, const HttpReply& reply) {
        if (page != nullptr && wants_page(request)) return reply(file(*page, request));
        reply(HttpResponse{.body = index});
      });
}

}  // namespace netprobe
