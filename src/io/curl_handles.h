// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <curl/curl.h>

#include <memory>
#include <string>

namespace netprobe {

/// libcurl's global part, once however many clients begin, from any thread.
void init_curl();

struct CurlEasyDeleter {
  void operator()(CURL* handle) const { curl_easy_cleanup(handle); }
};
struct CurlMultiDeleter {
  void operator()(CURLM* handle) const { curl_multi_cleanup(handle); }
};
struct CurlListDeleter {
  void operator()(curl_slist* list) const { curl_slist_free_all(list); }
};
using CurlEasy = std::unique_ptr<CURL, CurlEasyDeleter>;
using CurlMulti = std::unique_ptr<CURLM, CurlMultiDeleter>;
/// Header lines and the like; null is an empty one.
using CurlList = std::unique_ptr<curl_slist, CurlListDeleter>;

/// Out of memory, the list stays as it is.
void append(CurlList& list, const std::string& line);

}  // namespace netprobe
