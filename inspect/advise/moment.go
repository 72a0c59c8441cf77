package advise

import (
	"strings"

	"capview/inspect/caps"
)

// moments is a set of times at which a capability is asked for.
type moments uint8

const (
	atStart moments = 1 << iota
	atReload
	atLogin
	atShutdown
	atInstall
	atMaintenance // logs rotated, backups, debugging, checkpoints
)

var momentNames = [...]string{"start-up", "a reload", "a login", "shutdown", "the installation of software", "maintenance"}

// String lists them: "start-up, a reload or a login".
func (m moments) String() string {
	var names []string
	for i, name := range momentNames {
		if m>>i&1 == 1 {
			names = append(names, name)
		}
	}
	if len(names) < 2 {
		return strings.Join(names, "")
	}
	return strings.Join(names[:len(names)-1], ", ") + " or " + names[len(names)-1]
}

// momentsOf are the times at which programs commonly ask for c, where they commonly ask for it then alone. A capability
// that is not listed is asked for while a program does its work.
func momentsOf(c caps.Cap) moments { return rare[c] }

var rare = map[caps.Cap]moments{
	caps.Chown:             atStart | atInstall,     // an entrypoint gives directories to the service's user
	caps.DACOverride:       atStart | atMaintenance, // root reads keys that belong to others
	caps.DACReadSearch:     atStart | atMaintenance, // backups
	caps.FOwner:            atStart | atInstall,     // chmod of what was just given away
	caps.FSetID:            atInstall,
	caps.Kill:              atReload | atShutdown,        // a master signals workers of another user
	caps.SetGID:            atStart | atReload | atLogin, // privileges are dropped
	caps.SetUID:            atStart | atReload | atLogin,
	caps.SetPCap:           atStart | atLogin, // the bounding set is dropped
	caps.LinuxImmutable:    atMaintenance,
	caps.NetBindService:    atStart | atReload, // listening begins
	caps.NetAdmin:          atStart | atReload, // interfaces and rules are set up
	caps.IPCLock:           atStart,            // memory is locked once
	caps.SysModule:         atStart,
	caps.SysChroot:         atStart | atLogin,
	caps.SysPtrace:         atMaintenance,
	caps.SysPacct:          atStart | atShutdown,
	caps.SysAdmin:          atStart | atReload | atShutdown, // mounts
	caps.SysBoot:           atShutdown,
	caps.SysNice:           atStart,
	caps.SysResource:       atStart | atLogin, // limits are raised
	caps.SysTTYConfig:      atStart | atLogin,
	caps.Mknod:             atStart | atInstall,
	caps.AuditWrite:        atLogin,
	caps.AuditControl:      atStart | atLogin,
	caps.SetFCap:           atInstall,
	caps.MACAdmin:          atStart | atInstall,
	caps.AuditRead:         atStart,
	caps.PerfMon:           atMaintenance,
	caps.BPF:               atStart | atReload, // programs are loaded once
	caps.CheckpointRestore: atMaintenance,
	caps.IPCOwner:          atMaintenance, // ipcs, ipcrm
}
