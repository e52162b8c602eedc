package listen

func resting(r *rig) int {
	r.resting.mu.Lock()
	defer r.resting.mu.Unlock()
	return len(r.resting.conns)
}
