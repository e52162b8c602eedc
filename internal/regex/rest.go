package regex

import "unicode/utf8"

// Rest is what remains of a text in which matches are looked for one behind the other. The text is widened once.
type Rest struct {
	re    *Regex
	text  string
	wide  string // for the linear engine
	runes []rune // for the other
}

// Rest returns all of s, as a rest.
func (re *Regex) Rest(s string) *Rest {
	if re.linear != nil {
		return &Rest{re: re, text: s, wide: widen(s)}
	}
	return &Rest{re: re, text: s, runes: runesOf(s)}
}

// String is the text that remains.
func (r *Rest) String() string { return r.text }

// Match is as the Regex's Match of the text that remains.
func (r *Rest) Match() (Match, error) {
	if r.re.linear != nil {
		return r.re.matchLinear(r.text, r.wide), nil
	}
	return r.re.matchBack(r.text, r.runes)
}

// Skip removes the first n bytes.
func (r *Rest) Skip(n int) {
	if r.re.linear == nil {
		r.runes = r.runes[n:]
	} else {
		wide := n
		if len(r.wide) != len(r.text) {
			for i := range n {
				wide += utf8.RuneLen(widenByte(r.text[i])) - 1
			}
		}
		r.wide = r.wide[wide:]
	}
	r.text = r.text[n:]
}
