package upstream

// Preview is the head that Exchange would send for a request without a body; nothing is sent. The error is what Exchange
// would say of the request and the worker's settings alone.
func (h HTTP) Preview(w *Worker, req *Request) (string, error) {
	var m message
	defer m.closeSpool()
	preview := *req
	if err := m.build(w, &preview); err != nil {
		return "", err
	}
	if u := w.target(req); u.TLS() && w.TLS == nil {
		return "", noTLS(w, u)
	}
	return string(m.bytes), nil
}
