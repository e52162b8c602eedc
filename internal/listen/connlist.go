package listen

// connList is made of the connections themselves, each of which is in it at most once.
type connList struct {
	first *conn
	n     int
}

func (l *connList) add(c *conn) {
	l.n++
	if c.next = l.first; c.next != nil {
		c.next.prev = c
	}
	l.first = c
}

// remove takes out c, if it is there.
func (l *connList) remove(c *conn) {
	switch {
	case c.prev != nil:
		c.prev.next = c.next
	case l.first == c:
		l.first = c.next
	default:
		return
	}
	if l.n--; c.next != nil {
		c.next.prev = c.prev
	}
	c.next, c.prev = nil, nil
}
