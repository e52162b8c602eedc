package status

import (
	"os"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// processorTime is what the process has used so far.
func processorTime() (user, system time.Duration) {
	var u syscall.Rusage
	if syscall.Getrusage(syscall.RUSAGE_SELF, &u) != nil {
		return 0, 0
	}
	return time.Duration(u.Utime.Nano()), time.Duration(u.Stime.Nano())
}

// loadAverage is Linux's, of 1, 5 and 15 minutes; other systems have no file to read it from.
func loadAverage() (load [3]float64, ok bool) {
	text, err := os.ReadFile("/proc/loadavg")
	if err != nil {
		return load, false
	}
	fields := strings.Fields(string(text))
	if len(fields) < len(load) {
		return load, false
	}
	for i := range load {
		if load[i], err = strconv.ParseFloat(fields[i], 64); err != nil {
			return load, false
		}
	}
	return load, true
}
