package upstream

import (
	"fmt"
	"strconv"
	"strings"
	"time"
)

// BalancerParams are what ProxyPass and ProxySet say about a balancer.
type BalancerParams struct {
	LBMethod         string // "byrequests", "bytraffic", "bybusyness"
	MaxAttempts      int    // -1: one less than the members, at least 1
	NoFailover       bool
	StickySession    string // cookie name
	StickyPath       string // name in the path or query; the same unless "cookie|path" was written
	StickySep        byte   // between session id and route; 0: none
	ScolonPathDelim  bool
	Timeout          time.Duration // wait for a usable member
	FailOnStatus     []int
	FailOnTimeout    bool
	Nonce            string // "": made up; "None": not checked
	Growth           int
	NoForcedRecovery bool // forcerecovery=Off
	Mapping          string
}

// DefaultBalancerParams are those of a balancer about which nothing is said.
func DefaultBalancerParams() BalancerParams {
	return BalancerParams{LBMethod: "byrequests", MaxAttempts: -1, StickySep: '.'}
}

// SetParam sets one key=value of a balancer; an error names what was expected, or the nearest known key.
func (p *BalancerParams) SetParam(key, value string) error {
	return setParam(BalancerParamTable(), p, key, value)
}

// BalancerParamTable lists the parameters of balancers.
func BalancerParamTable() []Param[BalancerParams] { return balancerParams }

var balancerParams = []Param[BalancerParams]{
	{"failonstatus", "", "Statuses of a response, separated by commas, that put the member in error.",
		func(p *BalancerParams, v string) error { return statusList(&p.FailOnStatus, v) }},
	{"failontimeout", "Off", "On puts a member in error that doesn't answer in time.",
		func(p *BalancerParams, v string) error { return onOff(&p.FailOnTimeout, v) }},
	{"forcerecovery", "On", "If all members are in error, use them all without waiting for retry.",
		func(p *BalancerParams, v string) error { return offOn(&p.NoForcedRecovery, v) }},
	{"growth", "0", "How many members may be added while running (1 to 100).",
		func(p *BalancerParams, v string) error { return number(&p.Growth, v, 1, 100) }},
	{"lbmethod", "byrequests", "How a member is chosen: byrequests, bytraffic or bybusyness.",
		func(p *BalancerParams, v string) error { return lbMethod(&p.LBMethod, v) }},
	{"mapping", "", "encoded or servlet: how a request's path is normalised before it is matched.",
		func(p *BalancerParams, v string) error { return mapping(&p.Mapping, v) }},
	{"maxattempts", "members - 1", "How often another member is tried.",
		func(p *BalancerParams, v string) error { return number(&p.MaxAttempts, v, 0, maxInt) }},
	{"nofailover", "Off", "On breaks a session whose member can't be used.",
		func(p *BalancerParams, v string) error { return onOff(&p.NoFailover, v) }},
	{"nonce", "made up", "Protects the balancer manager's forms; None turns that off.",
		func(p *BalancerParams, v string) error { return limited(&p.Nonce, v, maxNameLength) }},
	{"scolonpathdelim", "Off", "On lets a semicolon end a session id in the path.",
		func(p *BalancerParams, v string) error { return onOff(&p.ScolonPathDelim, v) }},
	{"stickysession", "", "Cookie, and name in the path, that carries session and route: NAME or COOKIE|PATH.",
		func(p *BalancerParams, v string) error { return stickySession(p, v) }},
	{"stickysessionsep", ".", "Character between session id and route in the cookie; Off: none.",
		func(p *BalancerParams, v string) error { return stickySep(&p.StickySep, v) }},
	{"timeout", "0", "Longest wait for a usable member (seconds).",
		func(p *BalancerParams, v string) error { return seconds(&p.Timeout, v, 1) }},
}

func lbMethod(p *string, v string) error {
	switch v {
	case "byrequests", "bytraffic", "bybusyness":
		*p = v
		return nil
	case "heartbeat":
		return fmt.Errorf("lbmethod heartbeat is not supported: use byrequests, bytraffic or bybusyness")
	}
	return fmt.Errorf("unknown lbmethod %q: expected byrequests, bytraffic or bybusyness", v)
}

func stickySession(p *BalancerParams, v string) error {
	cookie, path, both := strings.Cut(v, "|")
	if !both {
		path = cookie
	}
	p.StickySession, p.StickyPath = cookie, path
	return nil
}

func stickySep(p *byte, v string) error {
	switch {
	case strings.EqualFold(v, "off"):
		*p = 0
	case len(v) == 1:
		*p = v[0]
	default:
		return fmt.Errorf("%q: expected a single character or Off", v)
	}
	return nil
}

func statusList(p *[]int, v string) error {
	var list []int
	for part := range strings.SplitSeq(v, ",") {
		if part = strings.TrimSpace(part); part == "" {
			continue
		}
		n, err := strconv.Atoi(part)
		if err != nil || n < 100 || n > 599 {
			return fmt.Errorf("%q: expected HTTP statuses separated by commas, 100 to 599", v)
		}
		list = append(list, n)
	}
	*p = list
	return nil
}
