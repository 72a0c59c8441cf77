package inspect

import "capview/nsinfo"

// HostNamespaces is the namespaces the host itself lives in, as far as they can be told from its processes; 0 unknown.
func (ix *Index) HostNamespaces() nsinfo.Set {
	set := hostSpaces(ix.Process)
	if ix.Host.UserNamespace != 0 {
		set[nsinfo.UserNS] = ix.Host.UserNamespace
	}
	return set
}
