package expr

// GlobFlags changes how Glob matches.
type GlobFlags int

const (
	PathName GlobFlags = 1 << iota // wildcards do not match a slash
	FoldCase                       // ASCII letters match in either case
)

// Glob matches all of s against a shell wildcard pattern as apr_fnmatch does:
// *, ?, [a-z], [!a-z] or [^a-z], and a backslash before an ordinary character.
func Glob(pattern, s string, flags GlobFlags) bool {
	p, i := 0, 0
	// Where to go on if the latest star must take one character more. An
	// earlier star never needs another try.
	starP, starI := -1, 0
	for {
		switch {
		case p < len(pattern) && pattern[p] == '*':
			p++
			starP, starI = p, i
			continue
		case p == len(pattern) && i == len(s):
			return true
		case p < len(pattern) && i < len(s):
			if size, ok := globChar(pattern[p:], s[i], flags); ok {
				p += size
				i++
				continue
			}
		}
		if starP < 0 || starI == len(s) || flags&PathName != 0 && s[starI] == '/' {
			return false
		}
		starI++
		p, i = starP, starI
	}
}

// globChar matches one character and returns how much of the pattern that took.
func globChar(pattern string, c byte, flags GlobFlags) (size int, ok bool) {
	slash := flags&PathName != 0 && c == '/'
	switch pattern[0] {
	case '?':
		return 1, !slash
	case '[':
		if size, ok := globClass(pattern, c, flags); size > 0 {
			return size, ok && !slash
		}
	case '\\':
		if len(pattern) > 1 {
			return 2, fold(pattern[1], flags) == fold(c, flags)
		}
	}
	return 1, fold(pattern[0], flags) == fold(c, flags)
}

// globClass matches a bracket class; one that is not closed has size 0 and
// its bracket is an ordinary character.
func globClass(pattern string, c byte, flags GlobFlags) (size int, ok bool) {
	i := 1
	negated := i < len(pattern) && (pattern[i] == '!' || pattern[i] == '^')
	if negated {
		i++
	}
	for first := true; i < len(pattern); first = false {
		if pattern[i] == ']' && !first {
			return i + 1, ok != negated
		}
		low, next := classChar(pattern, i)
		high := low
		if next+1 < len(pattern) && pattern[next] == '-' && pattern[next+1] != ']' {
			high, next = classChar(pattern, next+1)
		}
		if flags&PathName != 0 && (low == '/' || high == '/') {
			return 0, false
		}
		if low <= c && c <= high || fold(low, flags) <= fold(c, flags) && fold(c, flags) <= fold(high, flags) {
			ok = true
		}
		i = next
	}
	return 0, false
}

// classChar reads the character at i, which a backslash may precede.
func classChar(pattern string, i int) (c byte, next int) {
	if pattern[i] == '\\' && i+1 < len(pattern) {
		i++
	}
	return pattern[i], i + 1
}

func fold(c byte, flags GlobFlags) byte {
	if flags&FoldCase != 0 && c >= 'A' && c <= 'Z' {
		return c + 'a' - 'A'
	}
	return c
}
