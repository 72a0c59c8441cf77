// Command svg draws a terminal's screen, as "tmux capture-pane -e -p" prints it, as a picture: text in cells, with
// the sixteen colours, bold, dim, underline and reverse of its SGR sequences.
//
//	tmux capture-pane -e -p | go run ./demo/svg >screen.svg
package main

import (
	"bufio"
	"fmt"
	"html"
	"io"
	"os"
	"strconv"
	"strings"
	"unicode/utf8"
)

func main() {
	if err := draw(os.Stdout, os.Stdin); err != nil {
		fmt.Fprintln(os.Stderr, "svg:", err)
		os.Exit(1)
	}
}

// A cell's size in pixels at the font size.
const (
	fontSize   = 14
	cellWidth  = 8.43
	cellHeight = 18
	margin     = 12
)

const (
	background = 16 + iota // indexes after the sixteen colours
	foreground
)

var palette = [...]string{
	"#1c1f26", "#e06c75", "#98c379", "#e5c07b", "#61afef", "#c678dd", "#56b6c2", "#c8ccd4",
	"#7f848e", "#ff7b86", "#b5e890", "#ffd68a", "#82c7ff", "#dd9af0", "#7fd8e4", "#ffffff",
	background: "#1c1f26", foreground: "#c8ccd4",
}

// look is what SGR sequences set.
type look struct {
	fg, bg                        int
	bold, dim, underline, reverse bool
}

var plain = look{fg: foreground, bg: background}

// run is neighbouring cells of one look.
type run struct {
	look
	column int
	text   string
}

func (r run) width() float64 { return float64(utf8.RuneCountInString(r.text)) * cellWidth }

func draw(w io.Writer, r io.Reader) error {
	var lines [][]run
	columns := 0
	state := plain
	scanner := bufio.NewScanner(r)
	for scanner.Scan() {
		var runs []run
		runs, state = parse(scanner.Text(), state)
		lines = append(lines, runs)
		if n := len(runs); n > 0 {
			columns = max(columns, runs[n-1].column+utf8.RuneCountInString(runs[n-1].text))
		}
	}
	if err := scanner.Err(); err != nil {
		return err
	}
	out := bufio.NewWriter(w)
	width, height := float64(columns)*cellWidth+2*margin, len(lines)*cellHeight+2*margin
	fmt.Fprintf(out, `<svg xmlns="http://www.w3.org/2000/svg" width="%.0f" height="%d" viewBox="0 0 %.0f %d" font-family="ui-monospace,'DejaVu Sans Mono',Menlo,Consolas,monospace" font-size="%d">`+"\n", width, height, width, height, fontSize)
	fmt.Fprintf(out, `<rect width="100%%" height="100%%" rx="6" fill="%s"/>`+"\n", palette[background])
	for i, runs := range lines {
		for _, r := range runs {
			r.draw(out, i)
		}
	}
	fmt.Fprintln(out, "</svg>")
	return out.Flush()
}

func (r run) draw(w io.Writer, line int) {
	x, y := margin+float64(r.column)*cellWidth, margin+line*cellHeight
	fg, bg := r.fg, r.bg
	if r.reverse {
		fg, bg = bg, fg
	}
	if bg != background {
		fmt.Fprintf(w, `<rect x="%.1f" y="%d" width="%.1f" height="%d" fill="%s"/>`+"\n", x, y, r.width(), cellHeight, palette[bg])
	}
	if strings.TrimSpace(r.text) == "" && !r.underline {
		return
	}
	style := ""
	if r.bold {
		style += ` font-weight="bold"`
	}
	if r.dim {
		style += ` opacity="0.65"`
	}
	if r.underline {
		style += ` text-decoration="underline"`
	}
	fmt.Fprintf(w, `<text x="%.1f" y="%d" textLength="%.1f" xml:space="preserve" fill="%s"%s>%s</text>`+"\n", x, y+fontSize, r.width(), palette[fg], style, html.EscapeString(r.text))
}

// parse parts a line into runs; state is the look that the line before ended with.
func parse(line string, state look) ([]run, look) {
	var runs []run
	column := 0
	for line != "" {
		if rest, ok := strings.CutPrefix(line, "\x1b["); ok {
			end := strings.IndexByte(rest, 'm')
			if end < 0 {
				return runs, state
			}
			state, line = state.set(rest[:end]), rest[end+1:]
			continue
		}
		end := strings.IndexByte(line, '\x1b')
		switch {
		case end < 0:
			end = len(line)
		case end == 0: // another sequence: only its ESC is passed over
			line = line[1:]
			continue
		}
		runs = append(runs, run{state, column, line[:end]})
		column += utf8.RuneCountInString(line[:end])
		line = line[end:]
	}
	return runs, state
}

// set is the look after one SGR sequence (console_codes(4)).
func (l look) set(parameters string) look {
	codes := strings.FieldsFunc(parameters, func(r rune) bool { return r == ';' || r == ':' })
	if len(codes) == 0 {
		return plain
	}
	for i := 0; i < len(codes); i++ {
		code, _ := strconv.Atoi(codes[i])
		switch {
		case code == 0:
			l = plain
		case code == 1:
			l.bold = true
		case code == 2:
			l.dim = true
		case code == 4:
			l.underline = true
		case code == 7:
			l.reverse = true
		case code == 22:
			l.bold, l.dim = false, false
		case code == 24:
			l.underline = false
		case code == 27:
			l.reverse = false
		case code >= 30 && code <= 37:
			l.fg = code - 30
		case code == 39:
			l.fg = foreground
		case code >= 40 && code <= 47:
			l.bg = code - 40
		case code == 49:
			l.bg = background
		case code >= 90 && code <= 97:
			l.fg = code - 90 + 8
		case code >= 100 && code <= 107:
			l.bg = code - 100 + 8
		case (code == 38 || code == 48) && i+2 < len(codes) && codes[i+1] == "5":
			colour, _ := strconv.Atoi(codes[i+2])
			i += 2
			if colour > 15 {
				colour = foreground
			}
			if code == 38 {
				l.fg = colour
			} else {
				l.bg = colour
			}
		}
	}
	return l
}
