package seccomp

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

func (f *forest) leaf(a Action) tree { return f.intern(node{action: a, leaf: true}) }

func (f *forest) fork(t Test, yes, no tree) tree {
	if yes == no {
		return yes
	}
	if t.Op == NotEqual || t.Op == Less || t.Op == LessEqual {
		t, yes, no = t.not(), no, yes
	}
	return f.intern(node{test: t, yes: yes, no: no})
}

// paths lists the ways through a tree.
func (f *forest) paths(of tree) []Path {
	var paths []Path
	var tests []Test
	var walk func(tree)
	walk = func(at tree) {
		n := f.nodes[at]
		if n.leaf {
			paths = append(paths, Path{Tests: append([]Test(nil), tests...), Action: n.action})
			return
		}
		tests = append(tests, n.test)
		walk(n.yes)
		tests[len(tests)-1] = n.test.not()
		walk(n.no)
		tests = tests[:len(tests)-1]
	}
	walk(of)
	return paths
}
