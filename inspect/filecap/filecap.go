// Package filecap reads the security.capability extended attribute: a file's capabilities
// (capabilities(7), "File capabilities"; include/uapi/linux/capability.h struct vfs_cap_data).
package filecap

import "capview/inspect/caps"

// Caps is what a security.capability attribute says. Revision 0 means the file has none.
type Caps struct {
	Revision    int      `json:"revision"` // VFS_CAP_REVISION_1 to 3
	Text        string   `json:"text"`     // as getcap prints it, without the file name and rootid
	RootID      uint32   `json:"rootid"`   // revision 3: the uid, in the reader's user namespace, that is root where it counts
	Effective   bool     `json:"effective"`
	Permitted   caps.Set `json:"permitted"`
	Inheritable caps.Set `json:"inheritable"`
}
