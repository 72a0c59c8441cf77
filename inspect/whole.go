package inspect

// Required is the keys of its JSON object that cannot be left out: see fact.Opt.
func (IDs) Required() []string { return []string{"real", "effective", "saved", "fs"} }

// Required is the keys of its JSON object that cannot be left out: see fact.Opt.
func (Seccomp) Required() []string { return []string{"mode"} }

// Required is the keys of its JSON object that cannot be left out: see fact.Opt.
func (ExeFile) Required() []string {
	return []string{"device", "inode", "ctime", "mode", "uid", "gid"}
}
