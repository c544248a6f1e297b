// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"sort"
	"strings"
	"text/template"

	"github.com/Masterminds/sprig"
	"github.com/xeipuuv/gojsonschema"
	"gopkg.in/yaml.v3"
)

// Like Helm's: numbers become float64, as they do by way of JSON.
func load(path string) (map[string]interface{}, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	var raw interface{}
	if err := yaml.Unmarshal(text, &raw); err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	out := map[string]interface{}{}
	viaJSON, err := json.Marshal(raw)
	if err == nil && raw != nil {
		err = json.Unmarshal(viaJSON, &out)
	}
	return out, err
}

// What the user says goes over what the chart says, map by map; null removes.
func overlay(base, over map[string]interface{}) {
	for key, value := range over {
		below, isMap := value.(map[string]interface{})
		if old, was := base[key].(map[string]interface{}); isMap && was {
			overlay(old, below)
		} else if value == nil {
			delete(base, key)
		} else {
			base[key] = value
		}
	}
}

func checkSchema(chart string, values map[string]interface{}) error {
	schema, err := os.ReadFile(filepath.Join(chart, "values.schema.json"))
	if err != nil {
		return err
	}
	result, err := gojsonschema.Validate(gojsonschema.NewBytesLoader(schema), gojsonschema.NewGoLoader(values))
	if err != nil {
		return err
	}
	var wrong []string
	for _, e := range result.Errors() {
		wrong = append(wrong, e.String())
	}
	if len(wrong) > 0 {
		return errors.New("values do not fit the schema: " + strings.Join(wrong, "; "))
	}
	return nil
}

type files string

func (f files) Get(name string) (string, error) {
	text, err := os.ReadFile(filepath.Join(string(f), name))
	return string(text), err
}

func toYAML(value interface{}) (string, error) {
	text, err := yaml.Marshal(value)
	return strings.TrimSuffix(string(text), "\n"), err
}

// The functions that Helm adds to sprig's, of which charts make use.
func functions(t *template.Template) template.FuncMap {
	f := sprig.TxtFuncMap()
	delete(f, "env")
	delete(f, "expandenv")
	f["toYaml"] = toYAML
	f["include"] = func(name string, data interface{}) (string, error) {
		var out bytes.Buffer
		err := t.ExecuteTemplate(&out, name, data)
		return out.String(), err
	}
	f["tpl"] = func(text string, data interface{}) (string, error) {
		var out bytes.Buffer
		clone, err := t.Clone()
		if err == nil {
			clone, err = clone.New("tpl").Parse(text)
		}
		if err == nil {
			err = clone.Execute(&out, data)
		}
		return out.String(), err
	}
	f["required"] = func(message string, value interface{}) (interface{}, error) {
		if value == nil || value == "" {
			return nil, errors.New(message)
		}
		return value, nil
	}
	return f
}

func render(arguments []string) error {
	chart, namespace := arguments[0], arguments[1]
	values, err := load(filepath.Join(chart, "values.yaml"))
	if err != nil {
		return err
	}
	for _, path := range arguments[2:] {
		over, err := load(path)
		if err != nil {
			return err
		}
		overlay(values, over)
	}
	if err := checkSchema(chart, values); err != nil {
		return err
	}
	about, err := load(filepath.Join(chart, "Chart.yaml"))
	if err != nil {
		return err
	}
	data := map[string]interface{}{
		"Values":  values,
		"Chart":   map[string]interface{}{"Name": about["name"], "Version": about["version"], "AppVersion": about["appVersion"]},
		"Release": map[string]interface{}{"Name": "netprobe", "Namespace": namespace, "Service": "Helm"},
		"Files":   files(chart),
	}
	all := template.New("").Option("missingkey=zero")
	all.Funcs(functions(all))
	paths, err := filepath.Glob(filepath.Join(chart, "templates", "*"))
	if err != nil {
		return err
	}
	sort.Strings(paths)
	for _, path := range paths {
		text, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		if _, err := all.New(filepath.Base(path)).Parse(string(text)); err != nil {
			return err
		}
	}
	for _, path := range paths {
		name := filepath.Base(path)
		if strings.HasPrefix(name, "_") {
			continue
		}
		var out bytes.Buffer
		if err := all.ExecuteTemplate(&out, name, data); err != nil {
			return err
		}
		text := strings.ReplaceAll(out.String(), "<no value>", "")
		if strings.TrimSpace(text) == "" {
			continue
		}
		if !strings.HasSuffix(name, ".yaml") { // the notes, for people
			fmt.Fprintln(os.Stderr, text)
			continue
		}
		fmt.Printf("---\n# %s\n%s\n", name, text)
	}
	return nil
}
