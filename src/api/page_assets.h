/* SPDX-License-Identifier: Apache-2.0 */
/* The files of the page (web/), as the build packed them into the program: a table in C,
 * which web/embed.mjs writes. */
#pragma once

#include <stddef.h>

#ifdef __cplusplus
extern "C" {
#endif

struct netprobe_page_asset {
  const char* path; /* "/assets/main-1a2b3c.js"; "/" is the page itself */
  const char* content_type;
  const char* etag;          /* quoted; the hash of what it holds */
  const unsigned char* gzip; /* a member of gzip */
  size_t size;               /* of it, in bytes */
};

/* Ended by one without a path. Only that one where the program was built without the page. */
extern const struct netprobe_page_asset netprobe_page_assets[];

#ifdef __cplusplus
}
#endif
