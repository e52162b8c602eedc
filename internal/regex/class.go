package regex

import (
	"fmt"
	"strings"
	"unicode"
)

// byteSet is a set of subject characters, which are bytes.
type byteSet [4]uint64

func (s *byteSet) add(b byte)      { s[b>>6] |= 1 << (b & 63) }
func (s *byteSet) has(b byte) bool { return s[b>>6]&(1<<(b&63)) != 0 }

func (s *byteSet) addRange(low, high byte) {
	for b := int(low); b <= int(high); b++ {
		s.add(byte(b))
	}
}

func (s *byteSet) addSet(other byteSet) {
	for i := range s {
		s[i] |= other[i]
	}
}

func (s byteSet) not() byteSet {
	for i := range s {
		s[i] = ^s[i]
	}
	return s
}

func (s *byteSet) foldCase() {
	for c := byte('a'); c <= 'z'; c++ {
		if s.has(c) || s.has(c-32) {
			s.add(c)
			s.add(c - 32)
		}
	}
}

// setOf reads ranges written as pairs of bytes.
func setOf(pairs string) byteSet {
	var s byteSet
	for i := 0; i+1 < len(pairs); i += 2 {
		s.addRange(pairs[i], pairs[i+1])
	}
	return s
}

// text writes the set as a class, or as a literal if it has one member.
func (s byteSet) text() string {
	if s == (byteSet{}).not() {
		return `[\s\S]`
	}
	var ranges []string
	var single string
	for b := 0; b < 256; b++ {
		if !s.has(byte(b)) {
			continue
		}
		first := b
		// A range never crosses 0x7f: what lies between there and the
		// private-use characters must not take part in case folding.
		for b != 127 && b < 255 && s.has(byte(b+1)) {
			b++
		}
		single = charText(byte(first))
		if first == b {
			ranges = append(ranges, single)
			continue
		}
		ranges = append(ranges, single+"-"+charText(byte(b)))
		single = ""
	}
	switch {
	case len(ranges) == 0:
		return `[^\x00-\x7f` + charText(0x80) + "-" + charText(0xff) + "]"
	case len(ranges) == 1 && single != "":
		return single
	}
	return "[" + strings.Join(ranges, "") + "]"
}

func charText(b byte) string {
	r := widenByte(b)
	if b >= 0x80 || unicode.IsLetter(r) || unicode.IsDigit(r) {
		return string(r)
	}
	return fmt.Sprintf(`\x%02x`, b)
}

var (
	digits     = setOf("09")
	wordChars  = setOf("09AZ__az")
	spaces     = setOf("\t\r  ")
	horizontal = setOf("\t\t  \xa0\xa0")
	vertical   = setOf("\n\r\x85\x85")
)

// typeEscape returns the class that \d, \W and the like stand for.
func typeEscape(c byte) (byteSet, bool) {
	switch c {
	case 'd':
		return digits, true
	case 'D':
		return digits.not(), true
	case 'w':
		return wordChars, true
	case 'W':
		return wordChars.not(), true
	case 's':
		return spaces, true
	case 'S':
		return spaces.not(), true
	case 'h':
		return horizontal, true
	case 'H':
		return horizontal.not(), true
	case 'v':
		return vertical, true
	case 'V':
		return vertical.not(), true
	}
	return byteSet{}, false
}

// posixClass returns a class such as [:alpha:] in the C locale.
func posixClass(name string) (byteSet, bool) {
	switch name {
	case "alpha":
		return setOf("AZaz"), true
	case "lower":
		return setOf("az"), true
	case "upper":
		return setOf("AZ"), true
	case "alnum":
		return setOf("09AZaz"), true
	case "ascii":
		return setOf("\x00\x7f"), true
	case "blank":
		return setOf("\t\t  "), true
	case "cntrl":
		return setOf("\x00\x1f\x7f\x7f"), true
	case "digit":
		return digits, true
	case "graph":
		return setOf("!~"), true
	case "print":
		return setOf(" ~"), true
	case "punct":
		return setOf("!/:@[`{~"), true
	case "space":
		return spaces, true
	case "word":
		return wordChars, true
	case "xdigit":
		return setOf("09AFaf"), true
	}
	return byteSet{}, false
}

// propertyClass returns \p{name} for the characters below 256.
func propertyClass(name string) (byteSet, bool) {
	var in func(rune) bool
	if table, ok := unicode.Categories[name]; ok {
		in = func(r rune) bool { return unicode.Is(table, r) }
	} else if table, ok := unicode.Scripts[name]; ok {
		in = func(r rune) bool { return unicode.Is(table, r) }
	} else if name == "L&" {
		in = func(r rune) bool { return unicode.In(r, unicode.Lu, unicode.Ll, unicode.Lt) }
	} else if name == "Any" {
		in = func(r rune) bool { return true }
	} else {
		return byteSet{}, false
	}
	var s byteSet
	for b := 0; b < 256; b++ {
		if in(rune(b)) {
			s.add(byte(b))
		}
	}
	return s, true
}
