// SPDX-License-Identifier: Apache-2.0
#include "analysis/network_policy/d.h"
