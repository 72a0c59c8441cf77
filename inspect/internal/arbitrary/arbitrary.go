// Package arbitrary fills values with random content, for tests that have to hold for whatever the model can say.
package arbitrary

import (
	"encoding/json"
	"math/rand/v2"
	"reflect"
	"strings"
	"time"
)

// Fill sets everything v points to: strings are valid UTF-8 and nasty, slices of 0 to 3 elements (nil among them), pointers not nil, facts (fact.Opt)
// unknown now and then.
func Fill(r *rand.Rand, v any) { fill(r, reflect.ValueOf(v).Elem()) }

func fill(r *rand.Rand, v reflect.Value) {
	if v.Type() == reflect.TypeFor[time.Time]() {
		v.Set(reflect.ValueOf(time.Unix(r.Int64N(4e9), r.Int64N(1e9)).UTC()))
		return
	}
	if v.Type() == reflect.TypeFor[json.RawMessage]() {
		object, _ := json.Marshal(map[string]string{"defaultAction": String(r)})
		v.SetBytes(object)
		return
	}
	switch v.Kind() {
	case reflect.Struct:
		if strings.HasPrefix(v.Type().Name(), "Opt[") {
			fillOpt(r, v)
			return
		}
		for i := range v.NumField() {
			if v.Type().Field(i).IsExported() {
				fill(r, v.Field(i))
			}
		}
	case reflect.Pointer:
		v.Set(reflect.New(v.Type().Elem()))
		fill(r, v.Elem())
	case reflect.Slice:
		v.SetZero()
		if n := r.IntN(5); n > 0 {
			v.Set(reflect.MakeSlice(v.Type(), n-1, n-1))
		}
		fillEach(r, v)
	case reflect.Array:
		fillEach(r, v)
	case reflect.Map:
		v.SetZero()
		for range r.IntN(3) {
			if v.IsNil() {
				v.Set(reflect.MakeMap(v.Type()))
			}
			key, elem := reflect.New(v.Type().Key()).Elem(), reflect.New(v.Type().Elem()).Elem()
			fill(r, key)
			fill(r, elem)
			v.SetMapIndex(key, elem)
		}
	case reflect.String:
		v.SetString(String(r))
	case reflect.Bool:
		v.SetBool(r.IntN(2) == 0)
	case reflect.Int, reflect.Int64:
		v.SetInt(r.Int64() >> r.IntN(64))
	default:
		v.SetUint(r.Uint64() >> (64 - v.Type().Bits()) >> r.IntN(v.Type().Bits()))
	}
}

func fillEach(r *rand.Rand, v reflect.Value) {
	for i := range v.Len() {
		fill(r, v.Index(i))
	}
}

// fillOpt goes through JSON, the way into an Opt that any type has.
func fillOpt(r *rand.Rand, v reflect.Value) {
	v.SetZero()
	if r.IntN(4) == 0 {
		return
	}
	value := reflect.New(v.Field(0).Type())
	fill(r, value.Elem())
	b, err := json.Marshal(value.Interface())
	if err == nil && string(b) == "null" {
		b = []byte("[]")
	}
	if err == nil {
		err = v.Addr().Interface().(json.Unmarshaler).UnmarshalJSON(b)
	}
	if err != nil {
		panic(err)
	}
}

var pieces = []string{"a", "Nginx", " ", "/usr/bin/", `"`, `\`, "\n", "\x00", "\x1b[31m", "\x7f", "<&>", "é", "\u202e", "\u2028", "\u009b", "\ufffd", "😀", "\uffff", "docker"}

// String is a few pieces of text, hostile ones among them.
func String(r *rand.Rand) string {
	var b strings.Builder
	for range r.IntN(5) {
		b.WriteString(pieces[r.IntN(len(pieces))])
	}
	return b.String()
}
