package http1

const (
	ones  = 0x0101010101010101
	highs = 0x80 * ones
)

// EqualFold is ASCII's; strings.EqualFold also folds the Kelvin sign into k.
func EqualFold(a, b string) bool { return len(a) == len(b) && (a == b || fold(a, b)) }

// fold compares strings of the same length.
func fold(a, b string) bool {
	if len(a) < 8 || len(b) < 8 {
		for i := 0; i < len(a) && i < len(b); i++ {
			x, y := a[i], b[i]
			if x != y && (x|0x20 != y|0x20 || x|0x20 < 'a' || x|0x20 > 'z') {
				return false
			}
		}
		return true
	}
	for i := 8; i < len(a); i += 8 {
		if !foldWord(word(a[i-8:]), word(b[i-8:])) {
			return false
		}
	}
	return foldWord(word(a[len(a)-8:]), word(b[len(b)-8:]))
}

// foldWord compares eight letters at a time: those that differ do so in 0x20 alone, and are letters.
func foldWord(x, y uint64) bool {
	differ := x ^ y
	if differ&^(0x20*ones) != 0 {
		return false
	}
	low := (x | 0x20*ones) &^ highs
	letter := (low + (0x80-'a')*ones) &^ (low + (0x7f-'z')*ones) &^ x
	return differ<<2&^letter == 0
}

// word are the first eight bytes of s.
func word[T string | []byte](s T) uint64 {
	_ = s[7]
	return uint64(s[0]) | uint64(s[1])<<8 | uint64(s[2])<<16 | uint64(s[3])<<24 |
		uint64(s[4])<<32 | uint64(s[5])<<40 | uint64(s[6])<<48 | uint64(s[7])<<56
}
