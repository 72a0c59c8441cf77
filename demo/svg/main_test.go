package main

import (
	"encoding/xml"
	"errors"
	"io"
	"reflect"
	"strings"
	"testing"
)

func TestParse(t *testing.T) {
	bold := plain
	bold.bold, bold.fg = true, 1
	tests := map[string]struct {
		line string
		want []run
	}{
		"plain":       {"ab", []run{{plain, 0, "ab"}}},
		"colour":      {"a\x1b[1;31mb\x1b[0mc", []run{{plain, 0, "a"}, {bold, 1, "b"}, {plain, 2, "c"}}},
		"empty reset": {"\x1b[1;31mé\x1b[mc", []run{{bold, 0, "é"}, {plain, 1, "c"}}},
		"indexed":     {"\x1b[38;5;9ma", []run{{look{fg: 9, bg: background}, 0, "a"}}},
		"unended":     {"a\x1b[31", []run{{plain, 0, "a"}}},
		"other":       {"a\x1b(Bb", []run{{plain, 0, "a"}, {plain, 1, "(Bb"}}},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			if got, _ := parse(test.line, plain); !reflect.DeepEqual(got, test.want) {
				t.Errorf("got %v, want %v", got, test.want)
			}
		})
	}
}

// TestDrawIsXML holds that a screen of hostile text is a document.
func TestDrawIsXML(t *testing.T) {
	var out strings.Builder
	if err := draw(&out, strings.NewReader("\x1b[7m<script>&\"</svg>\x1b[0m\n\x1b[4m \n")); err != nil {
		t.Fatal(err)
	}
	document := xml.NewDecoder(strings.NewReader(out.String()))
	for {
		if _, err := document.Token(); errors.Is(err, io.EOF) {
			return
		} else if err != nil {
			t.Fatalf("%v in %s", err, out.String())
		}
	}
}
