package conf

import "strings"

// Nearest gives the known name that name was most likely meant to be, without
// regard to case, or "" when none is near enough to suggest.
func Nearest(name string, known []string) string {
	name = strings.ToLower(name)
	best, bound := "", len(name)/3+1
	for _, k := range known {
		if d := distance(name, strings.ToLower(k), bound); d < bound || d == bound && best == "" {
			best, bound = k, d
		}
	}
	return best
}

// distance counts the insertions, deletions, replacements and swaps of
// neighbours between a and b (optimal string alignment); anything over bound
// is reported as bound+1.
func distance(a, b string, bound int) int {
	if len(a)-len(b) > bound || len(b)-len(a) > bound {
		return bound + 1
	}
	var older []int
	prev := make([]int, len(b)+1)
	for j := range prev {
		prev[j] = j
	}
	for i := 1; i <= len(a); i++ {
		row := make([]int, len(b)+1)
		row[0] = i
		for j := 1; j <= len(b); j++ {
			cost := 1
			if a[i-1] == b[j-1] {
				cost = 0
			}
			row[j] = min(prev[j]+1, row[j-1]+1, prev[j-1]+cost)
			if i > 1 && j > 1 && a[i-1] == b[j-2] && a[i-2] == b[j-1] {
				row[j] = min(row[j], older[j-2]+1)
			}
		}
		older, prev = prev, row
	}
	return min(prev[len(b)], bound+1)
}
