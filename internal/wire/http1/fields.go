package http1

import (
	"math/bits"
	"strings"
)

// fieldRules say how much of RFC 9112 §5 a sender may get wrong.
type fieldRules struct {
	fold       bool // obs-fold becomes a space (§5.2)
	spaceColon bool // whitespace before the colon is removed (§5.1)
	controls   bool // control characters but NUL and CR in values
}

// fieldLine holds offsets into the head, so that the head can be copied once and later. Only a plain line has a colon, and its
// value.
type fieldLine struct{ start, colon, value, end uint32 }

// manyLines are room for the lines of most heads.
type manyLines [32]fieldLine

// plainLines goes past the lines from start on that are plain and within the limits.
func (l *Limits) plainLines(lines []fieldLine, data []byte, start int) ([]fieldLine, int) {
	for {
		line, size := plainLine(data[start:])
		if size == 0 || l.checkLine(1+len(lines), size-len("\r\n"), start+size-1) != nil {
			return lines, start
		}
		from := uint32(start)
		lines = append(lines, fieldLine{from, from + line.colon, from + line.value, from + line.end})
		start += size
	}
}

// plainLine takes the field line that s begins with, and its CRLF, if it has a colon, and no control characters but TAB behind
// that. Else the size is 0. The name is not looked at.
func plainLine(s []byte) (l fieldLine, size int) {
	at := 0
	for rest := s; len(rest) > 8; rest = rest[8:] {
		if found := colons(word(rest)); found != 0 {
			at += bits.TrailingZeros64(found) / 8
			break
		}
		at += 8
	}
	for at < len(s) && s[at] >= ' ' && s[at] != ':' {
		at++
	}
	if at == 0 || at == len(s) || s[at] != ':' {
		return l, 0
	}
	l.colon = uint32(at)
	for at++; at < len(s) && isOWS(s[at]); at++ {
	}
	value := at
	at += valueEnd(s[at:])
	if at+1 >= len(s) || s[at] != '\r' || s[at+1] != '\n' {
		return l, 0
	}
	size = at + len("\r\n")
	for at > value && isOWS(s[at-1]) {
		at--
	}
	l.value, l.end = uint32(value), uint32(at)
	return l, size
}

// parseFields appends the fields of head that stand in lines.
func parseFields(fields []Field, head string, lines []fieldLine, rules fieldRules) ([]Field, error) {
	first := len(fields)
	for i := range lines {
		l := &lines[i]
		if l.colon > 0 {
			if name := knownToken(head[l.start:l.colon]); name != "" {
				fields = append(fields, Field{name, head[l.value:l.end]})
				continue
			}
		}
		var err error
		if fields, err = rules.parseLine(fields, first, head[l.start:l.end]); err != nil {
			return fields, err
		}
	}
	return fields, nil
}

// knownToken is name, in memory that all messages share if it is a common one, or "" if it is no token.
func knownToken(name string) string {
	if known := commonName(name); known == name {
		return known
	}
	if IsToken(name) {
		return name
	}
	return ""
}

// parseLine appends a field, or what a folded line adds to the last one. The first of the message's has that index.
func (rules fieldRules) parseLine(fields []Field, first int, line string) ([]Field, error) {
	if !isOWS(line[0]) {
		f, err := rules.parseField(line)
		if err == nil {
			fields = append(fields, f)
		}
		return fields, err
	}
	if !rules.fold || len(fields) == first {
		return fields, bad("folded field line")
	}
	if !rules.value(line) {
		return fields, bad("control character in a field value")
	}
	f := &fields[len(fields)-1]
	f.Value = trimOWS(f.Value + " " + trimOWS(line))
	return fields, nil
}

func (rules fieldRules) parseField(line string) (Field, error) {
	colon := 0
	for colon < len(line) && class[line[colon]]&tokenChar != 0 {
		colon++
	}
	name := line[:colon]
	if rules.spaceColon {
		for colon < len(line) && (line[colon] == ' ' || line[colon] == '\t') {
			colon++
		}
	}
	switch {
	case colon == len(line):
		return Field{}, bad("field line without a colon")
	case line[colon] != ':':
		return Field{}, bad("invalid character in a field name")
	case name == "":
		return Field{}, bad("empty field name")
	}
	value := trimOWS(line[colon+1:])
	if !rules.value(value) {
		return Field{}, bad("control character in a field value")
	}
	return Field{name, value}, nil
}

func (rules fieldRules) value(s string) bool {
	return IsValue(s) || rules.controls && strings.IndexByte(s, 0) < 0 && strings.IndexByte(s, '\r') < 0
}
