// SPDX-License-Identifier: Apache-2.0

package main

import (
	"encoding/json"
	"fmt"
	"os"
	"regexp"
	"sort"
	"strings"

	"gopkg.in/yaml.v3"
)

// Every "expr" below a value, whatever it is: panels have rows of panels.
func collect(value interface{}, found *[]string) {
	switch v := value.(type) {
	case map[string]interface{}:
		if text, is := v["expr"].(string); is {
			*found = append(*found, text)
		}
		for _, below := range v {
			collect(below, found)
		}
	case []interface{}:
		for _, below := range v {
			collect(below, found)
		}
	}
}

// Grafana's own variables stand for what Prometheus' parser takes.
var variables = []struct {
	what *regexp.Regexp
	with string
}{
	{regexp.MustCompile(`\$__(rate_)?interval\b`), "5m"},
	{regexp.MustCompile(`\$__range\b`), "1h"},
	{regexp.MustCompile(`\$\{?[a-z_]+(:[a-z]+)?\}?`), "x"},
}

func expressions(path string) ([]string, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	var root interface{}
	if strings.HasSuffix(path, ".json") {
		err = json.Unmarshal(text, &root)
	} else {
		err = yaml.Unmarshal(text, &root)
	}
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	var found []string
	collect(root, &found)
	if len(found) == 0 {
		return nil, fmt.Errorf("%s: no expressions", path)
	}
	return found, nil
}

func exprs(arguments []string) error {
	found, err := expressions(arguments[0])
	if err != nil {
		return err
	}
	var rules []map[string]string
	for i, expr := range found {
		for _, v := range variables {
			expr = v.what.ReplaceAllString(expr, v.with)
		}
		rules = append(rules, map[string]string{"record": fmt.Sprintf("panel:%d", i), "expr": expr})
	}
	text, err := yaml.Marshal(map[string]interface{}{
		"groups": []interface{}{map[string]interface{}{"name": "panels", "rules": rules}}})
	fmt.Print(string(text))
	return err
}

var (
	quoted = regexp.MustCompile(`"[^"]*"`)
	metric = regexp.MustCompile(`\b(netprobe_[a-z0-9_]+|process_[a-z0-9_]+)`)
)

func metrics(arguments []string) error {
	names := map[string]bool{}
	for _, path := range arguments {
		found, err := expressions(path)
		if err != nil {
			return err
		}
		for _, expr := range found {
			for _, name := range metric.FindAllString(quoted.ReplaceAllString(expr, `""`), -1) {
				names[name] = true
			}
		}
	}
	var sorted []string
	for name := range names {
		sorted = append(sorted, name)
	}
	sort.Strings(sorted)
	fmt.Println(strings.Join(sorted, "\n"))
	return nil
}
