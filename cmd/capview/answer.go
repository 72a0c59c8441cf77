package main

import (
	"encoding/json"
	"fmt"
	"strings"

	"capview/inspect"
	"capview/inspect/caps"
	"capview/inspect/fact"
	"capview/inspect/rules"
	"capview/ui/view"
)

// answered is an answer to one question about one subject.
type answered struct {
	subject
	Action string // of can
	File   string // of exec
	rules.Result
}

// MarshalJSON writes who was asked about and what, and then the answer: one object.
func (q answered) MarshalJSON() ([]byte, error) {
	who, err := json.Marshal(struct {
		Container string `json:"container,omitempty"`
		PIDs      []int  `json:"pids"`
		Action    string `json:"action,omitempty"`
		File      string `json:"file,omitempty"`
	}{q.Container, q.PIDs, q.Action, q.File})
	if err != nil {
		return nil, err
	}
	answer, err := json.Marshal(q.Result)
	if err != nil {
		return nil, err
	}
	return append(append(who[:len(who)-1], ','), answer[1:]...), nil
}

// writeAnswers writes what was answered, and ends with the exit status: no where one is no, else cannot tell where one is.
func (a *app) writeAnswers(ix *inspect.Index, form string, all []answered) error {
	var err error
	switch {
	case form == "table":
		a.writeAnswerTexts(ix, all)
	case form == "json" && len(all) == 1:
		err = writeJSON(a.out, all[0])
	default:
		err = writeLines(a.out, all)
	}
	if err != nil {
		return err
	}
	total := fact.Yes
	for _, q := range all {
		total = total.And(q.Answer)
	}
	return answer(map[fact.Answer]int{fact.Yes: exitYes, fact.No: exitNo, fact.Unknown: exitUnknown}[total])
}

func (a *app) writeAnswerTexts(ix *inspect.Index, all []answered) {
	t := answerText{width: a.width(), style: a.style()}
	for i, q := range all {
		if i > 0 {
			t.line("")
		}
		if q.Container != "" && (i == 0 || all[i-1].p != q.p) {
			t.wrapped("", view.Plain, q.who(ix))
		}
		t.question(q)
	}
	a.out.WriteString(t.b.String())
}

// answerText lays answers out for people.
type answerText struct {
	b     strings.Builder
	width int
	style view.Style
}

func (t *answerText) line(text string) { t.b.WriteString(text + "\n") }

// wrapped writes a text in lines, indented.
func (t *answerText) wrapped(indent string, role view.Role, text string) {
	width := t.width - len(indent)
	if t.width <= 0 {
		width = 0
	}
	for _, l := range view.Wrap(view.Clean(text), width) {
		t.line(indent + t.styled(role, l))
	}
}

func (t *answerText) styled(role view.Role, text string) string {
	if t.style == nil {
		return text
	}
	return t.style(role, text)
}

var answerRoles = map[fact.Answer]view.Role{fact.Yes: view.Good, fact.No: view.Notice, fact.Unknown: view.Gone}

func (t *answerText) question(q answered) {
	what := q.Action
	if q.File != "" {
		what = "exec " + q.File
	}
	t.line(t.styled(view.Heading, view.Clean(what)) + ": " + t.styled(answerRoles[q.Answer], verdict(q.Answer, q.Errno)))
	t.steps("  ", q.Steps)
	if q.After != nil {
		t.after("  ", *q.After)
	}
	for _, o := range q.Outcomes {
		t.wrapped("  ", view.Notice, "if "+o.If+": "+verdict(o.Answer, o.Errno))
		t.steps("    ", o.Steps)
		if o.After != nil {
			t.after("    ", *o.After)
		}
	}
	t.part("what would allow it:", q.Remedies)
	t.words("not known: ", q.Gaps)
	t.words("not looked at: ", q.Unmodelled)
}

func verdict(a fact.Answer, errno rules.Errno) string {
	switch {
	case a == fact.Unknown:
		return "cannot tell"
	case a == fact.No && errno != "":
		return "no, " + string(errno)
	}
	return a.String()
}

func (t *answerText) steps(indent string, steps []rules.Step) {
	for _, s := range steps {
		lines := view.Wrap(view.Clean(s.Because), max(t.width-len(indent)-2, 0))
		for i, l := range lines {
			mark := "  "
			if i == 0 {
				mark = "- "
			}
			t.line(indent + mark + l)
		}
		t.wrapped(indent+"    ", view.Muted, s.Source)
	}
}

// after shows the credentials an execve leaves.
func (t *answerText) after(indent string, c rules.Creds) {
	full := caps.Full(caps.Last)
	t.wrapped(indent, view.Plain, fmt.Sprintf("after: uid %d, gid %d", c.UID.Effective, c.GID.Effective))
	for _, s := range []struct {
		name string
		set  caps.Set
	}{
		{"effective", c.Caps.Effective}, {"permitted", c.Caps.Permitted}, {"inheritable", c.Caps.Inheritable},
		{"bounding", c.Caps.Bounding}, {"ambient", c.Caps.Ambient},
	} {
		t.line(fmt.Sprintf("%s  %-12s %s", indent, s.name, s.set.Cell(full)))
	}
}

func (t *answerText) part(title string, remedies []rules.Remedy) {
	if len(remedies) == 0 {
		return
	}
	t.line("  " + title)
	for _, r := range remedies {
		t.wrapped("  - ", view.Accent, r.What)
		t.wrapped("      ", view.Muted, r.How)
	}
}

func (t *answerText) words(title string, words []string) {
	if len(words) > 0 {
		t.wrapped("  ", view.Muted, title+strings.Join(words, "; "))
	}
}
