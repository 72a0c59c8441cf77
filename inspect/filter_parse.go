package inspect

import (
	"fmt"
	"strings"
	"unicode/utf8"
)

// maxFilter bounds an expression, in bytes.
const maxFilter = 4096

// ParseFilter parses the filter language (see Filter); its errors are *FilterError.
func ParseFilter(expr string) (Filter, error) {
	if len(expr) > maxFilter {
		return Filter{}, &FilterError{expr, maxFilter, fmt.Sprintf("longer than %d bytes", maxFilter)}
	}
	p := filterParser{expr: expr}
	f := Filter{expr: strings.TrimSpace(expr)}
	for p.skipSpace(); p.pos < len(expr); p.skipSpace() {
		t, err := p.term()
		if err != nil {
			return Filter{}, err
		}
		f.terms = append(f.terms, t)
	}
	return f, nil
}

// filterParser reads expr from pos on.
type filterParser struct {
	expr string
	pos  int
}

// value is one value as written: where it begins, whether "~" came before it.
type value struct {
	text   string
	pos    int
	regexp bool
}

func isFilterSpace(c byte) bool { return c == ' ' || c >= '\t' && c <= '\r' }

func (p *filterParser) skipSpace() {
	for p.pos < len(p.expr) && isFilterSpace(p.expr[p.pos]) {
		p.pos++
	}
}

func (p *filterParser) fail(pos int, format string, args ...any) *FilterError {
	return &FilterError{p.expr, pos, fmt.Sprintf(format, args...)}
}

// term reads "!"* [key ":"] value {"," value}.
func (p *filterParser) term() (term, error) {
	var t term
	for ; p.pos < len(p.expr) && p.expr[p.pos] == '!'; p.pos++ {
		t.not = !t.not
	}
	k, err := p.key()
	if err != nil {
		return t, err
	}
	for {
		v, err := p.value()
		if err != nil {
			return t, err
		}
		if v.text == "" {
			return t, p.missing(k, v.pos)
		}
		made, err := k.test(v)
		if err != nil {
			return t, p.fail(v.pos, "%s", err)
		}
		t.tests = append(t.tests, made)
		if p.pos == len(p.expr) || p.expr[p.pos] != ',' {
			return t, nil
		}
		p.pos++
	}
}

// missing is the error for a value that is not there.
func (p *filterParser) missing(k *filterKey, pos int) error {
	switch {
	case k.Key != wordKey.Key:
		return p.fail(pos, "%s: needs a value, such as %s", k.Key, k.Example)
	case pos > 0 && p.expr[pos-1] == '!':
		return p.fail(pos, "nothing after ! to negate")
	}
	return p.fail(pos, "a value is missing here")
}

// key reads a key and its colon. What comes before a colon is a key where it is letters only; else it is a word like
// "docker.io/library/nginx:1.27".
func (p *filterParser) key() (*filterKey, error) {
	rest := p.expr[p.pos:]
	n := 0
	for n < len(rest) && (rest[n]|0x20 >= 'a' && rest[n]|0x20 <= 'z' || rest[n] == '_') {
		n++
	}
	if n == 0 || n == len(rest) || rest[n] != ':' {
		return &wordKey, nil
	}
	name := strings.ToLower(rest[:n])
	for i := range filterKeys {
		if filterKeys[i].Key == name {
			p.pos += n + 1
			return &filterKeys[i], nil
		}
	}
	msg := fmt.Sprintf("unknown key %q", rest[:n])
	if near := nearestKey(name); near != "" {
		return nil, p.fail(p.pos, "%s: did you mean %s:? (a word with a colon needs quotes)", msg, near)
	}
	return nil, p.fail(p.pos, "%s: the keys are %s (a word with a colon needs quotes)", msg, keyNames())
}

// value reads up to white space or a comma outside quotes.
func (p *filterParser) value() (value, error) {
	v := value{pos: p.pos}
	if p.pos < len(p.expr) && p.expr[p.pos] == '~' {
		v.regexp = true
		p.pos++
	}
	var b strings.Builder
	for p.pos < len(p.expr) {
		c := p.expr[p.pos]
		if c == ',' || isFilterSpace(c) {
			break
		}
		if c != '"' {
			b.WriteByte(c)
			p.pos++
		} else if err := p.quoted(&b); err != nil {
			return v, err
		}
	}
	v.text = b.String()
	return v, nil
}

// quoted reads "..." with \" and \\; a backslash before anything else stays, for regular expressions.
func (p *filterParser) quoted(b *strings.Builder) error {
	open := p.pos
	for p.pos++; p.pos < len(p.expr); p.pos++ {
		c := p.expr[p.pos]
		switch {
		case c == '"':
			p.pos++
			return nil
		case c == '\\' && p.pos+1 < len(p.expr) && strings.IndexByte(`"\`, p.expr[p.pos+1]) >= 0:
			p.pos++
			c = p.expr[p.pos]
		}
		b.WriteByte(c)
	}
	return p.fail(open, `the quote is not closed: put a " after the value`)
}

// quoteValue writes s so that it parses as one value.
func quoteValue(s string) string {
	if s != "" && s[0] != '~' && !strings.ContainsFunc(s, needsQuote) {
		return s
	}
	return `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(s) + `"`
}

func needsQuote(r rune) bool {
	return r == ',' || r == '"' || r < utf8.RuneSelf && isFilterSpace(byte(r))
}
