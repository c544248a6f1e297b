// SPDX-License-Identifier: Apache-2.0

// What the tests of deploy/ ask about manifests: a chart rendered as Helm would,
// two streams of objects compared, the expressions of a dashboard.
//
//	manifests render CHART NAMESPACE [VALUES.yaml]   objects, as YAML
//	manifests same A.yaml B.yaml                     do they say the same?
//	manifests group RULES.yaml PROMETHEUSRULE.yaml   does the second wrap the first?
//	manifests bundle MANIFEST ENTRYPOINT ROOT NETNS NODE [SECCOMP.json]  the pod as an OCI bundle
//	manifests exprs DASHBOARD.json                   its queries, as a rule file
//	manifests metrics FILE …                         names of metrics in expressions
package main

import (
	"fmt"
	"os"
)

func main() {
	commands := map[string]struct {
		least int
		run   func([]string) error
	}{
		"render":  {2, render},
		"same":    {2, same},
		"group":   {2, group},
		"bundle":  {5, bundle},
		"exprs":   {1, exprs},
		"metrics": {1, metrics},
	}
	if len(os.Args) < 2 || commands[os.Args[1]].run == nil || len(os.Args)-2 < commands[os.Args[1]].least {
		fmt.Fprintln(os.Stderr, "usage: manifests render|same|group|bundle|exprs|metrics ARGUMENT …")
		os.Exit(2)
	}
	if err := commands[os.Args[1]].run(os.Args[2:]); err != nil {
		fmt.Fprintln(os.Stderr, "manifests:", err)
		os.Exit(1)
	}
}
