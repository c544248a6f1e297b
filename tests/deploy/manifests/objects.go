// SPDX-License-Identifier: Apache-2.0

package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"reflect"
	"sort"
	"strings"

	"gopkg.in/yaml.v3"
)

type object = map[string]interface{}

// The objects of a YAML stream by kind, namespace and name.
func objects(path string) (map[string]object, error) {
	in, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer in.Close()
	found := map[string]object{}
	decoder := yaml.NewDecoder(in)
	for {
		var o object
		if err := decoder.Decode(&o); errors.Is(err, io.EOF) {
			break
		} else if err != nil {
			return nil, fmt.Errorf("%s: %w", path, err)
		}
		if o == nil {
			continue
		}
		meta, _ := o["metadata"].(object)
		if o["kind"] == nil || meta["name"] == nil {
			return nil, fmt.Errorf("%s: an object without kind or name: %v", path, o)
		}
		key := fmt.Sprint(o["apiVersion"], " ", o["kind"], " ", meta["namespace"], "/", meta["name"])
		if found[key] != nil {
			return nil, fmt.Errorf("%s: %s is there twice", path, key)
		}
		found[key] = o
	}
	if len(found) == 0 {
		return nil, fmt.Errorf("%s: no objects", path)
	}
	return found, nil
}

// Says every place where two values differ.
func differ(where string, a, b interface{}, say func(string)) {
	am, aIs := a.(object)
	bm, bIs := b.(object)
	if aIs && bIs {
		keys := map[string]bool{}
		for key := range am {
			keys[key] = true
		}
		for key := range bm {
			keys[key] = true
		}
		for key := range keys {
			differ(where+"."+key, am[key], bm[key], say)
		}
		return
	}
	al, aIs := a.([]interface{})
	bl, bIs := b.([]interface{})
	if aIs && bIs && len(al) == len(bl) {
		for i := range al {
			differ(fmt.Sprintf("%s[%d]", where, i), al[i], bl[i], say)
		}
		return
	}
	if !reflect.DeepEqual(a, b) {
		say(fmt.Sprintf("%s: %v against %v", where, a, b))
	}
}

func verdict(differences []string) error {
	if len(differences) == 0 {
		return nil
	}
	sort.Strings(differences)
	return errors.New("they differ:\n  " + strings.Join(differences, "\n  "))
}

func same(arguments []string) error {
	first, err := objects(arguments[0])
	if err != nil {
		return err
	}
	second, err := objects(arguments[1])
	if err != nil {
		return err
	}
	var differences []string
	say := func(text string) { differences = append(differences, text) }
	for key := range second {
		if first[key] == nil {
			say(key + ": only in " + arguments[1])
		}
	}
	for key, o := range first {
		if second[key] == nil {
			say(key + ": only in " + arguments[0])
			continue
		}
		differ(key, o, second[key], say)
	}
	return verdict(differences)
}

func group(arguments []string) error {
	text, err := os.ReadFile(arguments[0])
	if err != nil {
		return err
	}
	var rules interface{}
	if err := yaml.Unmarshal(text, &rules); err != nil {
		return err
	}
	wrapped, err := objects(arguments[1])
	if err != nil {
		return err
	}
	if len(wrapped) != 1 {
		return fmt.Errorf("%s: one object is wanted, not %d", arguments[1], len(wrapped))
	}
	var differences []string
	for _, o := range wrapped {
		differ("spec", rules, o["spec"], func(text string) { differences = append(differences, text) })
	}
	return verdict(differences)
}
