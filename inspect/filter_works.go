package inspect

import (
	"fmt"
	"strings"

	"capview/inspect/caps"
	"capview/inspect/fact"
	"capview/inspect/rules"
)

// worksNowhere stands for no place: the value for capabilities that are held in vain.
const worksNowhere = "nowhere"

// worksPlaces is the words for where a capability works.
var worksPlaces = map[string]rules.Where{
	"host": rules.WhereHost, "net": rules.WhereNet, "mnt": rules.WhereMount, "uts": rules.WhereUTS, "ipc": rules.WhereIPC,
	"pid": rules.WherePID, "time": rules.WhereTime, "self": rules.WhereSelf, worksNowhere: 0,
}

// compileWorks: a place is any effective capability that works there; a capability is it working anywhere; or both.
func compileWorks(v value) (test, error) {
	name, place, both := strings.Cut(strings.ToLower(v.text), "@")
	where, isPlace := worksPlaces[place]
	if !both {
		where, isPlace = worksPlaces[name]
	}
	switch {
	case v.regexp || both && !isPlace:
		return nil, fmt.Errorf("%q is not a capability, a place (host, net, self, nowhere) or both, as in sys_time@host", v.text)
	case isPlace && !both:
		return worksTest(^caps.Set(0), where), nil
	}
	if !both {
		where = ^rules.Where(0)
	}
	v.text = name
	c, err := v.capability()
	return worksTest(caps.Of(c), where), err
}

// worksTest asks whether an effective one of some works on where.
func worksTest(some caps.Set, where rules.Where) test {
	return func(ix *Index, p *Process) fact.Answer {
		return anyThread(p, func(c *Creds) fact.Answer {
			sets, known := c.Caps.Get()
			if !known {
				return fact.Unknown
			}
			reach, answer := ix.reachWith(p, sets.Effective), fact.No
			(sets.Effective & some).Each(func(c caps.Cap) { answer = answer.Or(worksOn(reach.Works(c), where)) })
			return answer
		})
	}
}

// worksOn tells whether w is on where; with no place, whether it is on none.
func worksOn(w rules.Works, where rules.Where) fact.Answer {
	if where == 0 {
		return w.On(^rules.Where(0)).Not()
	}
	return w.On(where)
}
