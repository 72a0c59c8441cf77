package snapshot

import (
	"capview/inspect"
	"capview/inspect/caps"
	"capview/inspect/filecap"
	"capview/nsinfo"
)

// process appends p with the keys of inspect.Process, in their order.
func (a *appender) process(p *inspect.Process) {
	a.raw(`{"pid":`)
	a.int(int64(p.PID))
	a.raw(`,"start_time":`)
	a.uint(p.StartTime)
	a.raw(`,"ppid":`)
	a.int(int64(p.PPID))
	a.raw(`,"comm":`)
	a.str(p.Comm)
	a.raw(`,"kernel_thread":`)
	a.bool(p.KernelThread)
	a.raw(`,"state":`)
	a.str(p.State)
	a.program(p)
	a.identity(p)
	again(a, &a.before.creds, &p.Creds, (*appender).creds)
	a.raw(`,"namespaces":`)
	againOpt(a, &a.before.spaces, &p.Namespaces, (*appender).namespaces)
	a.raw(`,"file_caps":`)
	againOpt(a, &a.before.fileCaps, &p.FileCaps, (*appender).fileCaps)
	a.place(p)
	a.raw(`,"gaps":`)
	list(a, p.Gaps, (*appender).gap)
	a.raw(`}`)
}

func (a *appender) program(p *inspect.Process) {
	a.raw(`,"cmdline":`)
	opt(a, p.Cmdline, func(a *appender, args []string) {
		list(a, args, func(a *appender, s *string) { a.str(*s) })
	})
	a.raw(`,"exe":`)
	againOpt(a, &a.before.exe, &p.Exe, (*appender).str)
	a.raw(`,"exe_file":`)
	againOpt(a, &a.before.file, &p.ExeFile, (*appender).exeFile)
}

func (a *appender) identity(p *inspect.Process) {
	a.raw(`,"user":`)
	opt(a, p.User, (*appender).str)
	a.raw(`,"uid":`)
	againOpt(a, &a.before.uid, &p.UID, (*appender).ids)
	a.raw(`,"gid":`)
	againOpt(a, &a.before.gid, &p.GID, (*appender).ids)
	a.raw(`,"groups":`)
	opt(a, p.Groups, func(a *appender, gs []uint32) {
		list(a, gs, func(a *appender, g *uint32) { a.uint(uint64(*g)) })
	})
}

func (a *appender) place(p *inspect.Process) {
	a.raw(`,"cgroup":`)
	opt(a, p.Cgroup, (*appender).str)
	a.raw(`,"container":`)
	a.str(p.Container)
	if p.Nested != "" {
		a.raw(`,"nested":`)
		a.str(p.Nested)
	}
	a.raw(`,"role":`)
	a.str(string(p.Role))
	if p.Entered != "" {
		a.raw(`,"entered":`)
		a.str(p.Entered)
	}
	if p.Outside {
		a.raw(`,"outside":true`)
	}
	a.raw(`,"thread_count":`)
	a.int(int64(p.ThreadCount))
	a.raw(`,"threads":`)
	list(a, p.Threads, (*appender).thread)
	if p.Status != "" {
		a.raw(`,"status":`)
		a.str(p.Status)
	}
}

// creds appends the keys of Creds, a comma before each.
func (a *appender) creds(c inspect.Creds) {
	a.raw(`,"caps":`)
	opt(a, c.Caps, (*appender).capSets)
	a.raw(`,"no_new_privs":`)
	opt(a, c.NoNewPrivs, (*appender).bool)
	a.raw(`,"seccomp":`)
	opt(a, c.Seccomp, (*appender).seccomp)
	a.raw(`,"securebits":`)
	opt(a, c.SecureBits, func(a *appender, bits uint32) { a.uint(uint64(bits)) })
}

func (a *appender) capSets(s caps.Sets) {
	a.mask(`{"inheritable":"`, s.Inheritable)
	a.mask(`","permitted":"`, s.Permitted)
	a.mask(`","effective":"`, s.Effective)
	a.mask(`","bounding":"`, s.Bounding)
	a.mask(`","ambient":"`, s.Ambient)
	a.raw(`"}`)
}

func (a *appender) mask(before string, s caps.Set) {
	a.raw(before)
	a.b = s.AppendHex(a.b)
}

func (a *appender) seccomp(s inspect.Seccomp) {
	a.raw(`{"mode":`)
	a.str(string(s.Mode))
	a.raw(`,"filters":`)
	opt(a, s.Filters, func(a *appender, n int) { a.int(int64(n)) })
	a.raw(`,"profile":`)
	opt(a, s.Profile, (*appender).str)
	a.raw(`,"stack":`)
	opt(a, s.Stack, (*appender).stack)
	a.raw(`}`)
}

func (a *appender) stack(s inspect.FilterStack) {
	list(a, s.Hashes(), func(a *appender, h *string) { a.str(*h) })
}

func (a *appender) ids(i inspect.IDs) {
	a.raw(`{"real":`)
	a.uint(uint64(i.Real))
	a.raw(`,"effective":`)
	a.uint(uint64(i.Effective))
	a.raw(`,"saved":`)
	a.uint(uint64(i.Saved))
	a.raw(`,"fs":`)
	a.uint(uint64(i.FS))
	a.raw(`}`)
}

func (a *appender) exeFile(f inspect.ExeFile) {
	a.raw(`{"device":`)
	a.uint(f.Device)
	a.raw(`,"inode":`)
	a.uint(f.Inode)
	a.raw(`,"ctime":`)
	a.int(f.Ctime)
	a.raw(`,"mode":`)
	a.uint(uint64(f.Mode))
	a.raw(`,"uid":`)
	a.uint(uint64(f.UID))
	a.raw(`,"gid":`)
	a.uint(uint64(f.GID))
	a.raw(`,"nosuid":`)
	opt(a, f.NoSUID, (*appender).bool)
	a.raw(`}`)
}

func (a *appender) namespaces(s nsinfo.Set) {
	for t, inode := range s {
		if t == 0 {
			a.raw(`{"`)
		} else {
			a.raw(`,"`)
		}
		a.raw(nsinfo.Type(t).String())
		a.raw(`":`)
		if inode == 0 {
			a.raw("null")
		} else {
			a.uint(inode)
		}
	}
	a.raw(`}`)
}

func (a *appender) fileCaps(c filecap.Caps) {
	a.raw(`{"revision":`)
	a.int(int64(c.Revision))
	a.raw(`,"text":`)
	a.str(c.Text)
	a.raw(`,"rootid":`)
	a.uint(uint64(c.RootID))
	a.raw(`,"effective":`)
	a.bool(c.Effective)
	a.mask(`,"permitted":"`, c.Permitted)
	a.mask(`","inheritable":"`, c.Inheritable)
	a.raw(`"}`)
}

func (a *appender) thread(t *inspect.Thread) {
	a.raw(`{"tid":`)
	a.int(int64(t.TID))
	a.raw(`,"comm":`)
	a.str(t.Comm)
	a.raw(`,"uid":`)
	opt(a, t.UID, (*appender).ids)
	a.raw(`,"gid":`)
	opt(a, t.GID, (*appender).ids)
	again(a, &a.before.creds, &t.Creds, (*appender).creds)
	a.raw(`}`)
}

func (a *appender) gap(g *inspect.Gap) {
	a.raw(`{"subject":`)
	a.str(g.Subject)
	a.raw(`,"what":`)
	a.str(g.What)
	a.raw(`,"why":`)
	a.str(g.Why)
	a.raw(`}`)
}
