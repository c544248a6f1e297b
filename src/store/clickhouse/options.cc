// SPDX-License-Identifier: Apache-2.0
#include "store/clickhouse/options.h"

#include <curl/curl.h>

#include <algorithm>
#include <cctype>
#include <cstdlib>
#include <fstream>
#include <memory>

namespace netprobe {
namespace {

struct UrlDeleter {
  void operator()(CURLU* url) const { curl_url_cleanup(url); }
};
using UrlHandle = std::unique_ptr<CURLU, UrlDeleter>;

std::string part_of(CURLU* url, CURLUPart part, unsigned flags = 0) {
  char* text = nullptr;
  if (curl_url_get(url, part, &text, flags) != CURLUE_OK || text == nullptr) return {};
  std::string out(text);
  curl_free(text);
  return out;
}

std::string environment(const char* name) {
  const char* value = std::getenv(name);
  return value != nullptr ? value : "";
}

const std::string& first_set(const std::string& a, const std::string& b, const std::string& c) {
  return !a.empty() ? a : !b.empty() ? b : c;
}

Result<std::string> first_line(const std::string& path) {
  std::ifstream file(path);
  std::string line;
  if (!file || (!std::getline(file, line) && !file.eof()))
    return fail("cannot read the ClickHouse password file " + path, ErrorKind::kUsage);
  if (line.ends_with('\r')) line.pop_back();
  return line;
}

}  // namespace

bool is_clickhouse_name(const std::string& name) {
  constexpr std::size_t kMost = 64;
  const auto fits = [](unsigned char c) { return std::isalnum(c) != 0 || c == '_'; };
  return !name.empty() && name.size() <= kMost && std::ranges::all_of(name, fits) &&
         std::isdigit(static_cast<unsigned char>(name[0])) == 0;
}

Result<ClickHouseTarget> clickhouse_target(const ClickHouseOptions& options) {
  if (!is_clickhouse_name(options.database))
    return fail("the ClickHouse database's name may have letters, digits and '_' only",
                ErrorKind::kUsage);
  if (!options.cluster.empty() && !is_clickhouse_name(options.cluster))
    return fail("the ClickHouse cluster's name may have letters, digits and '_' only",
                ErrorKind::kUsage);
  if (!is_clickhouse_name("t" + options.distributed_suffix))
    return fail("the suffix of Distributed tables may have letters, digits and '_' only",
                ErrorKind::kUsage);
  const UrlHandle url(curl_url());
  if (!url) return fail("libcurl could not start");
  if (curl_url_set(url.get(), CURLUPART_URL, options.url.c_str(), 0) != CURLUE_OK)
    return fail("the ClickHouse URL is no URL such as https://clickhouse.example:8443",
                ErrorKind::kUsage);
  const std::string scheme = part_of(url.get(), CURLUPART_SCHEME);
  const std::string path = part_of(url.get(), CURLUPART_PATH);
  if ((scheme != "http" && scheme != "https") || path != "/" ||
      !part_of(url.get(), CURLUPART_QUERY).empty())
    return fail("the ClickHouse URL is to have http or https, a host and a port, and no path",
                ErrorKind::kUsage);
  std::string host = part_of(url.get(), CURLUPART_HOST);
  // ClickHouse's own defaults, not the web's.
  std::string port = part_of(url.get(), CURLUPART_PORT);
  if (port.empty()) port = scheme == "http" ? "8123" : "8443";
  std::string from_file;
  if (!options.password_file.empty()) {
    auto line = first_line(options.password_file);
    if (!line) return std::unexpected(line.error());
    from_file = std::move(*line);
  }
  ClickHouseTarget target;
  target.base = scheme + "://" + host + ":" + port + "/";
  target.user = first_set(options.user, environment("NETPROBE_CLICKHOUSE_USER"),
                          part_of(url.get(), CURLUPART_USER, CURLU_URLDECODE));
  target.password = first_set(first_set(options.password, from_file, ""),
                              environment("NETPROBE_CLICKHOUSE_PASSWORD"),
                              part_of(url.get(), CURLUPART_PASSWORD, CURLU_URLDECODE));
  if (target.user.empty()) target.user = "default";
  return target;
}

}  // namespace netprobe
