package fact

import (
	"bytes"
	"fmt"
	"slices"
)

// whole is what a type has whose JSON object means nothing in part: without the keys it returns, the object would claim
// their zero values ("no capabilities") where it says nothing.
type whole interface{ Required() []string }

// checkWhole tells which key that v requires is not in the JSON object b, or is null there. B is valid JSON.
func checkWhole(v any, b []byte) error {
	w, ok := v.(whole)
	if !ok {
		return nil
	}
	missing := slices.Clone(w.Required())
	eachMember(b, func(key []byte, null bool) {
		if i := slices.Index(missing, string(key)); i >= 0 && !null {
			missing = slices.Delete(missing, i, i+1)
		}
	})
	if len(missing) > 0 {
		return fmt.Errorf("%q is missing: a fact that is not known is null as a whole", missing[0])
	}
	return nil
}

// eachMember calls each with every key of the object that b is, as written, and whether its value is null. B is valid JSON.
func eachMember(b []byte, each func(key []byte, null bool)) {
	depth, isKey := 0, false
	for i := 0; i < len(b); i++ {
		switch b[i] {
		case '{', '[':
			depth++
			isKey = depth == 1
		case '}', ']':
			depth--
		case ',':
			isKey = depth == 1
		case '"':
			end := stringEnd(b, i)
			if isKey {
				value := bytes.TrimLeft(b[end+1:], ": \t\r\n")
				each(b[i+1:end], bytes.HasPrefix(value, []byte("null")))
			}
			i, isKey = end, false
		}
	}
}

// stringEnd is where the string that begins at b[i] has its closing quote.
func stringEnd(b []byte, i int) int {
	for i++; b[i] != '"'; i++ {
		if b[i] == '\\' {
			i++
		}
	}
	return i
}
