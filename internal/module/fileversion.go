package module

import (
	"os"
	"time"
)

// FileVersion is what a stat told of a file when it was read; the zero value is a file that was not.
type FileVersion struct {
	info os.FileInfo
	read time.Time
}

// settled is how old a file must be before unchanged times mean an unchanged file: some filesystems count in seconds.
const settled = 2 * time.Second

// VersionOf comes before the file is read: what changes meanwhile is read again.
func VersionOf(f *os.File) (FileVersion, error) {
	now := time.Now()
	info, err := f.Stat()
	return FileVersion{info, now}, err
}

// Holds says whether a file is still as it was read. The time of its status is compared too: programs that copy set the other
// one as they like.
func (v FileVersion) Holds(info os.FileInfo) bool {
	if v.info == nil || !os.SameFile(v.info, info) || v.info.Size() != info.Size() || !v.info.ModTime().Equal(info.ModTime()) {
		return false
	}
	changed := statusChanged(info)
	return statusChanged(v.info).Equal(changed) && v.read.Sub(info.ModTime()) > settled && v.read.Sub(changed) > settled
}
