package conf

import "strings"

// Word takes the first word off raw by the rules of ap_getword_conf: a word
// that begins with ' or " ends at the same quote, or at the end of the line
// when that is missing; a backslash keeps its meaning before anything but a
// backslash or the quote in force. rest is trimmed on the left.
func Word(raw string) (first, rest string) {
	raw = trimLeft(raw)
	if raw == "" {
		return "", ""
	}
	quote := raw[0]
	if quote != '"' && quote != '\'' {
		end := strings.IndexFunc(raw, isSpaceRune)
		if end < 0 {
			end = len(raw)
		}
		return unescape(raw[:end], 0), trimLeft(raw[end:])
	}
	end := 1
	for end < len(raw) && raw[end] != quote {
		if raw[end] == '\\' && end+1 < len(raw) && (raw[end+1] == quote || raw[end+1] == '\\') {
			end++
		}
		end++
	}
	first = unescape(raw[1:end], quote)
	if end < len(raw) {
		end++
	}
	return first, trimLeft(raw[end:])
}

// Words splits raw into all its words. An empty pair of quotes is a word.
func Words(raw string) []string {
	var words []string
	for rest := trimLeft(raw); rest != ""; {
		var w string
		w, rest = Word(rest)
		words = append(words, w)
	}
	return words
}

// unescape drops the backslash before a backslash and before the quote in
// force; quote is 0 in a bare word.
func unescape(s string, quote byte) string {
	if strings.IndexByte(s, '\\') < 0 {
		return s
	}
	out := make([]byte, 0, len(s))
	for i := 0; i < len(s); i++ {
		if s[i] == '\\' && i+1 < len(s) && (s[i+1] == '\\' || quote != 0 && s[i+1] == quote) {
			i++
		}
		out = append(out, s[i])
	}
	return string(out)
}

// isSpaceRune is C's isspace: no other blank of Unicode separates words.
func isSpaceRune(r rune) bool {
	return r == ' ' || '\t' <= r && r <= '\r'
}

func trim(s string) string     { return strings.TrimFunc(s, isSpaceRune) }
func trimLeft(s string) string { return strings.TrimLeftFunc(s, isSpaceRune) }
