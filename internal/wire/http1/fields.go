package http1

import "strings"

// fieldRules say how much of RFC 9112 §5 a sender may get wrong.
type fieldRules struct {
	fold       bool // obs-fold becomes a space (§5.2)
	spaceColon bool // whitespace before the colon is removed (§5.1)
	controls   bool // control characters but NUL and CR in values
}

// parseFields appends the field lines of s, which ends with an empty line or at its end.
func parseFields(fields []Field, s string, rules fieldRules) ([]Field, error) {
	first := len(fields)
	for s != "" {
		line, rest, _ := strings.Cut(s, "\n")
		line = strings.TrimSuffix(line, "\r")
		s = rest
		if line == "" {
			break
		}
		if line[0] == ' ' || line[0] == '\t' {
			if !rules.fold || len(fields) == first {
				return fields, bad("folded field line")
			}
			if !rules.value(line) {
				return fields, bad("control character in a field value")
			}
			f := &fields[len(fields)-1]
			f.Value = trimOWS(f.Value + " " + trimOWS(line))
			continue
		}
		f, err := rules.parseField(line)
		if err != nil {
			return fields, err
		}
		fields = append(fields, f)
	}
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
