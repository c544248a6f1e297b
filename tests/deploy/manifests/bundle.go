// SPDX-License-Identifier: Apache-2.0

package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"runtime"
	"strings"
)

// What a kubelet and its runtime make of the DaemonSet's pod, as far as one
// container without a cluster goes: config.json of an OCI bundle.
//
//	bundle MANIFEST ENTRYPOINT ROOT NETNS NODE [SECCOMP.json]
func bundle(arguments []string) error {
	all, err := objects(arguments[0])
	if err != nil {
		return err
	}
	entrypoint, root, netns, node := arguments[1], arguments[2], arguments[3], arguments[4]
	var pod object
	for _, o := range all {
		if o["kind"] == "DaemonSet" {
			pod = o["spec"].(object)["template"].(object)["spec"].(object)
		}
	}
	if pod == nil {
		return errors.New("no DaemonSet")
	}
	if pod["hostNetwork"] != true || pod["hostPID"] != true {
		return errors.New("the pod is expected to be in the node's namespaces")
	}
	container := pod["containers"].([]interface{})[0].(object)
	security := container["securityContext"].(object)

	args := []string{entrypoint}
	for _, a := range container["args"].([]interface{}) {
		args = append(args, a.(string))
	}
	env := []string{"PATH=/usr/bin"}
	for _, each := range container["env"].([]interface{}) {
		e := each.(object)
		value, given := e["value"].(string)
		if !given {
			if fmt.Sprint(e["valueFrom"]) != "map[fieldRef:map[fieldPath:spec.nodeName]]" {
				return fmt.Errorf("env %v: not known here", e)
			}
			value = node
		}
		env = append(env, e["name"].(string)+"="+value)
	}
	var capabilities []string
	for _, c := range security["capabilities"].(object)["add"].([]interface{}) {
		if !machineGives(c.(string)) {
			fmt.Fprintf(os.Stderr, "this machine gives nobody CAP_%v; the test runs without it\n", c)
			continue
		}
		capabilities = append(capabilities, "CAP_"+c.(string))
	}

	type mount = map[string]interface{}
	mounts := []mount{
		{"destination": "/proc", "type": "proc", "source": "proc"},
		{"destination": "/dev", "type": "tmpfs", "source": "tmpfs", "options": []string{"nosuid", "mode=755"}},
		{"destination": "/sys", "type": "none", "source": "/sys", "options": []string{"rbind", "nosuid", "noexec", "nodev", "ro"}},
	}
	volumes := map[string]object{}
	for _, v := range pod["volumes"].([]interface{}) {
		volumes[v.(object)["name"].(string)] = v.(object)
	}
	for _, each := range container["volumeMounts"].([]interface{}) {
		m := each.(object)
		volume := volumes[m["name"].(string)]
		access := "rw"
		if m["readOnly"] == true {
			access = "ro"
		}
		if host, is := volume["hostPath"].(object); is {
			mounts = append(mounts, mount{"destination": m["mountPath"], "type": "none", "source": host["path"],
				"options": []string{"rbind", "rprivate", access}})
		} else {
			mounts = append(mounts, mount{"destination": m["mountPath"], "type": "tmpfs", "source": "tmpfs",
				"options": []string{"nosuid", "nodev", access}})
		}
	}

	linux := map[string]interface{}{
		// No process namespace: hostPID.
		"namespaces": []mount{{"type": "mount"}, {"type": "uts"}, {"type": "ipc"}, {"type": "network", "path": netns}},
		// Runtimes' usual ones.
		"maskedPaths":   []string{"/proc/acpi", "/proc/kcore", "/proc/keys", "/proc/timer_list", "/sys/firmware"},
		"readonlyPaths": []string{"/proc/bus", "/proc/fs", "/proc/irq", "/proc/sys", "/proc/sysrq-trigger"},
		"cgroupsPath":   "/" + node,
	}
	if len(arguments) > 5 {
		text, err := os.ReadFile(arguments[5])
		if err != nil {
			return err
		}
		profile, err := seccomp(text, capabilities)
		if err != nil {
			return err
		}
		linux["seccomp"] = profile
	}
	return json.NewEncoder(os.Stdout).Encode(map[string]interface{}{
		"ociVersion": "1.0.2",
		"root":       map[string]interface{}{"path": root, "readonly": security["readOnlyRootFilesystem"] == true},
		"hostname":   node,
		"process": map[string]interface{}{
			"user": map[string]int{"uid": security["runAsUser"].(int), "gid": 0}, "args": args, "env": env, "cwd": "/",
			"noNewPrivileges": security["allowPrivilegeEscalation"] == false,
			"capabilities": map[string]interface{}{
				"bounding": capabilities, "effective": capabilities, "permitted": capabilities},
		},
		"mounts": mounts,
		"linux":  linux,
	})
}

func contains(all []string, one string) bool {
	for _, each := range all {
		if each == one {
			return true
		}
	}
	return false
}

// Machines for tests are containers or guests themselves, and may lack some.
func machineGives(capability string) bool {
	bits := map[string]uint{"DAC_READ_SEARCH": 2, "NET_ADMIN": 12, "SYS_RESOURCE": 24, "SYSLOG": 34,
		"PERFMON": 38, "BPF": 39}
	bit, known := bits[capability]
	status, err := os.ReadFile("/proc/self/status")
	if !known || err != nil {
		return true
	}
	for _, line := range strings.Split(string(status), "\n") {
		var set uint64
		if n, _ := fmt.Sscanf(line, "CapBnd:\t%x", &set); n == 1 {
			return set>>bit&1 == 1
		}
	}
	return true
}

// The runtimes' profile, resolved for a set of capabilities as they do.
func seccomp(text []byte, capabilities []string) (interface{}, error) {
	type condition struct {
		Caps      []string `json:"caps"`
		Arches    []string `json:"arches"`
		MinKernel string   `json:"minKernel"`
	}
	var profile struct {
		DefaultAction   string `json:"defaultAction"`
		DefaultErrnoRet *uint  `json:"defaultErrnoRet"`
		Syscalls        []struct {
			Names    []string      `json:"names"`
			Action   string        `json:"action"`
			ErrnoRet *uint         `json:"errnoRet"`
			Args     []interface{} `json:"args"`
			Includes condition     `json:"includes"`
			Excludes condition     `json:"excludes"`
		} `json:"syscalls"`
	}
	if err := json.Unmarshal(text, &profile); err != nil {
		return nil, err
	}
	held := " " + strings.Join(capabilities, " ") + " "
	holds := func(all []string) bool {
		for _, c := range all {
			if !strings.Contains(held, " "+c+" ") {
				return false
			}
		}
		return true
	}
	var rules []interface{}
	for _, rule := range profile.Syscalls {
		if !(len(rule.Includes.Arches) == 0 || contains(rule.Includes.Arches, runtime.GOARCH)) || !holds(rule.Includes.Caps) ||
			(len(rule.Excludes.Caps) > 0 && holds(rule.Excludes.Caps)) {
			continue
		}
		out := map[string]interface{}{"names": rule.Names, "action": rule.Action}
		if rule.ErrnoRet != nil {
			out["errnoRet"] = *rule.ErrnoRet
		}
		if len(rule.Args) > 0 {
			out["args"] = rule.Args
		}
		rules = append(rules, out)
	}
	out := map[string]interface{}{"defaultAction": profile.DefaultAction, "syscalls": rules}
	if profile.DefaultErrnoRet != nil {
		out["defaultErrnoRet"] = *profile.DefaultErrnoRet
	}
	return out, nil
}
