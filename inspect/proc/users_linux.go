package proc

import (
	"os/user"
	"strconv"
	"sync"
	"sync/atomic"
	"time"
)

// userNames names uids as the host does; what it has learned it keeps for a minute.
type userNames struct {
	mu    sync.RWMutex
	names map[uint32]string
	since time.Time
	times atomic.Uint64 // how often what was learned was forgotten
}

func newUserNames() *userNames { return &userNames{names: map[uint32]string{}} }

// refresh forgets names that may have changed.
func (u *userNames) refresh() {
	u.mu.Lock()
	defer u.mu.Unlock()
	if time.Since(u.since) > time.Minute {
		clear(u.names)
		u.since = time.Now()
		u.times.Add(1)
	}
}

// name is the user's name, or the number where the host has none for it.
func (u *userNames) name(uid uint32) string {
	u.mu.RLock()
	name, ok := u.names[uid]
	u.mu.RUnlock()
	if ok {
		return name
	}
	name = strconv.FormatUint(uint64(uid), 10)
	if found, err := user.LookupId(name); err == nil && found.Username != "" {
		name = found.Username
	}
	u.mu.Lock()
	defer u.mu.Unlock()
	u.names[uid] = name
	return name
}
