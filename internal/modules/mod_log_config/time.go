package logconfig

import (
	"strconv"
	"strings"
	"sync/atomic"
	"time"

	"transom/internal/module"
)

// clf is the time of the common log format; it is made once a second.
const clf = "[02/Jan/2006:15:04:05 -0700]"

type stamp struct {
	second int64
	text   string
}

var lastStamp atomic.Pointer[stamp]

// logTime is %t: when the request was received, or with "end:" when it is logged; in the common form, as a number of
// seconds and fractions of it, or by a strftime format.
func logTime(b []byte, r *module.Request, arg string) []byte {
	at := r.Conn.Received
	if arg == "" {
		return commonTime(b, at)
	}
	switch when, rest, _ := strings.Cut(arg, ":"); when {
	case "end":
		at, arg = time.Now(), rest
	case "begin":
		arg = rest
	}
	switch arg {
	case "":
		return commonTime(b, at)
	case "sec":
		return strconv.AppendInt(b, at.Unix(), 10)
	case "msec":
		return strconv.AppendInt(b, at.UnixMilli(), 10)
	case "usec":
		return strconv.AppendInt(b, at.UnixMicro(), 10)
	case "msec_frac":
		return pad(b, at.Nanosecond()/1e6, 3)
	case "usec_frac":
		return pad(b, at.Nanosecond()/1e3, 6)
	}
	return strftime(b, arg, at)
}

func commonTime(b []byte, at time.Time) []byte {
	s := lastStamp.Load()
	if s == nil || s.second != at.Unix() {
		s = &stamp{at.Unix(), at.Format(clf)}
		lastStamp.Store(s)
	}
	return append(b, s.text...)
}

func pad(b []byte, n, width int) []byte {
	s := strconv.Itoa(n)
	for i := len(s); i < width; i++ {
		b = append(b, '0')
	}
	return append(b, s...)
}

// layouts are strftime's letters as Go layouts.
var layouts = map[byte]string{
	'a': "Mon", 'A': "Monday", 'b': "Jan", 'B': "January", 'c': "Mon Jan _2 15:04:05 2006", 'd': "02", 'D': "01/02/06", 'e': "_2", 'F': "2006-01-02",
	'h': "Jan", 'H': "15", 'I': "03", 'j': "002", 'm': "01", 'M': "04", 'p': "PM", 'r': "03:04:05 PM", 'R': "15:04", 'S': "05", 'T': "15:04:05",
	'x': "01/02/06", 'X': "15:04:05", 'y': "06", 'Y': "2006", 'z': "-0700", 'Z': "MST",
}

func strftime(b []byte, format string, at time.Time) []byte {
	for i := 0; i < len(format); i++ {
		if format[i] != '%' || i+1 == len(format) {
			b = append(b, format[i])
			continue
		}
		i++
		switch c := format[i]; c {
		case '%':
			b = append(b, '%')
		case 'n':
			b = append(b, '\n')
		case 't':
			b = append(b, '\t')
		case 's':
			b = strconv.AppendInt(b, at.Unix(), 10)
		case 'u':
			b = strconv.AppendInt(b, int64((at.Weekday()+6)%7+1), 10)
		case 'w':
			b = strconv.AppendInt(b, int64(at.Weekday()), 10)
		case 'C':
			b = pad(b, at.Year()/100, 2)
		case 'G':
			y, _ := at.ISOWeek()
			b = strconv.AppendInt(b, int64(y), 10)
		case 'V':
			_, w := at.ISOWeek()
			b = pad(b, w, 2)
		case 'k':
			b = strconv.AppendInt(b, int64(at.Hour()), 10)
		default:
			if l, ok := layouts[c]; ok {
				b = at.AppendFormat(b, l)
			} else {
				b = append(b, '%', c)
			}
		}
	}
	return b
}
