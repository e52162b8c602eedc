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
type fieldLine struct{ start, colonEnd, value, end uint32 }

// manyLines are room for the lines of most heads.
type manyLines [32]fieldLine

// plainLines goes past the lines from start on that are plain, their CRLF included, and within the limits. Plain is what has a
// colon, and no control characters but TAB behind that; the name is not looked at.
func (l *Limits) plainLines(lines []fieldLine, data []byte, start int) ([]fieldLine, int) {
	for l.Fields == 0 || len(lines) < l.Fields {
		colon := start + colonEnd(data[start:])
		if colon == start {
			break
		}
		value := colon
		for value < len(data) && isOWS(data[value]) {
			value++
		}
		end := value + valueEnd(data[value:])
		if end+1 >= len(data) || data[end] != '\r' || data[end+1] != '\n' || end-start > l.FieldSize && l.FieldSize > 0 || end >= maxHead {
			break
		}
		next := end + len("\r\n")
		for end > value && isOWS(data[end-1]) {
			end--
		}
		lines = append(lines, fieldLine{uint32(start), uint32(colon), uint32(value), uint32(end)})
		start = next
	}
	return lines, start
}

// colonEnd is the length of what s begins with up to and including a colon; 0 if there is none before a control character.
func colonEnd(s []byte) int {
	i := 0
	for rest := s; len(rest) > 8; rest = rest[8:] {
		if found := colons(word(rest)); found != 0 {
			i += bits.TrailingZeros64(found) / 8
			break
		}
		i += 8
	}
	for ; i < len(s); i++ {
		if s[i] == ':' {
			return i + 1
		}
		if s[i] < ' ' {
			break
		}
	}
	return 0
}

// parseFields appends the fields of head that stand in lines.
func parseFields(fields []Field, head string, lines []fieldLine, rules fieldRules) ([]Field, error) {
	first := len(fields)
	for i := range lines {
		l := &lines[i]
		if l.colonEnd > 0 {
			if name, id := token(head[l.start : l.colonEnd-1]); id != unknown {
				fields = append(fields, Field{name, head[l.value:l.end], id})
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

// token is name, in memory that all messages share if it is written as a common one, and its number: unknown if it is no token.
func token(name string) (string, ID) {
	if len(name) >= 2 {
		id := commonAt[commonHash(name)]
		known := common[id]
		if known == name {
			return known, id
		}
		if EqualFold(known, name) {
			return name, id
		}
	}
	if IsToken(name) {
		return name, Uncommon
	}
	return name, unknown
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
	return Field{name, value, NameID(name)}, nil
}

func (rules fieldRules) value(s string) bool {
	return IsValue(s) || rules.controls && strings.IndexByte(s, 0) < 0 && strings.IndexByte(s, '\r') < 0
}
