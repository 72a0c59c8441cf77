package inspect

// UserName is the host's name of a uid, as far as a process that runs under it tells; false where none does.
func (ix *Index) UserName(uid uint32) (string, bool) {
	name, ok := ix.names[uid]
	return name, ok
}

func userNames(ps []*Process) map[uint32]string {
	names := make(map[uint32]string)
	for i := range ps {
		ids, ok := ps[i].UID.Get()
		if !ok {
			continue
		}
		if _, have := names[ids.Effective]; have {
			continue
		}
		if name, named := ps[i].User.Get(); named {
			names[ids.Effective] = name
		}
	}
	return names
}
