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

// plainFields appends the field lines that text begins with and that are plain, and returns what follows. Plain is a line within
// the limits that ends with CRLF and has nothing in it that any rule is about: its name is a token, and there are no control
// characters but TAB in its value.
func (l *Limits) plainFields(fields []Field, text string) ([]Field, string) {
	for l.Fields == 0 || len(fields) < l.Fields {
		colon := colonEnd(text)
		if colon == 0 {
			break
		}
		name, id := token(text[:colon-1])
		if id == unknown {
			break
		}
		value := text[colon:]
		for value != "" && isOWS(value[0]) {
			value = value[1:]
		}
		end := valueEnd(value)
		size := len(text) - len(value) + end
		if end+1 >= len(value) || value[end] != '\r' || value[end+1] != '\n' || size > l.FieldSize && l.FieldSize > 0 {
			break
		}
		text = value[end+len("\r\n"):]
		for end > 0 && isOWS(value[end-1]) {
			end--
		}
		fields = append(fields, Field{name, value[:end], id})
	}
	return fields, text
}

// colonEnd is the length of what s begins with up to and including a colon; 0 if there is none before a control character.
func colonEnd(s string) int {
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

// appendFields appends the field lines of text, which are within the limits.
func (rules fieldRules) appendFields(fields []Field, text string) ([]Field, error) {
	for {
		fields, text = new(Limits).plainFields(fields, text)
		line, rest, _ := cutByte(text, '\n')
		if line = strings.TrimSuffix(line, "\r"); line == "" {
			return fields, nil
		}
		var err error
		if fields, err = rules.parseLine(fields, line); err != nil {
			return fields, err
		}
		text = rest
	}
}

// token is name, in memory that all messages share if it is a common one and written as usual, and its number: unknown if it is no token.
func token(name string) (string, ID) {
	if len(name) >= 2 {
		id := commonAt[commonHash(name)]
		usual := spelled[id]
		if usual == name {
			return usual, id
		}
		if EqualFold(usual, name) {
			return name, id
		}
	}
	if IsToken(name) {
		return name, Uncommon
	}
	return name, unknown
}

// parseLine appends a field, or what a folded line adds to the last one.
func (rules fieldRules) parseLine(fields []Field, line string) ([]Field, error) {
	if !isOWS(line[0]) {
		f, err := rules.parseField(line)
		if err == nil {
			fields = append(fields, f)
		}
		return fields, err
	}
	if !rules.fold || len(fields) == 0 {
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
