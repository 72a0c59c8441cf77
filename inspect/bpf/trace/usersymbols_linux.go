package trace

import "capview/inspect"

type userSymbols struct{ root string }

func newUserSymbols(root string) *userSymbols { return &userSymbols{root} }

func (u *userSymbols) name(inspect.ProcessID, []inspect.Frame) {}
