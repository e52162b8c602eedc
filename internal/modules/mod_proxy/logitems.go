package proxy

import (
	"strconv"

	"transom/internal/module"
	"transom/internal/tunnel"
)

// logItems are what LogFormat may say of a tunnel: %{messages-in}^tu, ...
var logItems = []module.LogItem{{
	Char: "^tu", Doc: "%{NAME}^tu of a tunnel that has ended: messages-in, messages-out, bytes-in, bytes-out, code, ended-by, id, opaque.",
	Format: func(*module.Request, string) string { return "" },
	AtEnd:  tunnelItem,
}}

func tunnelItem(t *tunnel.Result, name string) string {
	number := func(n int64) string { return strconv.FormatInt(n, 10) }
	switch name {
	case "messages-in":
		return number(t.FromClient.Messages)
	case "messages-out":
		return number(t.FromBackend.Messages)
	case "bytes-in":
		return number(t.FromClient.Bytes)
	case "bytes-out":
		return number(t.FromBackend.Bytes)
	case "code":
		if t.CloseCode == 0 {
			return ""
		}
		return number(int64(t.CloseCode))
	case "ended-by":
		return t.EndedBy.String()
	case "id":
		return strconv.FormatUint(t.ID, 10)
	case "opaque":
		return strconv.FormatBool(t.Opaque)
	}
	return ""
}
