// SPDX-License-Identifier: Apache-2.0
#include "support/packet_builder.h"
