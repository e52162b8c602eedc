package http1

// Eight bytes at a time, the first one lowest. What looks for bytes of a kind answers with the high bit of each.
const (
	ones  = 0x0101010101010101
	highs = 0x80 * ones
)

// word are the first eight bytes of s.
func word[T string | []byte](s T) uint64 {
	_ = s[7]
	return uint64(s[0]) | uint64(s[1])<<8 | uint64(s[2])<<16 | uint64(s[3])<<24 |
		uint64(s[4])<<32 | uint64(s[5])<<40 | uint64(s[6])<<48 | uint64(s[7])<<56
}

// letters finds A to Z and a to z.
func letters(x uint64) uint64 {
	low := (x | 0x20*ones) &^ highs
	return (low + (0x80-'a')*ones) &^ (low + (0x7f-'z')*ones) &^ x & highs
}

// hyphens finds "-". What it says of bytes behind one that isn't ASCII is of no use.
func hyphens(x uint64) uint64 { return ^(x ^ '-'*ones + 0x7f*ones) &^ x & highs }

// controls finds bytes below SP, and DEL. What it says of bytes behind the first one found is of no use.
func controls(x uint64) uint64 {
	below, del := x-' '*ones, (x^0x7f*ones)-ones
	return (below | del) &^ x & highs
}

// colons finds ":" and controls but DEL. What it says of bytes behind the first one found is of no use.
func colons(x uint64) uint64 {
	colon, below := (x^':'*ones)-ones, x-' '*ones
	return (colon | below) &^ x & highs
}

// unusual has a high bit if there are controls or bytes that aren't ASCII, and is cheaper. Its other bits mean nothing.
func unusual(x uint64) uint64 { return x | (x - ' '*ones) | (x + ones) }

// foldWord compares in any case: bytes that differ do so in 0x20 alone, and are letters.
func foldWord(x, y uint64) bool {
	differ := x ^ y
	return differ&^(0x20*ones) == 0 && differ<<2&^letters(x) == 0
}
