// SPDX-License-Identifier: Apache-2.0
#include "flow/c.h"
#include "support/packet_builder.h"
