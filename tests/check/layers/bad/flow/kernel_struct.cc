// SPDX-License-Identifier: Apache-2.0
#include "abi/flow_abi.h"
