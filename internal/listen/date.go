package listen

import (
	"net/http"
	"sync/atomic"
	"time"
)

// dateClock writes the Date field once a second.
type dateClock struct{ last atomic.Pointer[dateText] }

type dateText struct {
	unix int64
	text string
}

func (d *dateClock) at(now time.Time) string {
	unix := now.Unix()
	if l := d.last.Load(); l != nil && l.unix == unix {
		return l.text
	}
	l := &dateText{unix, "Date: " + now.UTC().Format(http.TimeFormat) + "\r\n"}
	d.last.Store(l)
	return l.text
}
