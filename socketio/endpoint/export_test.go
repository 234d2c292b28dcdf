package endpoint

// Pending returns how many acknowledgements are pending.
func (a *Acks) Pending() int {
	a.mu.Lock()
	defer a.mu.Unlock()
	return len(a.pending)
}

// Empty reports whether no handler is left.
func (h *Handlers) Empty() bool { return h.table.Load() == nil }
