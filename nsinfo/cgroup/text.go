package cgroup

import "strings"

const idLen = 64

// isID tells whether s is an OCI engine's full container id.
func isID(s string) bool { return len(s) == idLen && isHex(s) }

// isHex tells whether s has only lower-case hexadecimal digits.
func isHex(s string) bool {
	for _, c := range []byte(s) {
		if (c < '0' || c > '9') && (c < 'a' || c > 'f') {
			return false
		}
	}
	return s != ""
}

func isNumber(s string) bool { return strings.Trim(s, "0123456789") == "" && s != "" }

// isUUID tells whether s is 8-4-4-4-12 lower-case hexadecimal digits.
func isUUID(s string) bool {
	if len(s) != 36 {
		return false
	}
	for i, n := range [...]int{8, 4, 4, 4, 12} {
		if i > 0 && s[0] != '-' {
			return false
		}
		if i > 0 {
			s = s[1:]
		}
		if !isHex(s[:n]) {
			return false
		}
		s = s[n:]
	}
	return true
}

// isBuild tells whether s is a BuildKit step's id: 25 digits to base 36 (identity.NewID).
func isBuild(s string) bool {
	return len(s) == 25 && strings.Trim(s, "0123456789abcdefghijklmnopqrstuvwxyz") == ""
}

// isWord tells whether s can be a runtime's name in a unit's.
func isWord(s string) bool {
	return s != "" && len(s) <= 32 && strings.Trim(s, "0123456789abcdefghijklmnopqrstuvwxyz_-") == ""
}

// between is what s has between prefix and suffix; "" where it does not have both.
func between(s, prefix, suffix string) string {
	s, ok := strings.CutPrefix(s, prefix)
	if !ok {
		return ""
	}
	s, ok = strings.CutSuffix(s, suffix)
	if !ok {
		return ""
	}
	return s
}
