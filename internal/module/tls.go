package module

import "crypto/tls"

// TLS holds what connections to a server are encrypted with: mod_ssl writes it once everything is read, the listener's
// settings read it. It is nobody's directive, so that no merge finds anything.
var TLS = &Slot[TLSSettings]{Merge: func(_, inner *TLSSettings) *TLSSettings { return inner }}

// TLSSettings has no Config where TLS is off.
type TLSSettings struct{ Config *tls.Config }
