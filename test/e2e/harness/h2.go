package harness

import (
	"bufio"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptrace"
	"net/textproto"
)

// http2Client makes a connection on which the script speaks HTTP/1.1 one that the server sees speak HTTP/2, one stream after
// the other. It owns t, which ends with the connection that it returns.
func http2Client(t *tls.Conn) (net.Conn, error) {
	if p := t.ConnectionState().NegotiatedProtocol; p != "h2" {
		return nil, fmt.Errorf("the server did not agree to h2, but to %q", p)
	}
	tr := &http.Transport{DisableCompression: true, ForceAttemptHTTP2: true,
		DialTLSContext: func(context.Context, string, string) (net.Conn, error) { return t, nil }}
	h2, err := tr.NewClientConn(context.Background(), "https", t.RemoteAddr().String())
	if err != nil {
		return nil, err
	}
	script, client := net.Pipe()
	go func() {
		// Whatever failed, the script sees its connection end.
		translate(client, h2)
		client.Close()
		h2.Close()
	}()
	return script, nil
}

// translate carries requests out until one fails or the script ends the connection.
func translate(client net.Conn, h2 *http.ClientConn) error {
	r := bufio.NewReader(client)
	for {
		req, err := http.ReadRequest(r)
		if err != nil {
			return err
		}
		req.RequestURI, req.URL.Scheme, req.URL.Host = "", "https", req.Host
		trace := &httptrace.ClientTrace{Got1xxResponse: func(status int, h textproto.MIMEHeader) error {
			return writeHead(client, status, http.Header(h))
		}}
		resp, err := h2.RoundTrip(req.WithContext(httptrace.WithClientTrace(context.Background(), trace)))
		if err != nil {
			return err
		}
		err = writeResponse(client, resp)
		resp.Body.Close()
		if err != nil {
			return err
		}
		io.Copy(io.Discard, req.Body)
	}
}

func writeHead(w io.Writer, status int, h http.Header) error {
	_, err := fmt.Fprintf(w, "HTTP/1.1 %d %s\r\n", status, http.StatusText(status))
	return errors.Join(err, h.Write(w), writeEnd(w))
}

func writeEnd(w io.Writer) error {
	_, err := io.WriteString(w, "\r\n")
	return err
}

// writeResponse writes each part of the body when it comes.
func writeResponse(w io.Writer, resp *http.Response) error {
	hasBody := resp.Request.Method != "HEAD" && resp.StatusCode != 204 && resp.StatusCode != 304
	chunked := hasBody && resp.ContentLength < 0
	if chunked {
		resp.Header.Set("Transfer-Encoding", "chunked")
	}
	if err := writeHead(w, resp.StatusCode, resp.Header); err != nil {
		return err
	}
	buf := make([]byte, 32<<10)
	for {
		n, err := resp.Body.Read(buf)
		if n > 0 && chunked {
			fmt.Fprintf(w, "%x\r\n%s\r\n", n, buf[:n])
		} else if n > 0 {
			w.Write(buf[:n])
		}
		if err == io.EOF {
			break
		}
		if err != nil {
			return err
		}
	}
	if !chunked {
		return nil
	}
	_, err := io.WriteString(w, "0\r\n")
	return errors.Join(err, resp.Trailer.Write(w), writeEnd(w))
}
