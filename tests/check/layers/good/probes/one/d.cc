// SPDX-License-Identifier: Apache-2.0
#include <bpf/libbpf.h>

#include "abi/flow_abi.h"
#include "one.skel.h"
#include "probes/one/d.h"
