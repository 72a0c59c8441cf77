package seccomp

import (
	"math"
	"slices"
)

// tree is a decision as it is worked out: a test and what follows where it holds and where not, or an action. Trees that
// are the same are the same number, so that a test on which nothing depends drops out.
type tree int32

type node struct {
	test    Test
	yes, no tree
	action  Action
	leaf    bool
}

// forest holds trees.
type forest struct {
	nodes []node
	index map[node]tree
}

// clear forgets every tree.
func (f *forest) clear() {
	f.nodes = f.nodes[:0]
	clear(f.index)
}

func (f *forest) intern(n node) tree {
	if known, ok := f.index[n]; ok {
		return known
	}
	if f.index == nil {
		f.index = map[node]tree{}
	}
	f.nodes = append(f.nodes, n)
	at := tree(len(f.nodes) - 1)
	f.index[n] = at
	return at
}

// unindexed is how many of the first trees, if they are leaves, are found without the index: most decisions have no more.
const unindexed = 4

// leaf is an action's tree.
func (f *forest) leaf(a Action) tree {
	leaf := node{action: a, leaf: true}
	for i, n := range f.nodes[:min(len(f.nodes), unindexed)] {
		if n == leaf {
			return tree(i)
		}
	}
	if len(f.nodes) < unindexed {
		f.nodes = append(f.nodes, leaf)
		return tree(len(f.nodes) - 1)
	}
	return f.intern(leaf)
}

func (f *forest) fork(t Test, yes, no tree) tree {
	if yes == no {
		return yes
	}
	if t.Op == NotEqual || t.Op == Less || t.Op == LessEqual {
		t, yes, no = t.not(), no, yes
	}
	return f.intern(node{test: t, yes: yes, no: no})
}

// paths lists the ways through a tree, nil where they have more than decideTests tests together.
func (f *forest) paths(of tree) []Path {
	var paths []Path
	var tests []Test
	left := decideTests
	var walk func(tree)
	walk = func(at tree) {
		n := f.nodes[at]
		if n.leaf {
			path := Path{distilled(tests), n.action}
			left -= len(path.Tests)
			paths = append(paths, path)
		}
		if n.leaf || left < 0 {
			return
		}
		tests = append(tests, n.test)
		walk(n.yes)
		tests[len(tests)-1] = n.test.not()
		walk(n.no)
		tests = tests[:len(tests)-1]
	}
	walk(of)
	if left < 0 {
		return nil
	}
	return paths
}

// distilled is a copy of tests that can hold, without those of words that another one fixes.
func distilled(tests []Test) []Test {
	var fixed [Words]bool
	fixes := func(t Test) bool { return t.Op == Equal && t.Mask == math.MaxUint32 }
	for _, t := range tests {
		fixed[t.Word] = fixed[t.Word] || fixes(t)
	}
	kept := make([]Test, 0, len(tests))
	for _, t := range tests {
		if !fixed[t.Word] || fixes(t) {
			kept = append(kept, t)
		}
	}
	return slices.Clip(kept)
}
