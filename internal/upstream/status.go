package upstream

import "fmt"

// Status is a set of a worker's states, as in status= and in the balancer manager.
type Status uint32

const (
	Disabled     Status = 1 << iota // D: takes no requests
	Stopped                         // S: stopped by the administrator; never retried
	IgnoreErrors                    // I: always considered available
	HotSpare                        // R: replaces an unusable member of its lbset
	Standby                         // H: used when no other member is left
	InError                         // E: failed; retried after retry seconds
	Draining                        // N: takes only sessions that are already its own
	CheckFailed                     // C: health checks failed
)

const unusable = Disabled | Stopped | InError | CheckFailed

var statusLetters = []struct {
	letter byte
	bit    Status
	name   string // as shown by mod_status
}{
	{'D', Disabled, "Dis "}, {'S', Stopped, "Stop "}, {'I', IgnoreErrors, "Ign "}, {'N', Draining, "Drn "},
	{'R', HotSpare, "Spar "}, {'H', Standby, "Stby "}, {'E', InError, "Err "}, {'C', CheckFailed, "HcFl "},
}

// String lists the states as server-status does: "Init Ok ", "Init Err ".
func (s Status) String() string {
	text := "Init "
	for _, l := range statusLetters {
		if s&l.bit != 0 {
			text += l.name
		}
	}
	if s.Usable() {
		text += "Ok "
	}
	return text
}

// Usable says whether requests may be sent.
func (s Status) Usable() bool { return s&unusable == 0 }

// parseStatus reads status=: letters, each after an optional + or -, which holds until the next sign.
func parseStatus(text string) (set, clear Status, err error) {
	on := true
	for i := 0; i < len(text); i++ {
		switch c := text[i]; c {
		case '+':
			on = true
		case '-':
			on = false
		default:
			bit := statusBit(c)
			if bit == 0 {
				return 0, 0, fmt.Errorf("unknown status %q: expected letters of D S I R H E N C, with + or -", c)
			}
			if on {
				set, clear = set|bit, clear&^bit
			} else {
				set, clear = set&^bit, clear|bit
			}
		}
	}
	return set, clear, nil
}

func statusBit(c byte) Status {
	if c >= 'a' && c <= 'z' {
		c -= 'a' - 'A'
	}
	for _, l := range statusLetters {
		if l.letter == c {
			return l.bit
		}
	}
	return 0
}
