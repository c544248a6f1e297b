/* SPDX-License-Identifier: Apache-2.0 */
/* For a program that is built without the page: cmake/Page.cmake. */
#include "api/page_assets.h"

const struct netprobe_page_asset netprobe_page_assets[] = {{0, 0, 0, 0, 0}};
