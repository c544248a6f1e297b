// SPDX-License-Identifier: Apache-2.0
#include "probes/two/x.h"
