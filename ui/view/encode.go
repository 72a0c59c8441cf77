package view

import (
	"bufio"
	"bytes"
	"encoding/csv"
	"encoding/json"
	"io"
	"strings"
	"unicode/utf16"
	"unicode/utf8"
)

// WriteJSON writes an array of an object a row, its keys those of cols in their order, its values raw; null is unknown.
func WriteJSON[T any](w io.Writer, cols []Column[T], rows []T) error {
	var b bytes.Buffer
	b.WriteByte('[')
	for i, row := range rows {
		if i > 0 {
			b.WriteByte(',')
		}
		b.WriteString("\n  ")
		if err := appendObject(&b, cols, row); err != nil {
			return err
		}
	}
	if len(rows) > 0 {
		b.WriteByte('\n')
	}
	b.WriteString("]\n")
	_, err := w.Write(b.Bytes())
	return err
}

// WriteNDJSON writes the same objects, one a line.
func WriteNDJSON[T any](w io.Writer, cols []Column[T], rows []T) error {
	out := bufio.NewWriterSize(w, 1<<16)
	var b bytes.Buffer
	for _, row := range rows {
		b.Reset()
		if err := appendObject(&b, cols, row); err != nil {
			return err
		}
		b.WriteByte('\n')
		if _, err := out.Write(b.Bytes()); err != nil {
			return err
		}
	}
	return out.Flush()
}

func appendObject[T any](b *bytes.Buffer, cols []Column[T], row T) error {
	b.WriteByte('{')
	for i, c := range cols {
		if i > 0 {
			b.WriteByte(',')
		}
		key, err := json.Marshal(c.Key)
		if err != nil {
			return err
		}
		value, err := json.Marshal(c.Value(row))
		if err != nil {
			return err
		}
		b.Write(key)
		b.WriteByte(':')
		b.Write(SafeJSON(value))
	}
	b.WriteByte('}')
	return nil
}

// SafeJSON is a JSON text with every rune that Clean would escape written as \u: it decodes to the same, and printing
// it cannot drive a terminal. encoding/json lets DEL, C1 and the bidi controls through.
func SafeJSON(b []byte) []byte {
	at := firstHidden(b)
	if at == len(b) {
		return b
	}
	out := append(make([]byte, 0, len(b)+32), b[:at]...)
	for i := at; i < len(b); {
		r, n := utf8.DecodeRune(b[i:])
		switch {
		case !hidden(r) || r == utf8.RuneError && n == 1:
			out = append(out, b[i:i+n]...)
		case r > 0xffff:
			hi, lo := utf16.EncodeRune(r)
			out = appendEscape(appendEscape(out, hi), lo)
		default:
			out = appendEscape(out, r)
		}
		i += n
	}
	return out
}

// PlainJSON is SafeJSON without encoding/json's escapes for HTML: what it writes for "<", ">" and "&" is those again.
func PlainJSON(b []byte) []byte {
	out := make([]byte, 0, len(b))
	for i := 0; i < len(b); i++ {
		if b[i] != '\\' || i+1 == len(b) {
			out = append(out, b[i])
			continue
		}
		if c, ok := htmlEscapes[string(b[i:min(i+6, len(b))])]; ok {
			out = append(out, c)
			i += 5
			continue
		}
		out = append(out, b[i], b[i+1])
		i++
	}
	return SafeJSON(out)
}

var htmlEscapes = map[string]byte{`\u0026`: '&', `\u003c`: '<', `\u003e`: '>'}

// firstHidden is where the first rune to be escaped is, or the end.
func firstHidden(b []byte) int {
	for i := 0; i < len(b); {
		if c := b[i]; c >= ' ' && c < 0x7f {
			i++
			continue
		}
		r, n := utf8.DecodeRune(b[i:])
		if hidden(r) {
			return i
		}
		i += n
	}
	return len(b)
}

// hidden is true for runes to be escaped in JSON; white space between its tokens is not.
func hidden(r rune) bool { return r != '\n' && r != '\t' && r != '\r' && !shows(r) }

func appendEscape(b []byte, r rune) []byte {
	const digits = "0123456789abcdef"
	return append(b, '\\', 'u', digits[r>>12&15], digits[r>>8&15], digits[r>>4&15], digits[r&15])
}

// WriteCSV writes a line of keys and a line for each row, RFC 4180 with \n, of the cells as the table shows them.
// A cell that a spreadsheet would take for a formula (it begins with = + - or @; a lone "-" does not count) gets a
// single quote before it, as spreadsheets themselves mark text: a process chooses its own name.
func WriteCSV[T any](w io.Writer, cols []Column[T], rows []T) error {
	out := csv.NewWriter(w)
	if err := out.Write(Keys(cols)); err != nil {
		return err
	}
	record := make([]string, len(cols))
	for _, row := range rows {
		for i, c := range cols {
			record[i] = disarm(c.Cell(row).Text)
		}
		if err := out.Write(record); err != nil {
			return err
		}
	}
	out.Flush()
	return out.Error()
}

func disarm(s string) string {
	if t := strings.TrimLeft(s, " "); t != "" && t != notApplicable && strings.ContainsRune("=+-@", rune(t[0])) {
		return "'" + s
	}
	return s
}
